"""What the layouts have in common: answers of a source aligned by person and occasion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.items import ItemRules, TypedItem
from salutogen.panel.readers.source_table import SourceTable

if TYPE_CHECKING:
    from salutogen.study.format import TimeColumn

Integers = NDArray[np.int64]


class AlignedSource(Protocol):
    """One source aligned by person and occasion.

    Attributes
    ----------
    keys : (n,) int64
        `person * number of occasions + occasion`, strictly ascending.
    data_rows : (n,) int64
        1-based row of the file each came from.
    """

    table: SourceTable
    keys: Integers
    data_rows: Integers

    def item(self, pattern: str, rules: ItemRules) -> TypedItem | None:
        """Typed answers of one item, one per key; None where its column is missing."""

    def time(self, time: TimeColumn) -> pl.Series | None:
        """Days of each key; None where there is no column of times."""

    def by_person(
        self, column: str, *, item: bool = False
    ) -> tuple[Integers, Integers, Integers, pl.Series] | None:
        """Person, occasion, data row and cell of a column (or item) that describes the person."""


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
