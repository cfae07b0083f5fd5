"""What the layouts have in common: answers of a source aligned by person and occasion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings
from salutogen.panel.items import ItemRules, TypedItem, type_item
from salutogen.panel.readers.source_table import Declared, SourceTable
from salutogen.panel.times import to_days

if TYPE_CHECKING:
    from salutogen.study.format import TimeColumn

Integers = NDArray[np.int64]


class AlignedSource(Protocol):
    """One source aligned by person and occasion.

    Attributes
    ----------
    label : str
        File, or files, for findings.
    keys : (n,) int64
        `person * number of occasions + occasion`, strictly ascending.
    data_rows : (n,) int64
        1-based row of the file each came from.
    """

    label: str
    keys: Integers
    data_rows: Integers

    def has(self, column: str) -> bool:
        """Whether a file of the source has this column."""

    def declared(self, column: str) -> Declared:
        """Values of a column that the file itself declares as missing."""

    def item(self, pattern: str, rules: ItemRules) -> TypedItem | None:
        """Typed answers of one item, one per key; None where its column is missing."""

    def time(self, time: TimeColumn) -> pl.Series | None:
        """Days of each key; None where there is no column of times."""

    def by_person(
        self, column: str, *, item: bool = False
    ) -> tuple[Integers, Integers, Integers, pl.Series] | None:
        """Person, occasion, data row and cell of a column (or item) that describes the person."""

    def times_by_person(self, column: str, time: TimeColumn, *, item: bool) -> pl.Series | None:
        """Days of the rows that `by_person` tells of, in its order; None without such a column."""


class OneTable:
    """What sources that stand in one table have in common."""

    def __init__(self, table: SourceTable, decimal: str | None, findings: Findings) -> None:
        self.table = table
        self.label = table.label
        self._decimal = decimal
        self._findings = findings
        self._days_read: dict[str, pl.Series] = {}

    def has(self, column: str) -> bool:
        """Whether the table has this column."""
        return column in self.table.columns

    def declared(self, column: str) -> Declared:
        """Values of a column that the file itself declares as missing."""
        return self.table.user_missing.get(column, ())

    def _typed(self, column: str, rules: ItemRules, rows: Integers | None) -> TypedItem:
        """Typed answers of a column, in these rows (0-based) or in all."""
        raw = self.table.column(column)
        return type_item(
            raw if rows is None else raw.gather(pl.Series(rows)),
            rules,
            column=column,
            label=self.label,
            findings=self._findings,
            decimal=self._decimal,
            user_missing=self.declared(column),
            rows=None if rows is None else pl.Series(rows + 1),
        )

    def _days(self, time: TimeColumn, column: str) -> pl.Series:
        """Days of a column of times, one per row of the table; read, and complained of, once."""
        if column not in self._days_read:
            self._days_read[column] = to_days(
                self.table.described(column),
                time,
                column=column,
                label=self.label,
                findings=self._findings,
                decimal=self._decimal,
            )
        return self._days_read[column]


def reordered(cells: TypedItem, order: Integers | None) -> TypedItem:
    """Put typed answers in another order; `None` leaves them as they are."""
    if order is None:
        return cells
    index = pl.Series(order)
    marks = None if cells.marks is None else cells.marks.gather(index)
    return TypedItem(cells.values.gather(index), marks)


def ascending(keys: Integers) -> Integers | None:
    """Return the stable order that sorts the keys, or None where they are sorted already."""
    if keys.size < 2 or bool((keys[1:] >= keys[:-1]).all()):
        return None
    return np.argsort(keys, kind="stable")


def places_in(given: Integers, keys: Integers) -> pl.Series:
    """For each key its place among the given ones (ascending), null where it is not there."""
    if not given.size:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, keys.size)
    found = np.minimum(np.searchsorted(given, keys), given.size - 1)
    present = pl.Series(given[found] == keys)
    return pl.select(pl.when(present).then(pl.Series(found))).to_series()
