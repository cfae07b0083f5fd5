"""Tables of the page from rows and their declared columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from salutogen.analyses.factors.steps import BY_FACTOR
from salutogen.columns import LESS_RESILIENT, Column, Kind
from salutogen.page.section import Table

FACTOR = Column(name="factor", meaning="Factor", kind=Kind.LABEL, heading="Factor")


def step_columns(key: str, heading: str) -> tuple[Column, ...]:
    """Columns of one way of asking."""
    return (
        Column(name=f"{key}_b", meaning=f"Coefficient, {heading}", unit=BY_FACTOR,
               sign=LESS_RESILIENT, heading=heading),
        Column(name=f"{key}_low", meaning="Lower end of its 95 % interval", heading="from"),
        Column(name=f"{key}_high", meaning="Upper end of its 95 % interval", heading="to"),
        Column(name=f"{key}_p", meaning="p value (t)", heading="p"),
    )  # fmt: skip


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
