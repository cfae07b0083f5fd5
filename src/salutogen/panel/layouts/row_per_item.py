"""AlignedSource with one row per answer: a column names the item."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.names import did_you_mean
from salutogen.panel.expected_columns import ITEM, VALUE
from salutogen.panel.identifiers import factorise, refuse_errors, refuse_nameless
from salutogen.panel.items import ItemRules, TypedItem, type_item
from salutogen.panel.layouts.aligned_source import Integers, OneTable, ascending, places_in
from salutogen.panel.layouts.duplicates import CopyRules, settle_copies
from salutogen.panel.readers.source_table import SourceTable

if TYPE_CHECKING:
    from salutogen.study.format import Source, TimeColumn


class RowPerItem(OneTable):
    """A source with one row per answer, aligned.

    Parameters
    ----------
    items : (n,) int64
        Number of each row's item in `names`; -1 where the row names none.
    names : list of str
        Items as the file names them.
    repeated : collection of str
        Items the study asks at every occasion: only their rows make occasions.
    scales : sequence of collection of str
        Items of each instrument of the study.
    """

    def __init__(
        self,
        table: SourceTable,
        source: Source,
        persons: Integers,
        occasions: Integers,
        n_occasions: int,
        items: Integers,
        names: list[str],
        repeated: Collection[str],
        scales: Sequence[Collection[str]],
        findings: Findings,
    ) -> None:
        super().__init__(table, source.decimal, findings)
        self._scales = scales
        self._value = source.value or VALUE
        self._item = source.item or ITEM
        self._n_occasions = n_occasions
        self._names = {name: number for number, name in enumerate(names)}
        self._persons, self._occasions = persons, occasions
        usable = np.flatnonzero((persons >= 0) & (items >= 0))
        who, when, what = persons[usable], occasions[usable], items[usable]
        most = int(persons.max(initial=0)) + 1
        cell = (what * most + who) * (n_occasions + 1) + when + 1
        order = ascending(cell)
        if order is not None:
            usable, cell = usable[order], cell[order]
            who, when, what = who[order], when[order], what[order]
        self._values = table.column(self._value)
        own = {*source.person_columns, *source.occasion_columns, self._item, self._value}
        rules = CopyRules(
            what="answer",
            differing=source.duplicates,
            used=[self._value],
            answers=[self._value],
            apart=[column for column in table.columns if column not in own],
            person=source.person_columns,
            occasion=source.occasion_columns,
        )
        keep = settle_copies(cell, usable, persons, table, rules, findings).keep
        if keep is not None:
            usable, who, when, what = usable[keep], who[keep], when[keep], what[keep]
        self._rows, self._row_keys = usable, who * n_occasions + when
        self._bounds = np.searchsorted(what, np.arange(len(names) + 1))
        is_repeated = np.array([name in repeated for name in names] + [False])
        chosen = is_repeated[what] & (when >= 0)
        self.keys, self.data_rows = _first_rows(self._row_keys[chosen], usable[chosen] + 1)

    def names(self, item: str) -> bool:
        """Whether the item occurs in the table."""
        return item in self._names

    def item(self, pattern: str, rules: ItemRules) -> TypedItem | None:
        """Typed answers of one item, one per key; None (and a refusal) where it was misspelt."""
        part = self._part(pattern)
        if part is None:
            return None
        rows, keys = part
        cells = self._typed_rows(pattern, rows, rules)
        index = places_in(keys, self.keys)
        marks = None if cells.marks is None else cells.marks.gather(index)
        return TypedItem(cells.values.gather(index), marks)

    def time(self, time: TimeColumn) -> pl.Series | None:
        """Days of each key: the first time given among its answers."""
        if not self.has(time.column):
            return None
        days = self._days(time, time.column)
        known = days.is_not_null().to_numpy()
        rows = np.sort(self._rows[known[self._rows]])
        keys = self._persons[rows] * self._n_occasions + self._occasions[rows]
        keys, first = np.unique(keys, return_index=True)
        return days.gather(pl.Series(rows[first])).gather(places_in(keys, self.keys))

    def by_person(
        self, column: str, *, item: bool = False
    ) -> tuple[Integers, Integers, Integers, pl.Series] | None:
        """Person, occasion, data row and cell of what describes the person."""
        if item:
            part = self._part(column)
            if part is None:
                return None
            rows = part[0]
            cells = self._values.gather(pl.Series(rows))
        else:
            if not self.has(column):
                return None
            rows = np.flatnonzero(self._persons >= 0)
            cells = self.table.described(column).gather(pl.Series(rows))
        return self._persons[rows], self._occasions[rows], rows + 1, cells

    def times_by_person(self, column: str, time: TimeColumn, *, item: bool) -> pl.Series | None:
        """Days of the rows that `by_person` tells of, in its order."""
        told = self.by_person(column, item=item)
        if told is None or not self.has(time.column):
            return None
        return self._days(time, time.column).gather(pl.Series(told[2] - 1))

    def _part(self, name: str) -> tuple[Integers, Integers] | None:
        """File rows and keys of one item."""
        number = self._names.get(name)
        if number is None:
            return self._never_named(name)
        part = slice(int(self._bounds[number]), int(self._bounds[number + 1]))
        return self._rows[part], self._row_keys[part]

    def _never_named(self, name: str) -> tuple[Integers, Integers] | None:
        """No rows of an item that nobody answered; None (and a refusal) if it was misspelt.

        Programs often leave blank answers out, so that an event that happened to nobody is never
        named. Misspelt are items where the file has a like name that the study does not know, or
        none of the instrument's items.
        """
        known = {item for scale in self._scales for item in scale}
        beside = next((scale for scale in self._scales if name in scale), ())
        hint = did_you_mean(name, [one for one in self._names if one not in known])
        wrong = bool(hint) or not any(self.names(item) for item in beside)
        self._findings.tell(
            "item-missing" if wrong else "item-never-answered",
            file=self.label,
            column=self._item,
            item=name,
            hint=hint,
        )
        nothing = np.zeros(0, dtype=np.int64)
        return None if wrong else (nothing, nothing)

    def _typed_rows(self, name: str, rows: Integers, rules: ItemRules) -> TypedItem:
        return type_item(
            self._values.gather(pl.Series(rows)),
            rules,
            column=name,
            label=self.label,
            findings=self._findings,
            decimal=self._decimal,
            user_missing=self.declared(self._value),
            rows=pl.Series(rows + 1),
        )


def read_items(table: SourceTable, column: str, findings: Findings) -> tuple[Integers, list[str]]:
    """Number the items of each row; rows that name none are refused unless wholly blank."""
    codes, names = read_names(table, column, findings)
    refuse_nameless(table, [column], codes < 0, "empty-item", findings)
    return codes, names


def read_names(table: SourceTable, column: str, findings: Findings) -> tuple[Integers, list[str]]:
    """Number what a column names in each row, -1 where it names nothing."""
    codes, texts = factorise(table.described(column))
    refuse_errors(table, [column], findings)
    return codes, texts.to_list()


def _first_rows(keys: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """Distinct keys, ascending, and the first row of each."""
    order = ascending(keys)
    if order is not None:
        keys, rows = keys[order], rows[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    first: Integers = np.minimum.reduceat(rows, starts) if starts.size else rows
    return keys[starts], first
