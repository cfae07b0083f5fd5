"""Counts of courses that may be told, where the number of all anchors is told as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.privacy import hide_small
from salutogen.page.section import Table

WHOLE = "of all"


def hide_small_of(
    whole: int, frame: pl.DataFrame, columns: Sequence[Column], audience: Audience
) -> pl.DataFrame:
    """Blank counts that are small, or that leave only a few of a whole, and what goes with them.

    Parameters
    ----------
    whole : int
        What the counts are parts of, such as the number of anchors.
    frame : DataFrame
    columns : sequence of Column
        Declarations of its columns.
    audience : Audience
    """
    parts = [replace(item, of=WHOLE) if item.kind is Kind.COUNT else item for item in columns]
    table = Table(
        name="counts",
        title="",
        frame=frame.with_columns(pl.lit(whole, pl.Int64).alias(WHOLE)),
        columns=(*parts, Column(name=WHOLE, meaning="", kind=Kind.LABEL)),
    )
    return hide_small(table, audience).frame.drop(WHOLE)
