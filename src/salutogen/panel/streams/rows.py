"""Rows of a source of prompts: which are meant, whose they are, and to which burst they belong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.identifiers import factorise, match_labels, person_codes
from salutogen.panel.meant_rows import meant_rows
from salutogen.panel.numeric import id_text

if TYPE_CHECKING:
    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study import Study
    from salutogen.study.format import Source


def read_keys(
    study: Study, table: SourceTable, plan: Source, subjects: pl.Series, findings: Findings
) -> pl.DataFrame:
    """Person, burst and prompt of each row of the file, and whether the row is meant.

    Returns
    -------
    DataFrame
        `person` (Int64, place among `subjects`; null for others), `occasion` (Int64, place in the
        plan; null where nothing says it), `name` (text: the prompt, null where unknown), `meant`
        (Boolean), `data_row` (UInt32).
    """
    meant = pl.Series(meant_rows(table, plan.only, findings))
    person = _persons(table, plan, subjects, meant, findings)
    columns = {
        "person": person,
        "occasion": _occasions(study, table, plan, meant & person.is_not_null(), findings),
        "name": _names(table, plan),
        "meant": meant & person.is_not_null(),
        "data_row": pl.int_range(1, table.n_rows + 1, dtype=pl.UInt32, eager=True),
    }
    return pl.DataFrame(columns)


def _persons(
    table: SourceTable, plan: Source, subjects: pl.Series, meant: pl.Series, findings: Findings
) -> pl.Series:
    """Place of each row's person in the panel; null, and said, for persons without answers."""
    codes, texts = person_codes(table, plan.person_columns, findings)
    places = {subject: place for place, subject in enumerate(subjects.to_list())}
    lookup = np.array([*(places.get(text, -1) for text in texts.to_list()), -1], dtype=np.int64)
    found = lookup[codes]
    strange = np.flatnonzero((codes >= 0) & (found < 0) & meant.to_numpy())
    if strange.size:
        findings.tell(
            "prompt-of-unknown-person",
            file=table.label,
            column=", ".join(plan.person_columns),
            rows=[int(row) + 1 for row in strange[:10]],
            n_rows=int(strange.size),
        )
    return pl.select(pl.when(pl.Series(found) >= 0).then(pl.Series(found))).to_series()


def _occasions(
    study: Study, table: SourceTable, plan: Source, meant: pl.Series, findings: Findings
) -> pl.Series:
    """Place in the plan of the occasion that each row's burst goes with."""
    bursts = study.schedule.bursts
    if plan.burst is None:
        place = bursts[0].occasions.start if bursts else None
        return pl.Series([place], dtype=pl.Int64).new_from_index(0, table.n_rows)
    codes, texts = factorise(table.column(plan.burst))
    matched = match_labels(texts.to_list(), study.labels)
    lookup = np.array([*(-2 if one is None else one for one in matched), -1], dtype=np.int64)
    found = lookup[codes]
    wrong = np.flatnonzero((found < 0) & meant.to_numpy())
    if wrong.size:
        blank = bool((found[wrong] == -1).all())
        shown = Counter(texts[int(codes[row])] for row in wrong if codes[row] >= 0)
        findings.tell(
            "prompt-of-unknown-burst",
            variant="blank" if blank else "",
            file=table.label,
            column=plan.burst,
            rows=[int(row) + 1 for row in wrong[:10]],
            n_rows=int(wrong.size),
            named=list(shown),
            planned=study.labels,
        )
    return pl.select(pl.when(pl.Series(found) >= 0).then(pl.Series(found))).to_series()


def _names(table: SourceTable, plan: Source) -> pl.Series:
    """Name or number of each prompt, as text."""
    if plan.prompt is None:
        return pl.Series([None], dtype=pl.String).new_from_index(0, table.n_rows)
    texts = id_text(table.column(plan.prompt)).str.strip_chars()
    return pl.select(pl.when(texts != "").then(texts)).to_series()
