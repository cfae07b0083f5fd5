"""AlignedSource with one row per person and occasion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.items import ItemRules, TypedItem
from salutogen.panel.layouts.aligned_source import Integers, OneTable, ascending, reordered
from salutogen.panel.layouts.duplicates import CopyRules, settle_copies
from salutogen.panel.readers.source_table import SourceTable

if TYPE_CHECKING:
    from salutogen.study.format import TimeColumn


class RowPerOccasion(OneTable):
    """A source with one row per person and occasion, aligned."""

    def __init__(
        self,
        table: SourceTable,
        persons: Integers,
        occasions: Integers,
        n_occasions: int,
        rules: CopyRules,
        decimal: str | None,
        findings: Findings,
    ) -> None:
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
        settled = settle_copies(keys, places, persons, table, rules, findings)
        if settled.keep is not None:
            keys, rows = keys[settled.keep], places[settled.keep]
        super().__init__(settled.table, decimal, findings)
        self.keys = keys
        self._order = rows
        self._is_part = rows is not None and settled.keep is not None
        self.data_rows = (np.arange(keys.size, dtype=np.int64) if rows is None else rows) + 1

    def item(self, pattern: str, rules: ItemRules) -> TypedItem | None:
        """Typed answers of one item, one per key; None where its column is missing."""
        if not self.has(pattern):
            return None
        if self._is_part:  # what stands in rows that were dropped is nobody's answer
            return self._typed(pattern, rules, self._order)
        return reordered(self._typed(pattern, rules, None), self._order)

    def time(self, time: TimeColumn) -> pl.Series | None:
        """Days of each key; None where the column of times is missing."""
        if not self.has(time.column):
            return None
        days = self._days(time, time.column)
        return days if self._order is None else days.gather(pl.Series(self._order))

    def by_person(
        self, column: str, *, item: bool = False
    ) -> tuple[Integers, Integers, Integers, pl.Series] | None:
        """Person, occasion, data row and cell of a column that describes the person."""
        if not self.has(column):
            return None
        rows = np.flatnonzero(self._persons >= 0)
        cells = self.table.column(column) if item else self.table.described(column)
        if rows.size < cells.len():
            cells = cells.gather(pl.Series(rows))
        return self._persons[rows], self._occasions[rows], rows + 1, cells

    def times_by_person(self, column: str, time: TimeColumn, *, item: bool) -> pl.Series | None:
        """Days of the rows that `by_person` tells of, in its order."""
        if not self.has(column) or not self.has(time.column):
            return None
        rows = np.flatnonzero(self._persons >= 0)
        return self._days(time, time.column).gather(pl.Series(rows))
