"""The same person and occasion twice: exact copies are dropped, contradictions refused."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings, Persons
from salutogen.panel.readers.source_table import SourceTable

Key = Literal["person", "occasion", "answer"]


def drop_copies(
    keys: NDArray[np.int64],
    rows: NDArray[np.int64],
    table: SourceTable,
    columns: list[str],
    findings: Findings,
    what: Key = "occasion",
) -> NDArray[np.bool_] | None:
    """Find rows that repeat the key of the row before them.

    Parameters
    ----------
    keys : (n,) int64
        Ascending keys.
    rows : (n,) int64
        0-based file row of each key.
    columns : list of str
        Columns whose cells must agree.
    what : {"person", "occasion", "answer"}
        What a key stands for: a person, a person's occasion, or an item at that occasion.

    Returns
    -------
    mask of the rows to keep, or None where every key occurs once. Contradictions are said as a
    refusal; the first row is kept so that reading can go on and say what else is wrong.
    """
    repeats = np.zeros(keys.size, dtype=bool)
    repeats[1:] = keys[1:] == keys[:-1]
    if not repeats.any():
        return None
    involved = repeats.copy()
    involved[:-1] |= repeats[1:]
    whole = table.cells(table.columns, rows[involved])
    group = np.cumsum(~repeats[involved])
    same = _equals_first(whole.select(columns), group)
    exact = _equals_first(whole, group)
    second = repeats[involved]
    involved_rows = rows[involved]
    _tell(table, what, involved_rows[second & exact], "duplicate-row", findings)
    _tell(table, what, involved_rows[second & same & ~exact], "duplicate-answers", findings)
    conflicting = second & ~same
    if conflicting.any():
        groups = np.unique(group[conflicting])
        in_conflict = np.isin(group, groups)
        numbers = np.sort(involved_rows[in_conflict]) + 1
        findings.tell(
            "conflicting-duplicates",
            variant=what,
            file=table.label,
            rows=[int(row) for row in numbers[:10]],
            n_rows=int(numbers.size),
            conflicts=Persons(groups.size) if what == "person" else int(groups.size),
            first=_first(group, groups, involved_rows),
        )
    return ~repeats


def _first(group: NDArray[np.int64], groups: NDArray[np.int64], rows: NDArray[np.int64]) -> str:
    return ", ".join(str(row + 1) for row in np.sort(rows[group == groups[0]])[:4])


def _equals_first(cells: pl.DataFrame, group: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell for each row whether its cells equal those of the first row of its group."""
    if cells.width == 0:
        return np.ones(group.size, dtype=bool)
    first = np.searchsorted(group, group)
    leaders = cells[first]
    equal = np.ones(group.size, dtype=bool)
    for column in cells.columns:
        equal &= cells[column].eq_missing(leaders[column]).to_numpy()
    return equal


def _tell(
    table: SourceTable, what: Key, rows: NDArray[np.int64], code: str, findings: Findings
) -> None:
    if not rows.size:
        return
    findings.tell(
        code,
        variant=what if code == "duplicate-answers" else "",
        file=table.label,
        rows=[int(row) + 1 for row in np.sort(rows)[:10]],
        n_rows=int(rows.size),
        numbers={"dropped": int(rows.size)},
    )
