"""The same person and occasion twice: what is dropped, merged or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings, Persons
from salutogen.panel.layouts.separating_columns import separating_column
from salutogen.panel.numeric import is_blank
from salutogen.panel.readers.source_table import SourceTable

Key = Literal["person", "occasion", "answer"]
Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]

_NOUNS = {
    "person": ("person", "persons"),
    "occasion": ("person and occasion", "combinations of person and occasion"),
    "answer": ("person, occasion and item", "combinations of person, occasion and item"),
}


@dataclass(frozen=True, slots=True)
class CopyRules:
    """What to do with rows of the same key.

    Attributes
    ----------
    what : {"person", "occasion", "answer"}
        What a key stands for: a person, a person's occasion, or an item at that occasion.
    differing : {"refuse", "first", "last", "merge"}
        What to do where cells differ.
    used : sequence of str
        Columns whose cells must agree.
    answers : sequence of str
        Columns of which at least one is filled in a row that is not empty.
    apart : sequence of str
        Columns that may tell persons of the same identifier apart.
    person, occasion : sequence of str
        Columns that make the person, and the occasion where any do.
    """

    what: Key
    differing: Literal["refuse", "first", "last", "merge"]
    used: Sequence[str]
    answers: Sequence[str]
    apart: Sequence[str] = ()
    person: Sequence[str] = ()
    occasion: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows to keep (None: all of them) and the table, merged where rows complement each other."""

    keep: Mask | None
    table: SourceTable


@dataclass(frozen=True, slots=True)
class _Repeated:
    """Rows whose key occurs more than once, in the order of keys, then of rows."""

    rows: Integers
    group: Integers
    cells: pl.DataFrame

    def leaders(self, usable: Mask, *, last: bool = False) -> Integers:
        """Place of the first (or last) usable row of each row's group."""
        places = np.flatnonzero(usable)
        if last:
            places = places[::-1]
        groups, first = np.unique(self.group[places], return_index=True)
        return places[first][np.searchsorted(groups, self.group)]

    def equal(self, columns: Sequence[str], leaders: Integers) -> Mask:
        """Tell for each row whether its cells equal those of the leader of its group."""
        equal = np.ones(self.rows.size, dtype=bool)
        for column in columns:
            cells = self.cells[column].alias("cells")  # a name may be a pattern to Polars
            equal &= cells.eq_missing(cells.gather(pl.Series(leaders))).to_numpy()
        return equal

    def empty(self, columns: Sequence[str]) -> Mask:
        """Tell which rows have nothing in any of these columns."""
        empty = np.ones(self.rows.size, dtype=bool)
        for column in columns:
            empty &= is_blank(self.cells[column]).to_numpy()
        return empty


def settle_copies(
    keys: Integers,
    rows: Integers,
    persons: Integers,
    table: SourceTable,
    rules: CopyRules,
    findings: Findings,
) -> Settled:
    """Settle rows that repeat the key of another row.

    Parameters
    ----------
    keys : (n,) int64
        Ascending keys.
    rows : (n,) int64
        0-based file row of each key.
    persons : (rows of the table,) int64
        Person of each row of the file, -1 where it names none.

    Returns
    -------
    Settled
        Rows that repeat another, and empty rows beside others, are left out. Contradictions are
        said as a refusal; the first row is kept so that reading can go on and say what else is
        wrong.
    """
    repeats = np.zeros(keys.size, dtype=bool)
    repeats[1:] = keys[1:] == keys[:-1]
    if not repeats.any():
        return Settled(None, table)
    involved = repeats.copy()
    involved[:-1] |= repeats[1:]
    cells = table.cells(table.columns, rows[involved])
    repeated = _Repeated(rows[involved], np.cumsum(~repeats[involved]), cells)
    usable = _not_empty(repeated, table, rules, findings)
    leaders = repeated.leaders(usable)
    second = usable & (leaders != np.arange(leaders.size))
    same = repeated.equal(rules.used, leaders)
    exact = repeated.equal(table.columns, leaders)
    _tell(table, rules, repeated.rows[second & exact], "duplicate-row", findings)
    _tell(table, rules, repeated.rows[second & same & ~exact], "duplicate-answers", findings)
    differing = second & ~same
    if differing.any():
        inside = usable & np.isin(repeated.group, repeated.group[differing])
        table = _settle_differing(repeated, inside, persons, table, rules, findings)
        if rules.differing == "last":
            leaders = repeated.leaders(usable, last=True)
    keep = ~involved
    keep[np.flatnonzero(involved)[np.unique(leaders)]] = True
    return Settled(keep, table)


def _not_empty(
    repeated: _Repeated, table: SourceTable, rules: CopyRules, findings: Findings
) -> Mask:
    """Rows that hold something, or whose group holds nothing; the others are said."""
    merging = rules.differing == "merge"  # what describes the person may stand in such a row
    empty = repeated.empty(rules.used if merging else rules.answers)
    held = np.isin(repeated.group, repeated.group[~empty])
    _tell(table, rules, repeated.rows[empty & held], "duplicate-empty", findings)
    return ~(empty & held)


def _settle_differing(
    repeated: _Repeated,
    inside: Mask,
    persons: Integers,
    table: SourceTable,
    rules: CopyRules,
    findings: Findings,
) -> SourceTable:
    """Do with rows that differ what the study says; the table changes only by merging."""
    rows, group = repeated.rows[inside], repeated.group[inside]
    merged, contradicting, column = _merged(
        repeated.cells.filter(pl.Series(inside)), group, rows, rules.used
    )
    if rules.differing == "merge":
        settled = ~np.isin(group, contradicting)
        if settled.any():
            _tell_settled(table, rules, rows[settled], group[settled], findings)
        if contradicting.size:
            chosen = np.isin(group, contradicting)
            given = {"variant": "merge", "by": column}
            _tell_conflict(table, rules, rows[chosen], group[chosen], given, findings)
        return table.with_cells(
            {name: _with_filled(table.column(name), cells) for name, cells in merged.items()}
        )
    if rules.differing != "refuse":
        _tell_settled(table, rules, rows, group, findings)
        return table
    apart = separating_column(table, persons, rows, group, rules.apart)
    given = {"variant": rules.what}
    if apart is not None:
        given = {
            "variant": "apart-in-time" if rules.occasion else "apart",
            "by": apart,
            "columns": ", ".join((apart, *rules.person)),
            "occasions": ", ".join((*rules.occasion, apart)),
        }
    elif not contradicting.size:
        given = {"variant": "complementing"}
    _tell_conflict(table, rules, rows, group, given, findings)
    return table


def _merged(
    cells: pl.DataFrame, group: Integers, rows: Integers, columns: Sequence[str]
) -> tuple[dict[str, dict[int, Any]], Integers, str]:
    """Fill what is blank in the first row of each group from its other rows.

    Returns
    -------
    merged : dict of column to dict of row to cell
    contradicting : array
        Groups in which two rows hold something else.
    column : str
        The first column in which they do.
    """
    first = dict(zip(*(part.tolist() for part in _first_rows(group, rows)), strict=True))
    merged: dict[str, dict[int, Any]] = {}
    contradicting: list[int] = []
    named = ""
    for column in columns:
        held = pl.DataFrame({"group": group, "row": rows, "cell": cells[column]}).filter(
            ~is_blank(cells[column])
        )
        by_group = held.group_by("group", maintain_order=True).agg(
            pl.col("cell").n_unique().alias("kinds"),
            pl.col("cell").first(),
            pl.col("row").first(),
        )
        odd = by_group.filter(pl.col("kinds") > 1)["group"].to_list()
        named = named or (column if odd else "")
        contradicting += odd
        filled = {
            first[one]: cell
            for one, cell, row in by_group.select("group", "cell", "row").iter_rows()
            if row != first[one]
        }
        if filled:
            merged[column] = filled
    return merged, np.unique(np.array(contradicting, dtype=np.int64)), named


def _first_rows(group: Integers, rows: Integers) -> tuple[Integers, Integers]:
    groups, places = np.unique(group, return_index=True)
    return groups, rows[places]


def _with_filled(column: pl.Series, cells: dict[int, Any]) -> pl.Series:
    """Put other cells into some rows of a column."""
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)
    return column.scatter(list(cells), pl.Series(list(cells.values()), dtype=column.dtype))


def _tell(
    table: SourceTable, rules: CopyRules, rows: Integers, code: str, findings: Findings
) -> None:
    """Say which rows were dropped."""
    if rows.size:
        findings.tell(
            code,
            variant="" if code == "duplicate-row" else rules.what,
            file=table.label,
            rows=[int(row) + 1 for row in np.sort(rows)[:10]],
            n_rows=int(rows.size),
            numbers={"dropped": int(rows.size)},
        )


def _tell_settled(
    table: SourceTable, rules: CopyRules, rows: Integers, group: Integers, findings: Findings
) -> None:
    """Say where rows that differ were settled as the study asks."""
    findings.tell(
        "duplicates-settled",
        variant=rules.differing,
        file=table.label,
        rows=[int(row) + 1 for row in np.sort(rows)[:10]],
        n_rows=int(rows.size),
        **_counted(rules, group),
    )


def _tell_conflict(
    table: SourceTable,
    rules: CopyRules,
    rows: Integers,
    group: Integers,
    given: dict[str, str],
    findings: Findings,
) -> None:
    numbers = np.sort(rows) + 1
    findings.tell(
        "conflicting-duplicates",
        file=table.label,
        rows=[int(row) for row in numbers[:10]],
        n_rows=int(numbers.size),
        first=", ".join(str(row + 1) for row in np.sort(rows[group == group[0]])[:4]),
        **_counted(rules, group),
        **given,
    )


def _counted(rules: CopyRules, group: Integers) -> dict[str, Any]:
    number = np.unique(group).size
    one, many = _NOUNS[rules.what]
    counted = Persons(number) if rules.what == "person" else int(number)
    return {"conflicts": counted, "kind": one if number == 1 else many}
