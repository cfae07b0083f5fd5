"""AlignedSource with one row per dated event: who, when, what, and how severe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.identifiers import Codes, person_codes
from salutogen.panel.layouts.row_per_item import read_names
from salutogen.panel.marked_rows import first_marked
from salutogen.panel.numeric import to_numbers
from salutogen.panel.odd_times import check_event_dates
from salutogen.panel.times import to_days

if TYPE_CHECKING:
    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study import Study


def read_events(
    study: Study, table: SourceTable, subjects: pl.Series, findings: Findings
) -> pl.DataFrame:
    """Read the dated events of one source.

    Parameters
    ----------
    study : Study
    table : SourceTable
        Its columns are there (`check_columns`).
    subjects : Series of str
        Persons of the panel, to the letter; events of others are left out with a finding.
    findings : Findings
        Takes what has to be said. Unreadable dates and ratings are refused with row and column.

    Returns
    -------
    DataFrame
        As `Panel.events`.
    """
    plan = study.plan.sources[table.name]
    if plan.time is None or plan.event is None:
        raise ValueError("a source of dated events has `time` and `event`")
    persons = _persons(table, plan.person_columns, subjects, findings)
    kinds, names = read_names(table, plan.event, findings)
    days = to_days(
        table.described(plan.time.column),
        plan.time,
        column=plan.time.column,
        label=table.label,
        findings=findings,
        decimal=plan.decimal,
    )
    ratings = pl.Series([None], dtype=pl.Float64).new_from_index(0, persons.size)
    if plan.rating is not None:
        ratings = _ratings(table, plan.rating, plan.decimal, findings)
    known = (persons >= 0) & (kinds >= 0)
    unnamed = np.flatnonzero((persons >= 0) & (kinds < 0))
    _tell_left_out("event-without-kind", unnamed, table, plan.event, findings)
    undated = np.flatnonzero(known & days.is_null().to_numpy())
    _tell_left_out("event-without-date", undated, table, plan.time.column, findings)
    found = pl.DataFrame(
        {
            "person": pl.Series(np.maximum(persons, 0), dtype=pl.UInt32),
            "day": days.struct.field("time"),
            "local_time": days.struct.field("local_time"),
            "clock": days.struct.field("clock"),
            "event": pl.Series(names, dtype=pl.String).gather(pl.Series(np.maximum(kinds, 0)))
            if names
            else pl.Series([], dtype=pl.String),
            "rating": ratings,
            "data_row": pl.int_range(1, persons.size + 1, dtype=pl.UInt32, eager=True),
        }
    ).filter(pl.Series(known) & days.is_not_null())
    check_event_dates(found, table.label, plan.time.column, findings)
    return _without_copies(found, table, findings).sort("person", "day", "data_row")


def _persons(
    table: SourceTable, columns: Sequence[str], subjects: pl.Series, findings: Findings
) -> Codes:
    """Number each row by the panel's persons; -1 for persons who gave no answers."""
    codes, texts = person_codes(table, columns, findings)
    places = {subject: place for place, subject in enumerate(subjects.to_list())}
    lookup = np.array([*(places.get(text, -1) for text in texts.to_list()), -1], dtype=np.int64)
    found = lookup[codes]
    strangers = np.flatnonzero((codes >= 0) & (found < 0))
    _tell_left_out("event-of-unknown-person", strangers, table, ", ".join(columns), findings)
    return found


def _ratings(table: SourceTable, column: str, decimal: str | None, findings: Findings) -> pl.Series:
    read = to_numbers(table.described(column), decimal)
    values = read.values.cast(pl.Float64)
    bad = ~values.is_finite().fill_null(value=True)
    if read.text is not None:
        bad |= read.text
    if bad.any():
        told = first_marked(bad, table.column(column))
        told["shown"] = str(told["shown"])
        findings.tell("event-rating-not-a-number", file=table.label, column=column, **told)
    return values


def _without_copies(found: pl.DataFrame, table: SourceTable, findings: Findings) -> pl.DataFrame:
    """Drop rows that repeat an event of the same person, day, kind and rating."""
    first = found.select(pl.struct("person", "day", "event", "rating").is_first_distinct())
    copies = found.filter(~first.to_series())["data_row"].to_numpy().astype(np.int64) - 1
    _tell_left_out("event-twice", copies, table, None, findings)
    return found.filter(first.to_series())


def _tell_left_out(
    code: str, rows: Codes, table: SourceTable, column: str | None, findings: Findings
) -> None:
    """Say how many events were left out, and why."""
    if rows.size:
        findings.tell(
            code,
            file=table.label,
            column=column,
            rows=[int(row) + 1 for row in rows[:10]],
            n_rows=int(rows.size),
        )
