"""Persons still observed by occasion, as an audience may have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.attrition.observed import OCCASION_COLUMNS, SEEN
from salutogen.columns import Column, Kind
from salutogen.page.section import Table
from salutogen.page.small_counts import hide_small_beside

if TYPE_CHECKING:
    from salutogen.analyses.attrition.analysis import AttritionResult
    from salutogen.page.audience import Audience

BESIDE = (
    Column(name="n", meaning="Persons seen at all", kind=Kind.LABEL),
    Column(name="n_left", meaning="Persons not lost before the end", kind=Kind.LABEL),
)


def occasions_table(result: AttritionResult, audience: Audience) -> Table:
    """Persons still observed; without counts that others of the page would turn into few.

    How many were seen at an occasion is told of the flow of persons, by rules of its own; it is
    not told again where persons are hidden, nor what differs from it by few.
    """
    table = Table(
        name="attrition-occasions",
        title="Persons still observed by occasion",
        frame=result.occasions,
        columns=OCCASION_COLUMNS,
    )
    if audience.individuals:
        return table
    frame = result.occasions.with_columns(
        pl.lit(value, dtype=pl.Int64).alias(column.name)
        for column, value in zip(BESIDE, (result.n, result.n_left), strict=True)
    )
    shown = tuple(column for column in OCCASION_COLUMNS if column is not SEEN)
    whole = Table(name=table.name, title=table.title, frame=frame, columns=shown)
    return hide_small_beside(whole, (SEEN, *BESIDE), audience)
