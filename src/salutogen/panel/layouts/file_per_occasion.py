"""AlignedSource whose occasions stand in a file each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import listed
from salutogen.panel.items import ItemRules, TypedItem
from salutogen.panel.layouts.aligned_source import AlignedSource, Integers, ascending, reordered
from salutogen.panel.layouts.row_per_item import RowPerItem
from salutogen.panel.numeric import id_text
from salutogen.panel.readers.source_table import Declared
from salutogen.panel.times import no_times

if TYPE_CHECKING:
    from salutogen.study.format import TimeColumn


class FilePerOccasion:
    """Several aligned files, each with rows of one occasion, as one source.

    `data_rows` count in the file of each row.
    """

    def __init__(self, parts: Sequence[AlignedSource]) -> None:
        self._parts = parts
        self.label = listed([part.label for part in parts])
        keys = np.concatenate([part.keys for part in parts])
        rows = np.concatenate([part.data_rows for part in parts])
        self._order = ascending(keys)
        self.keys = keys if self._order is None else keys[self._order]
        self.data_rows = rows if self._order is None else rows[self._order]

    def has(self, column: str) -> bool:
        """Whether one of the files has this column."""
        return any(part.has(column) for part in self._parts)

    def declared(self, column: str) -> Declared:
        """Values of a column that a file itself declares as missing."""
        every = [one for part in self._parts for one in part.declared(column)]
        return tuple(dict.fromkeys(every))

    def item(self, pattern: str, rules: ItemRules) -> TypedItem | None:
        """Typed answers of one item, one per key; None where its column is in no file."""
        parts = self._naming(pattern)
        typed = [part.item(pattern, rules) if part in parts else None for part in self._parts]
        if all(cells is None for cells in typed):
            return None
        values = [
            _nothing(rules.dtype, part) if cells is None else cells.values.alias("")
            for part, cells in zip(self._parts, typed, strict=True)
        ]
        marks = [
            pl.repeat(0, part.keys.size, dtype=pl.UInt8, eager=True)
            if cells is None or cells.marks is None
            else cells.marks.alias("")
            for part, cells in zip(self._parts, typed, strict=True)
        ]
        marked = any(cells is not None and cells.marks is not None for cells in typed)
        whole = TypedItem(_joined(values), _joined(marks) if marked else None)
        return reordered(whole, self._order)

    def time(self, time: TimeColumn) -> pl.Series | None:
        """Days of each key; None where no file has a column of times."""
        found = [part.time(time) for part in self._parts]
        if all(days is None for days in found):
            return None
        whole = _joined(
            [
                no_times(part.keys.size) if days is None else days.alias("")
                for part, days in zip(self._parts, found, strict=True)
            ]
        )
        return whole if self._order is None else whole.gather(pl.Series(self._order))

    def by_person(
        self, column: str, *, item: bool = False
    ) -> tuple[Integers, Integers, Integers, pl.Series] | None:
        """Person, occasion, data row and cell of what describes the person, from every file."""
        parts = self._naming(column) if item else self._parts
        found = [one for part in parts if (one := part.by_person(column, item=item)) is not None]
        if not found:
            return None
        who, when, rows = (np.concatenate([one[place] for one in found]) for place in range(3))
        return who, when, rows, _joined([one[3] for one in found])

    def times_by_person(self, column: str, time: TimeColumn, *, item: bool) -> pl.Series | None:
        """Days of the rows that `by_person` tells of, from every file in its order."""
        parts = self._naming(column) if item else self._parts
        found: list[pl.Series] = []
        for part in parts:
            told = part.by_person(column, item=item)
            if told is None:
                continue
            days = part.times_by_person(column, time, item=item)
            found.append(no_times(told[0].size) if days is None else days.alias(""))
        return pl.concat(found) if found else None

    def _naming(self, item: str) -> list[AlignedSource]:
        """Parts to ask for an item: where a file names none of it, another may."""
        naming = [
            part for part in self._parts if not isinstance(part, RowPerItem) or part.names(item)
        ]
        return naming or list(self._parts[:1])


def _nothing(dtype: type[pl.DataType], part: AlignedSource) -> pl.Series:
    return pl.Series([None], dtype=dtype).new_from_index(0, part.keys.size)


def _joined(columns: Sequence[pl.Series]) -> pl.Series:
    """Join columns of several files; as text where their types have nothing in common."""
    if len({column.dtype for column in columns}) == 1:
        return pl.concat(columns)
    if all(column.dtype.is_numeric() for column in columns):
        return pl.concat([column.cast(pl.Float64) for column in columns])
    return pl.concat([id_text(column) for column in columns])
