"""Layout with one row per dated event: who, when, what, and how severe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.panel.cells import to_numbers
from salutogen.panel.collecting import Gathering, counted
from salutogen.panel.persons import Codes, person_codes
from salutogen.panel.row_per_item import read_items
from salutogen.panel.times import to_days

if TYPE_CHECKING:
    from salutogen.panel.tables import SourceTable
    from salutogen.study import Study


def read_events(
    study: Study, table: SourceTable, subjects: pl.Series, gathering: Gathering
) -> pl.DataFrame:
    """Read the dated events of one source.

    Parameters
    ----------
    study : Study
    table : SourceTable
        Its columns are there (`check_columns`).
    subjects : Series of str
        Persons of the panel, to the letter; events of others are left out with a finding.
    gathering : Gathering
        Takes what has to be said. Unreadable dates and ratings are refused with row and column.

    Returns
    -------
    DataFrame
        As `Panel.events`.
    """
    plan = study.plan.sources[table.name]
    if plan.time is None or plan.event is None:
        raise ValueError("a source of dated events has `time` and `event`")
    persons = _persons(table, plan.person, subjects, gathering)
    kinds, names = read_items(table, plan.event, gathering)
    days = to_days(
        table.column(plan.time.column),
        plan.time,
        column=plan.time.column,
        label=table.label,
        gathering=gathering,
        decimal=plan.decimal,
    )
    ratings = pl.Series([None], dtype=pl.Float64).new_from_index(0, persons.size)
    if plan.rating is not None:
        ratings = _ratings(table, plan.rating, plan.decimal, gathering)
    known = (persons >= 0) & (kinds >= 0)
    undated = np.flatnonzero(known & days.is_null().to_numpy())
    _say_left_out(
        "event-without-date",
        ("has no date", "have no date"),
        undated,
        table,
        plan.time.column,
        gathering,
    )
    found = pl.DataFrame(
        {
            "person": pl.Series(np.maximum(persons, 0), dtype=pl.UInt32),
            "day": days,
            "event": pl.Series(names, dtype=pl.String).gather(pl.Series(np.maximum(kinds, 0)))
            if names
            else pl.Series([], dtype=pl.String),
            "rating": ratings,
            "data_row": pl.int_range(1, persons.size + 1, dtype=pl.UInt32, eager=True),
        }
    ).filter(pl.Series(known) & days.is_not_null())
    return _without_copies(found, table, gathering).sort("person", "day", "data_row")


def _persons(table: SourceTable, column: str, subjects: pl.Series, gathering: Gathering) -> Codes:
    """Number each row by the panel's persons; -1 for persons who gave no answers."""
    codes, texts = person_codes(table, column, gathering)
    places = {subject: place for place, subject in enumerate(subjects.to_list())}
    lookup = np.array([*(places.get(text, -1) for text in texts.to_list()), -1], dtype=np.int64)
    found = lookup[codes]
    strangers = np.flatnonzero((codes >= 0) & (found < 0))
    _say_left_out(
        "event-of-unknown-person",
        ("belongs to a person without answers", "belong to persons without answers"),
        strangers,
        table,
        column,
        gathering,
    )
    return found


def _ratings(
    table: SourceTable, column: str, decimal: str | None, gathering: Gathering
) -> pl.Series:
    read = to_numbers(table.column(column), decimal)
    values = read.values.cast(pl.Float64)
    bad = ~values.is_finite().fill_null(value=True)
    if read.text is not None:
        bad |= read.text
    if bad.any():
        places = bad.arg_true()
        first = int(places[0])
        gathering.add(
            "event-rating-not-a-number",
            f"{counted(places.len(), 'cell')} of column {column!r} in {table.label} "
            f"{'is' if places.len() == 1 else 'are'} no rating: {table.column(column)[first]!r} "
            f"(row {first + 1}); numbers are expected.",
            file=table.label,
            column=column,
            rows=[int(place) + 1 for place in places.head(10)],
            n_rows=places.len(),
        )
    return values


def _without_copies(found: pl.DataFrame, table: SourceTable, gathering: Gathering) -> pl.DataFrame:
    """Drop rows that repeat an event of the same person, day, kind and rating."""
    first = found.select(pl.struct("person", "day", "event", "rating").is_first_distinct())
    copies = found.filter(~first.to_series())["data_row"].to_numpy().astype(np.int64) - 1
    words = ("repeats another", "repeat another")
    _say_left_out("event-twice", words, copies, table, None, gathering)
    return found.filter(first.to_series())


def _say_left_out(
    code: str,
    words: tuple[str, str],
    rows: Codes,
    table: SourceTable,
    column: str | None,
    gathering: Gathering,
) -> None:
    """Say how many events were left out; `words` tell why, for one and for several."""
    if not rows.size:
        return
    one = rows.size == 1
    gathering.add(
        code,
        f"{counted(rows.size, 'event')} of {table.label} {words[0 if one else 1]} and "
        f"{'was' if one else 'were'} left out.",
        file=table.label,
        column=column,
        rows=[int(row) + 1 for row in rows[:10]],
        n_rows=int(rows.size),
    )
