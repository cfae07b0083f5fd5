"""Labels of groups of persons: the arm, or background with few values."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.namespaces import ARM

UNKNOWN = "not known"


def group_labels(inputs: AnalysisInputs, name: str) -> pl.Series | None:
    """Return each person's label as text, null where missing; None where nothing is called so.

    Whole numbers are written without decimals.
    """
    values = inputs.scores.of_persons(name)
    if values is None:
        return None
    if values.dtype.is_float() and (values.drop_nulls() % 1 == 0).all():
        values = values.cast(pl.Int64)
    return values.cast(pl.String).alias("label")


def sizes_left(labels: pl.Series, kept: Sequence[str]) -> dict[str, int]:
    """Return how many persons belong to none of the groups that are compared, by label.

    They stand beside the groups in tables: without them, their number would follow from the
    others, and nobody could see that it is small.
    """
    left = labels.filter(~labels.is_in(list(kept)).fill_null(value=False)).fill_null(UNKNOWN)
    return dict(left.value_counts(name="n").sort(left.name).iter_rows())


def names_of_groups(inputs: AnalysisInputs) -> list[str]:
    """Names that groups may have in a study file."""
    arms = [ARM] if inputs.scores.of_persons(ARM) is not None else []
    return [*arms, *inputs.study.plan.background]
