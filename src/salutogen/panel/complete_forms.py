"""Forms that a column says were not handed in: what stands in them is no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings, listed
from salutogen.panel.expected_columns import VALUE, instruments_of
from salutogen.panel.joined_columns import as_number
from salutogen.panel.numeric import id_text
from salutogen.panel.readers.source_table import SourceTable, nothing_like
from salutogen.study.format import OCCASION_PLACEHOLDER
from salutogen.study.instruments.instrument import columns_at

if TYPE_CHECKING:
    from salutogen.study import Study


def without_open_forms(
    study: Study, tables: Sequence[SourceTable], findings: Findings
) -> list[SourceTable]:
    """Leave out the answers of forms that were not handed in, by `complete` of their source.

    `tables` are those of one source. A form that nobody handed in (a code that occurs in none of
    them) is refused: the code is wrong.
    """
    plan = study.plan.sources[tables[0].name].complete
    if plan is None:
        return list(tables)
    every = [_answers_by_column(study, table, plan.column) for table in tables]
    done = [
        {column: _handed_in(table.described(column), plan.codes) for column in by_column}
        for table, by_column in zip(tables, every, strict=True)
    ]
    codes = listed(plan.codes, quotes=True)
    if not any(bool(mask.any()) for masks in done for mask in masks.values()):
        column = next(column for by_column in every for column in by_column)
        label = listed([table.label for table in tables])
        findings.tell("complete-code-never", file=label, column=column, codes=codes)
        return list(tables)
    return [
        _without_open(table, by_column, masks, codes, findings)
        for table, by_column, masks in zip(tables, every, done, strict=True)
    ]


def _without_open(
    table: SourceTable,
    by_column: Mapping[str, list[str]],
    done: Mapping[str, pl.Series],
    codes: str,
    findings: Findings,
) -> SourceTable:
    """Leave out the answers of the open forms of one table, and say how many forms they are."""
    blanked: dict[str, pl.Series] = {}
    open_rows = np.zeros(table.n_rows, dtype=bool)
    forms = 0
    for column, answers in by_column.items():
        mask = done[column]
        open_rows |= ~mask.to_numpy()
        forms += int((~mask).sum())
        for answer in answers:
            cells = table.column(answer)
            blanked[answer] = cells.zip_with(mask, nothing_like(cells))
    rows = np.flatnonzero(open_rows)
    findings.tell(
        "form-not-handed-in",
        file=table.label,
        column=listed(by_column),
        rows=[int(row) + 1 for row in rows[:10]],
        n_rows=int(rows.size),
        forms=forms,
        codes=codes,
    )
    return table.with_cells(blanked)


def _answers_by_column(study: Study, table: SourceTable, pattern: str) -> dict[str, list[str]]:
    """Columns of answers by the column that says whether they were handed in."""
    have = set(table.columns)
    labels = study.labels if table.occasion is None else (table.occasion,)
    here = instruments_of(study, table.name)
    plan = study.plan.sources[table.name]
    by_occasion = OCCASION_PLACEHOLDER in pattern
    found: dict[str, dict[str, None]] = {}
    for label in labels:
        column = columns_at(pattern, [label])[0]
        if column not in have:
            continue
        answers = found.setdefault(column, {})
        if plan.layout == "row-per-item":
            answers[plan.value or VALUE] = None
            continue
        for instrument in here:
            if by_occasion and instrument.measured == "baseline":
                continue
            for item in instrument.columns.values():
                name = columns_at(item, [label])[0]
                if name in have:
                    answers[name] = None
    return {column: list(answers) for column, answers in found.items()}


def _handed_in(cells: pl.Series, codes: tuple[str, ...]) -> pl.Series:
    """Tell which cells hold one of the codes, as text or as a number."""
    texts = id_text(cells)
    plain = {code.strip().casefold() for code in codes}
    numbers = {number for code in codes if (number := as_number(code)) is not None}
    matching = [
        text
        for text in texts.unique().to_list()
        if text is not None
        and (text.strip().casefold() in plain or as_number(text.strip()) in numbers)
    ]
    return texts.is_in(matching).fill_null(value=False)
