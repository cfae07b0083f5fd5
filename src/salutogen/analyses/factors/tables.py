"""Tables of the page from rows and their declared columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.page.section import Table


def table(
    name: str,
    title: str,
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[Column],
    note: str = "",
) -> Table:
    """Make a table: labels are text, counts whole, `holds` yes or no, all else numbers."""
    kinds = {
        item.name: pl.String if item.kind is Kind.LABEL
        else pl.Int64 if item.kind is Kind.COUNT
        else pl.Boolean if item.name == "holds" else pl.Float64
        for item in columns
    }  # fmt: skip
    frame = pl.DataFrame([dict(row) for row in rows], schema=kinds)
    return Table(name=name, title=title, frame=frame, columns=columns, note=note)
