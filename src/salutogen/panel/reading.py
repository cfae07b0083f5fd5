"""`read_panel`: from a study and its data to one canonical panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.aligned import Aligned, Integers
from salutogen.panel.background import AGE, first_by_person
from salutogen.panel.cells import to_numbers
from salutogen.panel.collecting import Gathering, counted
from salutogen.panel.items import Cells, rules_for, type_item
from salutogen.panel.lining_up import check_columns, line_up
from salutogen.panel.opening import open_sources
from salutogen.panel.panel import Panel
from salutogen.panel.persons import id_text
from salutogen.panel.reasons import Mask, answered_rows, explain_blanks, seen_rows
from salutogen.panel.times import to_days
from salutogen.panel.wanted import is_per_person, person_columns

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study


@dataclass(frozen=True)
class _Rows:
    """Union of the person-occasions of all sources."""

    keys: Integers
    persons: Integers
    occasions: Integers
    places: Mapping[str, pl.Series | None]

    def spread(self, source: str, values: pl.Series) -> pl.Series:
        """Put one source's column into the rows of the panel; null where it has no row."""
        index = self.places[source]
        return values if index is None else values.gather(index)


def read_panel(study: Study, data: Any = None) -> Panel:
    """Read the answers of a study into one canonical panel.

    Parameters
    ----------
    study : Study
        The study file, read.
    data : path, data frame or mapping, optional
        A folder (default: the study file's own), one file or one frame for a study with one
        source, or a mapping of source name to file or frame. Frames of pandas, Polars, Arrow and
        whatever else Narwhals knows.

    Returns
    -------
    Panel
        Answers by person, occasion and item, each missing value with its reason, and findings.

    Raises
    ------
    PanelError
        The data cannot be read or contradict the study file; carries every problem found.

    Notes
    -----
    Text files are read as text and typed by the study file; nothing is coerced silently. A blank
    item of an answered form is *skipped*; of an unanswered form *absent*. In a tick-list a blank
    means that the event did not occur, if the form was submitted: some item of the list, or of
    another repeated instrument in the same source, is answered at that occasion.
    """
    gathering = Gathering()
    tables = open_sources(study, data, gathering)
    usable = check_columns(study, tables, gathering)
    if not usable or len(tables) < len(study.plan.sources):
        gathering.stop()
    aligned, subjects = line_up(study, tables, gathering)
    rows = _unite(study, aligned)
    columns = {
        name: _typed(study, instrument, aligned[instrument.source], rows, gathering)
        for name, instrument in study.instruments.items()
        if instrument.measured == "repeated"
    }
    time = _time(study, aligned, rows, gathering)
    persons = _persons(study, aligned, subjects, gathering)
    baseline = {
        name: _baseline(study, instrument, aligned[instrument.source], subjects.len(), gathering)
        for name, instrument in study.instruments.items()
        if instrument.measured == "baseline"
    }
    gathering.stop()
    panel = _assemble(study, aligned, rows, columns, time, persons, baseline, gathering)
    gathering.stop()
    return Panel(
        study=study,
        inputs=tuple(table.info for table in tables.values()),
        findings=tuple(gathering.findings),
        **panel,
    )


def _unite(study: Study, aligned: Mapping[str, Aligned]) -> _Rows:
    repeated = [name for name in aligned if not is_per_person(study, name)]
    every = [aligned[name].keys for name in repeated]
    if len(every) == 1 or (every and all(np.array_equal(every[0], keys) for keys in every[1:])):
        keys = every[0]
        places: dict[str, pl.Series | None] = dict.fromkeys(repeated)
    else:
        keys = np.unique(np.concatenate(every)) if every else np.zeros(0, dtype=np.int64)
        places = {name: _places(keys, aligned[name].keys) for name in repeated}
    n_occasions = len(study.labels)
    return _Rows(keys, keys // n_occasions, keys % n_occasions, places)


def _places(union: Integers, keys: Integers) -> pl.Series:
    """Place of each key of the union in one source, null where the source lacks it."""
    if not keys.size:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, union.size)
    found = np.minimum(np.searchsorted(keys, union), keys.size - 1)
    present = pl.Series(keys[found] == union)
    return pl.select(pl.when(present).then(pl.Series(found))).to_series()


def _typed(
    study: Study,
    instrument: Instrument,
    source: Aligned,
    rows: _Rows,
    gathering: Gathering,
) -> dict[str, Cells]:
    rules = rules_for(study, instrument)
    typed: dict[str, Cells] = {}
    for item in instrument.items:
        cells = source.item(instrument.columns[item], rules)
        if cells is None:
            continue
        marks = cells.marks
        if marks is not None:
            marks = rows.spread(instrument.source, marks).fill_null(0)
        typed[item] = Cells(rows.spread(instrument.source, cells.values), marks)
    return typed


def _time(
    study: Study, aligned: Mapping[str, Aligned], rows: _Rows, gathering: Gathering
) -> pl.Series:
    time = pl.Series([None], dtype=pl.Float64).new_from_index(0, rows.keys.size)
    for name, source in aligned.items():
        plan = study.plan.sources[name]
        if plan.time is None or name not in rows.places:
            continue
        raw = source.raw(plan.time.column)
        if raw is None:
            continue
        days = to_days(
            raw,
            plan.time,
            column=plan.time.column,
            label=source.table.label,
            gathering=gathering,
            decimal=plan.decimal,
        )
        time = pl.select(pl.coalesce(time, rows.spread(name, days))).to_series()
    return time.rename("time")


def _persons(
    study: Study, aligned: Mapping[str, Aligned], subjects: pl.Series, gathering: Gathering
) -> pl.DataFrame:
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


def _baseline(
    study: Study,
    instrument: Instrument,
    source: Aligned,
    n_persons: int,
    gathering: Gathering,
) -> pl.DataFrame:
    rules = rules_for(study, instrument)
    columns: dict[str, pl.Series] = {}
    for item in instrument.items:
        column = instrument.columns[item]
        found = source.by_person(column)
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


def _assemble(
    study: Study,
    aligned: Mapping[str, Aligned],
    rows: _Rows,
    columns: Mapping[str, Mapping[str, Cells]],
    time: pl.Series,
    persons: pl.DataFrame,
    baseline: Mapping[str, pl.DataFrame],
    gathering: Gathering,
) -> dict[str, Any]:
    """Give blanks their reasons, leave out empty rows and number the persons that remain."""
    height = rows.keys.size
    answered = {name: answered_rows(cells, height) for name, cells in columns.items()}
    seen = {name: seen_rows(cells, answered[name]) for name, cells in columns.items()}
    keep = time.is_not_null().to_numpy().copy()
    for mask in seen.values():
        keep |= mask
    answers: dict[str, pl.DataFrame] = {}
    reasons: dict[str, pl.DataFrame] = {}
    for name, cells in columns.items():
        instrument = study.instruments[name]
        submitted = None
        if instrument.form == "tick-list":
            submitted = _submitted(study, instrument, answered)
        answers[name], reasons[name] = explain_blanks(
            instrument,
            cells,
            seen[name] if submitted is None else submitted,
            study.labels,
            rows.occasions,
            gathering,
            submitted,
        )
    first = next(name for name in rows.places)
    data_rows = rows.spread(first, pl.Series(aligned[first].data_rows)).fill_null(0)
    table = pl.DataFrame(
        {
            "person": pl.Series(rows.persons, dtype=pl.UInt32),
            "occasion": pl.Series(rows.occasions, dtype=pl.UInt16),
            "time": time,
            "data_row": data_rows.cast(pl.UInt32),
        }
    )
    if not keep.all():
        mask = pl.Series(keep)
        table = table.filter(mask)
        answers = {name: frame.filter(mask) for name, frame in answers.items()}
        reasons = {
            name: frame.filter(mask) if frame.width else frame for name, frame in reasons.items()
        }
    if table.height == 0:
        gathering.add("no-answers", "The data hold no answer to any planned instrument.")
    present = np.zeros(persons.height, dtype=bool)
    present[table["person"].to_numpy()] = True
    if not present.all():
        gone = int((~present).sum())
        gathering.add(
            "person-without-occasions",
            f"{counted(gone, 'person')} {'has' if gone == 1 else 'have'} no answer at any planned "
            f"occasion and {'was' if gone == 1 else 'were'} left out.",
            numbers={"persons": gone},
        )
        lookup = pl.Series(np.cumsum(present) - 1, dtype=pl.UInt32)
        table = table.with_columns(lookup.gather(table["person"]).alias("person"))
        mask = pl.Series(present)
        persons = persons.filter(mask).with_columns(person=pl.int_range(pl.len(), dtype=pl.UInt32))
        baseline = {name: frame.filter(mask) for name, frame in baseline.items()}
    return {
        "rows": table,
        "answers": answers,
        "reasons": reasons,
        "persons": persons,
        "baseline": dict(baseline),
    }


def _submitted(
    study: Study, instrument: Instrument, answered: Mapping[str, NDArray[np.bool_]]
) -> Mask:
    """Rows in which a tick-list was handed in: any answer of the same source says so."""
    masks = [
        mask
        for name, mask in answered.items()
        if study.instruments[name].source == instrument.source
    ]
    submitted: Mask = np.logical_or.reduce(masks)
    return submitted
