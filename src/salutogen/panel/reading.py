"""`read_panel`: from a study and its data to one canonical panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.panel.aligned import Aligned
from salutogen.panel.assembling import assemble
from salutogen.panel.collecting import Gathering
from salutogen.panel.dated_events import read_events
from salutogen.panel.items import Cells, rules_for
from salutogen.panel.lining_up import check_columns, line_up
from salutogen.panel.opening import open_sources
from salutogen.panel.panel import Panel
from salutogen.panel.person_level import read_baseline, read_persons
from salutogen.panel.plausibility import check_plausibility
from salutogen.panel.quality import check_quality
from salutogen.panel.rows import UnitedRows, unite

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study


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
    dated = {name: tables[name] for name in study.plan.event_sources}
    answering = {name: table for name, table in tables.items() if name not in dated}
    aligned, subjects = line_up(study, answering, gathering)
    rows = unite(study, aligned)
    columns = {
        name: _typed(instrument, aligned[instrument.source], rows, gathering)
        for name, instrument in study.instruments.items()
        if instrument.measured == "repeated"
    }
    time = _time(study, aligned, rows)
    persons = read_persons(study, aligned, subjects, gathering)
    baseline = {
        name: read_baseline(
            study, instrument, aligned[instrument.source], subjects.len(), gathering
        )
        for name, instrument in study.instruments.items()
        if instrument.measured == "baseline"
    }
    gathering.stop()
    first = next(iter(rows.places))
    data_rows = rows.spread(first, pl.Series(aligned[first].data_rows))
    tables_read = assemble(study, rows, data_rows, columns, time, persons, baseline, gathering)
    events = {
        name: read_events(study, table, tables_read.persons["subject"], gathering)
        for name, table in dated.items()
    }
    gathering.stop()
    check_plausibility(study, tables_read, gathering, tables[first].label)
    check_quality(study, tables_read.answers, tables_read.rows, gathering)
    return Panel(
        study=study,
        rows=tables_read.rows,
        answers=tables_read.answers,
        reasons=tables_read.reasons,
        persons=tables_read.persons,
        baseline=tables_read.baseline,
        events=events,
        inputs=tuple(table.info for table in tables.values()),
        findings=tuple(gathering.findings),
    )


def _typed(
    instrument: Instrument,
    source: Aligned,
    rows: UnitedRows,
    gathering: Gathering,
) -> dict[str, Cells]:
    rules = rules_for(instrument)
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


def _time(study: Study, aligned: Mapping[str, Aligned], rows: UnitedRows) -> pl.Series:
    """Days of each row: the first source that knows."""
    time = pl.Series([None], dtype=pl.Float64).new_from_index(0, rows.keys.size)
    for name, source in aligned.items():
        plan = study.plan.sources[name]
        days = source.time(plan.time) if plan.time and name in rows.places else None
        if days is not None:
            time = pl.select(pl.coalesce(time, rows.spread(name, days))).to_series()
    return time.rename("time")
