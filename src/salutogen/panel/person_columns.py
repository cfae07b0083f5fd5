"""One row per person: background, arm and instruments measured at baseline."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings, Persons
from salutogen.namespaces import background_column
from salutogen.panel.alike_labels import tell_alike
from salutogen.panel.expected_columns import ARM_PATH, person_columns
from salutogen.panel.items import rules_for, type_item
from salutogen.panel.layouts.aligned_source import AlignedSource, Integers
from salutogen.panel.numeric import finite_numbers, id_text
from salutogen.panel.person_checks import (
    check_arms,
    without_missing_codes,
)
from salutogen.panel.readers.excel_errors import ERRORS
from salutogen.study.answers_in_words import BOOLEAN_WORDS

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study


AGE = re.compile(r"(?:^|[^a-z])(?:age|alter|leeftijd|edad|[aâ]ge)(?:[^a-z]|$)", re.IGNORECASE)
_OLDEST = 120.0
_SLACK_YEARS = 1.0
_DAYS_PER_YEAR = 365.25


def read_persons(
    study: Study, aligned: Mapping[str, AlignedSource], subjects: pl.Series, findings: Findings
) -> pl.DataFrame:
    """Read what describes the persons: background columns and the arm."""
    columns = {
        "person": pl.int_range(subjects.len(), dtype=pl.UInt32, eager=True),
        "subject": subjects,
    }
    for name, column, given, kind, path in person_columns(study):
        having = [s for s in aligned if aligned[s].has(column)]
        place = given if given is not None else (having[0] if having else None)
        found = None if place is None else aligned[place].by_person(column)
        if place is None or found is None:
            continue
        who, when, row, raw = found
        label = aligned[place].label
        growing: float | None = None
        if kind == "number":
            values = _number(raw, column, label, row, study, place, findings)
            values = without_missing_codes(study, values, column, label, row, findings)
            if AGE.search(name) or AGE.search(column):
                growing = _years(study)
                _check_ages(values, column, label, row, findings)
        else:
            tell_alike(id_text(raw), column, label, findings)
            texts = id_text(raw).str.strip_chars()
            _refuse_errors(texts, column, label, row, findings)
            values = pl.select(pl.when(texts != "").then(texts)).to_series()
        own = name if path == ARM_PATH else background_column(name)
        columns[own] = first_by_person(
            who, when, row, values, subjects.len(),
            column=column, label=label, findings=findings, growing=growing,
        )  # fmt: skip
        if path == ARM_PATH:
            check_arms(study, columns[own], column, label, findings)
    return pl.DataFrame(columns)


def _check_ages(
    ages: pl.Series, column: str, label: str, rows: Integers, findings: Findings
) -> None:
    odd = ((ages < 0) | (ages > _OLDEST)).fill_null(value=False)
    if odd.any():
        where = np.sort(rows[odd.to_numpy()])
        findings.tell(
            "odd-age",
            file=label,
            column=column,
            rows=[int(row) for row in where[:10]],
            n_rows=int(where.size),
            lowest=ages.filter(odd).min(),
            highest=ages.filter(odd).max(),
        )


def _refuse_errors(
    texts: pl.Series, column: str, label: str, rows: Integers, findings: Findings
) -> None:
    """Refuse errors of a spreadsheet: they are no category."""
    bad = texts.is_in(list(ERRORS)).fill_null(value=False)
    if bad.any():
        places = bad.arg_true()
        findings.tell(
            "error-cell",
            file=label,
            column=column,
            rows=[int(rows[int(place)]) for place in places.head(10)],
            n_rows=places.len(),
            shown=texts[int(places[0])],
            first=int(rows[int(places[0])]),
        )


def _years(study: Study) -> float:
    """Longest time between two planned occasions, in years; 100 where the plan has no times."""
    days = [occasion.day for occasion in study.occasions]
    known = [day for day in days if day is not None]
    return (max(known) - min(known)) / _DAYS_PER_YEAR if len(known) == len(days) else 100.0


def _number(
    raw: pl.Series,
    column: str,
    label: str,
    rows: Integers,
    study: Study,
    source: str,
    findings: Findings,
) -> pl.Series:
    plan = study.plan.sources[source]
    words = BOOLEAN_WORDS if plan.boolean == "answer" else None
    values, bad = finite_numbers(raw, plan.decimal, words=words)
    if bad.any():
        places = bad.arg_true()
        findings.tell(
            "background-not-a-number",
            file=label,
            column=column,
            rows=[int(rows[int(place)]) for place in places.head(10)],
            n_rows=places.len(),
            shown=raw[int(places[0])],
            first=int(rows[int(places[0])]),
        )
    return values


@dataclass(frozen=True, kw_only=True)
class BaselineForm:
    """A baseline instrument: answers, one row per person, and when they were given.

    `times` are of `TIMES`, the latest of the items; None where the source has no times.
    """

    answers: pl.DataFrame
    times: pl.Series | None


def read_baseline(
    study: Study,
    instrument: Instrument,
    source: AlignedSource,
    n_persons: int,
    findings: Findings,
) -> BaselineForm:
    """Read one baseline instrument: the first answer of each person to each item."""
    plan = study.plan.sources[instrument.source]
    rules = rules_for(instrument, plan)
    columns: dict[str, pl.Series] = {}
    times: list[pl.Series] = []
    for item in instrument.items:
        column = instrument.columns[item]
        found = source.by_person(column, item=True)
        if found is None:
            continue
        who, when, row, raw = found
        cells = type_item(
            raw, rules, column=column, label=source.label, findings=findings,
            decimal=plan.decimal,
            user_missing=source.declared(column), rows=pl.Series(row),
        )  # fmt: skip
        columns[item] = first_by_person(
            who, when, row, rules.smallest(cells.values), n_persons,
            column=column, label=source.label, findings=findings,
        ).rename(item)  # fmt: skip
        days = None
        if plan.time is not None:
            days = source.times_by_person(column, plan.time, item=True)
        if days is not None:
            order = _known_in_order(who, when, row, cells.values)
            first = _first_places(who[order], n_persons)
            own = pl.Series(np.append(order, -1)[first])  # -1 of who has none
            times.append(days.gather(pl.select(pl.when(own >= 0).then(own)).to_series()))
    return BaselineForm(answers=pl.DataFrame(columns), times=_latest(times))


def _latest(times: list[pl.Series]) -> pl.Series | None:
    """Latest of several times of each person, those that are not known left out."""
    if not times:
        return None
    last = times[0]
    for other in times[1:]:
        mine, its = (one.struct.field("time") for one in (last, other))
        later = its.is_not_null() & (mine.is_null() | (its > mine))
        last = other.zip_with(later, last)
    return last


def first_by_person(
    persons: Integers,
    occasions: Integers,
    rows: Integers,
    values: pl.Series,
    n_persons: int,
    *,
    column: str,
    label: str,
    findings: Findings,
    growing: float | None = None,
) -> pl.Series:
    """Take each person's first value; say which persons have more than one.

    Parameters
    ----------
    values : Series
        One cell per row of the file, null where blank.
    growing : float, optional
        For an age: by how much it may grow over the person's rows.

    Returns
    -------
    Series with one value per person (null where there is none), by order of occasion, then row.
    """
    order = _known_in_order(persons, occasions, rows, values)
    who, row = persons[order], rows[order]
    kept = values.gather(pl.Series(order))
    places = pl.Series(_first_places(who, n_persons))
    index = pl.select(pl.when(places >= 0).then(places)).to_series()
    starts = np.flatnonzero(np.diff(who, prepend=-1) != 0)
    _tell_changes(kept, who, row, starts, growing, column, label, findings)
    if not kept.len():
        return pl.Series([None], dtype=values.dtype).new_from_index(0, n_persons)
    return kept.gather(index)


def _known_in_order(
    persons: Integers, occasions: Integers, rows: Integers, values: pl.Series
) -> Integers:
    """Places of the values that are known, by person, then occasion, then row."""
    known = np.flatnonzero(values.is_not_null().to_numpy())
    who, when, row = persons[known], occasions[known], rows[known]
    if known.size and not _sorted(who, when):
        known = known[np.lexsort((row, when, who))]
    return known


def _first_places(who: Integers, n_persons: int) -> Integers:
    """Place of each person's first entry in a list by person; -1 where there is none."""
    starts = np.flatnonzero(np.diff(who, prepend=-1) != 0)
    places = np.full(n_persons, -1, dtype=np.int64)
    places[who[starts]] = starts
    return places


def _sorted(who: Integers, when: Integers) -> bool:
    later = (who[1:] > who[:-1]) | ((who[1:] == who[:-1]) & (when[1:] >= when[:-1]))
    return bool(later.all())


def _tell_changes(
    kept: pl.Series,
    who: Integers,
    row: Integers,
    starts: NDArray[np.int64],
    growing: float | None,
    column: str,
    label: str,
    findings: Findings,
) -> None:
    if not who.size:
        return
    inside = who[1:] == who[:-1]
    changed = np.zeros(who.size, dtype=bool)
    if growing is None:
        differs = (kept != kept.shift(1)).fill_null(value=False).to_numpy()
        changed[1:] = differs[1:] & inside
    else:
        numbers = kept.cast(pl.Float64).to_numpy()
        steps = np.diff(numbers)
        base = numbers[starts][np.cumsum(np.isin(np.arange(who.size), starts)) - 1]
        changed[1:] = inside & ((steps < 0) | (numbers[1:] - base[1:] > growing + _SLACK_YEARS))
    if not changed.any():
        return
    persons = np.unique(who[changed])
    rows = np.sort(row[changed])
    findings.tell(
        "two-values-for-one-person",
        file=label,
        column=column,
        rows=[int(place) for place in rows[:10]],
        n_rows=int(rows.size),
        persons=Persons(persons.size),
    )
