"""AlignedSource with one row per person and columns for each occasion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.items import ItemRules, TypedItem
from salutogen.panel.layouts.aligned_source import Integers, OneTable, ascending
from salutogen.panel.layouts.duplicates import CopyRules, settle_copies
from salutogen.panel.readers.source_table import SourceTable
from salutogen.panel.times import no_times
from salutogen.study.instruments.instrument import columns_at

if TYPE_CHECKING:
    from salutogen.study.format import TimeColumn


class RowPerPerson(OneTable):
    """A source with one row per person: every person has every planned occasion, at first.

    Parameters
    ----------
    labels : sequence of str
        Occasions of the table: all that are planned, or the one that has a file of its own.
    places : sequence of int
        Their places in the plan, ascending.
    n_occasions : int
        Number of planned occasions.
    """

    def __init__(
        self,
        table: SourceTable,
        persons: Integers,
        labels: Sequence[str],
        places: Sequence[int],
        n_occasions: int,
        rules: CopyRules,
        decimal: str | None,
        findings: Findings,
    ) -> None:
        self._labels = labels
        rows = np.flatnonzero(persons >= 0)
        keys = persons[rows]
        order = ascending(keys)
        if order is not None:
            keys, rows = keys[order], rows[order]
        settled = settle_copies(keys, rows, persons, table, rules, findings)
        if settled.keep is not None:
            keys, rows = keys[settled.keep], rows[settled.keep]
        super().__init__(settled.table, decimal, findings)
        self._persons, self._rows = keys, rows
        self._is_part = settled.keep is not None
        self._first = places[0] if places else 0
        number = len(labels)
        self.keys = np.add.outer(keys * n_occasions, np.asarray(places, dtype=np.int64)).ravel()
        self.data_rows = np.repeat(rows + 1, number)
        self._weave = np.add.outer(np.arange(rows.size), np.arange(number) * rows.size).ravel()

    def item(self, pattern: str, rules: ItemRules) -> TypedItem | None:
        """Typed answers of one item, one per key; None where none of its columns is there."""
        columns = self._columns(pattern)
        if columns is None or not any(columns):
            return None
        waves = [self._wave(column, rules) for column in columns]
        values = self._interleaved([cells.values for cells in waves])
        if all(cells.marks is None for cells in waves):
            return TypedItem(values)
        unmarked = pl.repeat(0, self._rows.size, dtype=pl.UInt8, eager=True)
        marks = [unmarked if cells.marks is None else cells.marks for cells in waves]
        return TypedItem(values, self._interleaved(marks))

    def time(self, time: TimeColumn) -> pl.Series | None:
        """Days of each key; None where no column of times is there."""
        columns = self._columns(time.column)
        if columns is None or not any(columns):
            return None
        nothing = no_times(self._rows.size)
        waves = [
            nothing if column is None else self._days(time, column).gather(pl.Series(self._rows))
            for column in columns
        ]
        return self._interleaved(waves)

    def by_person(
        self, column: str, *, item: bool = False
    ) -> tuple[Integers, Integers, Integers, pl.Series] | None:
        """Person, occasion, data row and cell of a column that describes the person."""
        if not self.has(column):
            return None
        cells = self.table.column(column) if item else self.table.described(column)
        when = np.full_like(self._persons, self._first)
        return self._persons, when, self._rows + 1, cells.gather(pl.Series(self._rows))

    def times_by_person(self, column: str, time: TimeColumn, *, item: bool) -> pl.Series | None:
        """Days of the rows that `by_person` tells of: those of the first occasion."""
        first = columns_at(time.column, self._labels)[0]
        if not self.has(column) or not self.has(first):
            return None
        return self._days(time, first).gather(pl.Series(self._rows))

    def _columns(self, pattern: str) -> list[str | None] | None:
        names = columns_at(pattern, self._labels)
        if len(names) < len(self._labels):
            self._findings.tell(
                "wave-pattern-missing",
                file=self.label,
                column=pattern,
                occasions=len(self._labels),
            )
            return None
        have = set(self.table.columns)
        return [name if name in have else None for name in names]

    def _wave(self, column: str | None, rules: ItemRules) -> TypedItem:
        if column is None:
            nothing = pl.Series([None], dtype=rules.dtype).new_from_index(0, self._rows.size)
            return TypedItem(nothing)
        if self._is_part:  # what stands in rows that were dropped is nobody's answer
            return self._typed(column, rules, self._rows)
        cells = self._typed(column, rules, None)
        index = pl.Series(self._rows)
        marks = None if cells.marks is None else cells.marks.gather(index)
        return TypedItem(cells.values.gather(index), marks)

    def _interleaved(self, waves: list[pl.Series]) -> pl.Series:
        """Join the columns of the occasions, person by person."""
        return pl.concat([wave.alias("") for wave in waves]).gather(pl.Series(self._weave))
