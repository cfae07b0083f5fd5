"""Whether the header has as many rows as a study file says, by what stands in its columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.expected_columns import answer_columns, instruments_of, person_columns
from salutogen.panel.numeric import (
    BLANK_WORDS,
    is_number,
)
from salutogen.panel.readers.source_table import SourceTable
from salutogen.panel.sources import Tables
from salutogen.study.answers_in_words import BOOLEAN_WORDS, plain_word

if TYPE_CHECKING:
    from salutogen.study import Study

_MOST_ROWS = 10  # more rows than this are no header
_LOOKED_AT = 40
_FEW_COLUMNS = 2
_SOUND_SHARE = 0.9

Accepts = Callable[[str], bool]


def refuse_further_header_rows(study: Study, tables: Tables, findings: Findings) -> None:
    """Say one thing where every column is bad in the same first rows, and warn of the reverse."""
    for name in study.plan.answer_sources:
        for table in tables.get(name, ()):
            expected = _expectations(study, table)
            _tell_answers_in_header(table, expected, findings)
            rows = further_header_rows(table, expected)
            if rows:
                source = study.plan.sources[name]
                findings.tell(
                    "header-rows",
                    variant="frame" if table.info.sha256 is None else "file",
                    file=table.label,
                    rows=list(range(1, rows + 1)),
                    n_rows=rows,
                    header_rows=source.header_rows + rows,
                )


def further_header_rows(table: SourceTable, expected: dict[str, Accepts]) -> int:
    """Count the first rows in which no column holds what it should, though later rows do."""
    columns = [column for column in expected if column in table.columns]
    if len(columns) < _FEW_COLUMNS or table.n_rows < 2:
        return 0
    head = table.cells(columns, np.arange(min(table.n_rows, _LOOKED_AT)))
    if any(dtype != pl.String for dtype in head.dtypes):
        return 0
    judged = [
        [_judged(cell, expected[column]) for column, cell in zip(columns, row, strict=True)]
        for row in head.iter_rows()
    ]
    rows = 0
    for row in judged:
        if True in row or row.count(False) < _FEW_COLUMNS:
            break
        rows += 1
    later = zip(*judged[rows:], strict=True)
    sound = any(_is_sound([one for one in column if one is not None]) for column in later)
    return rows if rows <= _MOST_ROWS and sound else 0


def _tell_answers_in_header(
    table: SourceTable, expected: dict[str, Accepts], findings: Findings
) -> None:
    """Warn where a row that was left out with the header looks like a row of answers."""
    if table.header is None or not table.header.height:
        return
    columns = [column for column in expected if column in table.columns]
    rows = [
        [_judged(cell, expected[column]) for column, cell in zip(columns, row, strict=True)]
        for row in table.header.select(pl.selectors.by_name(*columns)).iter_rows()
    ]
    held = [False not in row and row.count(True) >= _FEW_COLUMNS for row in rows]
    if any(held):
        findings.tell(
            "answers-in-header",
            variant="rows",
            file=table.label,
            looking=sum(held),
            header_rows=held.index(True) + 1,
            given=table.header.height + 1,
        )


def _is_sound(judged: list[bool]) -> bool:
    """Whether the rest of a column holds what it should: other columns may hold words."""
    return bool(judged) and sum(judged) >= _SOUND_SHARE * len(judged)


def _judged(cell: str | None, accepts: Accepts) -> bool | None:
    """Whether a cell holds what it should; None where it is blank."""
    plain = (cell or "").strip()
    return None if plain.lower() in BLANK_WORDS else accepts(plain)


def _expectations(study: Study, table: SourceTable) -> dict[str, Accepts]:
    """What the columns of numbers, and those of occasions, may hold."""
    source = study.plan.sources[table.name]
    words = set(BOOLEAN_WORDS) if source.boolean == "answer" else set()
    for instrument in instruments_of(study, table.name):
        words |= {plain_word(text) for text in instrument.recode}

    def answer(text: str) -> bool:
        return is_number(text) or plain_word(text) in words

    def occasion(text: str) -> bool:
        return is_number(text) or text in study.labels

    expected: dict[str, Accepts] = {}
    for column in answer_columns(study, table.name, table.occasion):
        expected[column] = answer
    if len(source.occasion_columns) == 1:
        expected[source.occasion_columns[0]] = occasion
    for _, column, _, kind, _ in person_columns(study):
        if kind == "number":
            expected.setdefault(column, answer)
    return expected
