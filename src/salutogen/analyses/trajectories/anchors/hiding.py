"""Counts of courses that may be told, where the number of all anchors is told as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from salutogen.columns import Column, Kind, declared
from salutogen.page.audience import Audience
from salutogen.page.section import Table
from salutogen.page.small_counts import SMALL_NOTE, as_told

WHOLE = "of all"


def note_of(note: str, frame: pl.DataFrame, columns: Sequence[Column]) -> str:
    """A table's note, which says that counts are blank where some are.

    Parameters
    ----------
    note : str
    frame : DataFrame
        Its counts and shares are all known, but for those that were blanked.
    columns : sequence of Column
    """
    counted = [
        name
        for name in frame.columns
        if (found := declared(name, columns))
        and found.kind in (Kind.COUNT, Kind.SHARE, Kind.TELLING)
    ]
    blank = any(frame[name].null_count() for name in counted)
    return f"{note} {SMALL_NOTE}".strip() if blank else note


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
    return as_told(table, audience).frame.drop(WHOLE)
