"""One row per person: background, arm and instruments measured at baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from salutogen.panel.aligned import Aligned, Integers
from salutogen.panel.background import AGE, first_by_person
from salutogen.panel.cells import to_numbers
from salutogen.panel.collecting import Gathering, counted
from salutogen.panel.items import rules_for, type_item
from salutogen.panel.persons import id_text
from salutogen.panel.wanted import person_columns

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study


def read_persons(
    study: Study, aligned: Mapping[str, Aligned], subjects: pl.Series, gathering: Gathering
) -> pl.DataFrame:
    """Read what describes the persons: background columns and the arm."""
    columns = {
        "person": pl.int_range(subjects.len(), dtype=pl.UInt32, eager=True),
        "subject": subjects,
    }
    for name, column, given, kind, _ in person_columns(study):
        having = [s for s in aligned if column in aligned[s].table.columns]
        place = given if given is not None else (having[0] if having else None)
        found = None if place is None else aligned[place].by_person(column)
        if place is None or found is None:
            continue
        who, when, row, raw = found
        label = aligned[place].table.label
        growing: float | None = None
        if kind == "number":
            values = _number(raw, column, label, row, study, place, gathering)
            if AGE.search(name) or AGE.search(column):
                growing = _years(study)
        else:
            texts = id_text(raw).str.strip_chars()
            values = pl.select(pl.when(texts != "").then(texts)).to_series()
        columns[name] = first_by_person(
            who, when, row, values, subjects.len(),
            column=column, label=label, gathering=gathering, growing=growing,
        )  # fmt: skip
    return pl.DataFrame(columns)


def _years(study: Study) -> float:
    """Longest time between two planned occasions, in years; 100 where the plan has no times."""
    days = [occasion.day for occasion in study.occasions]
    known = [day for day in days if day is not None]
    return (max(known) - min(known)) / 365.25 if len(known) == len(days) else 100.0


def _number(
    raw: pl.Series,
    column: str,
    label: str,
    rows: Integers,
    study: Study,
    source: str,
    gathering: Gathering,
) -> pl.Series:
    read = to_numbers(raw, study.plan.sources[source].decimal)
    values = read.values.cast(pl.Float64)
    bad = ~values.is_finite().fill_null(value=True)
    if read.text is not None:
        bad |= read.text
    if bad.any():
        places = bad.arg_true()
        shown = raw[int(places[0])]
        gathering.add(
            "background-not-a-number",
            f"{counted(places.len(), 'cell')} of the background column {column!r} in {label} "
            f"{'is' if places.len() == 1 else 'are'} not a number: {shown!r} "
            f"(row {int(rows[int(places[0])])}).",
            file=label,
            column=column,
            rows=[int(rows[int(place)]) for place in places.head(10)],
            n_rows=places.len(),
        )
        values = pl.select(pl.when(~bad).then(values)).to_series()
    return values


def read_baseline(
    study: Study,
    instrument: Instrument,
    source: Aligned,
    n_persons: int,
    gathering: Gathering,
) -> pl.DataFrame:
    """Read one baseline instrument: the first answer of each person to each item."""
    rules = rules_for(instrument)
    columns: dict[str, pl.Series] = {}
    for item in instrument.items:
        column = instrument.columns[item]
        found = source.by_person(column, item=True)
        if found is None:
            continue
        who, when, row, raw = found
        cells = type_item(
            raw, rules, column=column, label=source.table.label, gathering=gathering,
            decimal=study.plan.sources[instrument.source].decimal,
            user_missing=source.table.user_missing.get(column, ()), rows=pl.Series(row),
        )  # fmt: skip
        columns[item] = first_by_person(
            who, when, row, cells.values, n_persons,
            column=column, label=source.table.label, gathering=gathering,
        ).rename(item)  # fmt: skip
    return pl.DataFrame(columns)
