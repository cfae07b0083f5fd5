"""Labels of groups of persons: the arm, or background with few values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.namespaces import ARM
from salutogen.page.audience import Audience

UNKNOWN = "not known"
OF_FEW = "groups of few persons"


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


def sizes_left(labels: pl.Series, kept: Sequence[str], audience: Audience) -> dict[str, int]:
    """Return how many persons belong to none of the groups that are compared, by label.

    They stand beside the groups in tables: without them, their number would follow from the
    others, and nobody could see that it is small. Groups whose persons are hidden have no name.
    """
    left = labels.filter(~labels.is_in(list(kept)).fill_null(value=False)).fill_null(UNKNOWN)
    found: dict[str, int] = {}
    for label, n in left.value_counts(name="n").sort(left.name).iter_rows():
        name = OF_FEW if audience.is_small(n) and label != UNKNOWN else label
        found[name] = found.get(name, 0) + n
    return found


def told_names(sizes: Mapping[str, int], audience: Audience) -> list[str]:
    """Names of groups as the audience may have them: those of few persons are not named."""
    told = [name for name, n in sizes.items() if not audience.is_small(n)]
    return told if len(told) == len(sizes) else [*told, OF_FEW]


def names_of_groups(inputs: AnalysisInputs) -> list[str]:
    """Names that groups may have in a study file."""
    arms = [ARM] if inputs.scores.of_persons(ARM) is not None else []
    return [*arms, *inputs.study.plan.background]
