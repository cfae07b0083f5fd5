"""Labels of groups of persons: the arm, or background with few values."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.namespaces import ARM


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


def names_of_groups(inputs: AnalysisInputs) -> list[str]:
    """Names that groups may have in a study file."""
    arms = [ARM] if inputs.scores.of_persons(ARM) is not None else []
    return [*arms, *inputs.study.plan.background]
