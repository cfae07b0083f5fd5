"""AlignedSource with one row per person and occasion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.items import ItemRules, TypedItem, type_item
from salutogen.panel.layouts.aligned_source import Integers, ascending, reordered
from salutogen.panel.layouts.duplicates import drop_copies
from salutogen.panel.readers.source_table import SourceTable
from salutogen.panel.times import to_days

if TYPE_CHECKING:
    from salutogen.study.format import TimeColumn


class RowPerOccasion:
    """A source with one row per person and occasion, aligned."""

    def __init__(
        self,
        table: SourceTable,
        persons: Integers,
        occasions: Integers,
        n_occasions: int,
        used: list[str],
        decimal: str | None,
        findings: Findings,
    ) -> None:
        self.table = table
        self._decimal = decimal
        self._findings = findings
        self._persons, self._occasions = persons, occasions
        keys = persons * n_occasions + occasions
        usable = (persons >= 0) & (occasions >= 0)
        rows: Integers | None = None
        if not usable.all():
            rows = np.flatnonzero(usable)
            keys = keys[rows]
        order = ascending(keys)
        if order is not None:
            keys = keys[order]
            rows = order if rows is None else rows[order]
        places = np.arange(keys.size, dtype=np.int64) if rows is None else rows
        keep = drop_copies(keys, places, table, used, findings)
        if keep is not None:
            keys, rows = keys[keep], places[keep]
        self.keys = keys
        self._order = rows
        self.data_rows = (np.arange(keys.size, dtype=np.int64) if rows is None else rows) + 1

    def item(self, pattern: str, rules: ItemRules) -> TypedItem | None:
        """Typed answers of one item, one per key; None where its column is missing."""
        if pattern not in self.table.columns:
            return None
        cells = type_item(
            self.table.column(pattern),
            rules,
            column=pattern,
            label=self.table.label,
            findings=self._findings,
            decimal=self._decimal,
            user_missing=self.table.user_missing.get(pattern, ()),
        )
        return reordered(cells, self._order)

    def time(self, time: TimeColumn) -> pl.Series | None:
        """Days of each key; None where the column of times is missing."""
        if time.column not in self.table.columns:
            return None
        days = to_days(
            self.table.column(time.column),
            time,
            column=time.column,
            label=self.table.label,
            findings=self._findings,
            decimal=self._decimal,
        )
        return days if self._order is None else days.gather(pl.Series(self._order))

    def by_person(
        self, column: str, *, item: bool = False
    ) -> tuple[Integers, Integers, Integers, pl.Series] | None:
        """Person, occasion, data row and cell of a column that describes the person."""
        if column not in self.table.columns:
            return None
        rows = np.flatnonzero(self._persons >= 0)
        cells = self.table.column(column)
        if rows.size < cells.len():
            cells = cells.gather(pl.Series(rows))
        return self._persons[rows], self._occasions[rows], rows + 1, cells
