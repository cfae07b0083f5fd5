"""`read_panel`: from a study and its data to one canonical panel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.errors import PanelError
from salutogen.findings import Findings
from salutogen.page.identifiers import Identifiers, struck_from_all
from salutogen.panel.alignment import PanelRows, align, join_rows
from salutogen.panel.answer_checks import check_answers
from salutogen.panel.expected_columns import check_columns
from salutogen.panel.findings_once import blank_words_once, dropped_once
from salutogen.panel.further_header_rows import refuse_further_header_rows
from salutogen.panel.identifiers import columns_of_identifiers, identifiers_in
from salutogen.panel.items import TypedItem, rules_for
from salutogen.panel.layouts.aligned_source import AlignedSource
from salutogen.panel.layouts.row_per_event import read_events
from salutogen.panel.own_times import read_times
from salutogen.panel.panel import Panel
from salutogen.panel.panel_tables import make_tables
from salutogen.panel.person_columns import read_baseline, read_persons
from salutogen.panel.plan_checks import check_against_plan
from salutogen.panel.refused_words import refused_words_once
from salutogen.panel.rules_of_reading import tell_rules_of_reading
from salutogen.panel.single_columns import judge_single_columns
from salutogen.panel.sources import open_sources
from salutogen.panel.streams.reading import read_stream

if TYPE_CHECKING:
    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study import Instrument, Study


def read_panel(study: Study, data: Any = None) -> Panel:
    """Read the answers of a study into one canonical panel.

    Parameters
    ----------
    study : Study
        The study file, read.
    data : path, data frame or mapping, optional
        A folder (default: the study file's own), one file or one frame for a study with one
        source, or a mapping of source name to file or frame (to a mapping of occasion to file or
        frame where each occasion has a file of its own). Frames of pandas, Polars, Arrow and
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
    findings = Findings()
    tables: dict[str, tuple[SourceTable, ...]] = {}
    try:
        panel, subjects = _read(study, data, tables, findings)
    except PanelError as error:
        identifiers = identifiers_in(study, tables)
        once = refused_words_once(study, error.findings, identifiers)
        told = struck_from_all(once, identifiers)
        raise PanelError(told) from error.__cause__
    identifiers = panel.identifiers
    if subjects.len() > panel.n_persons:  # some were left out
        identifiers = Identifiers(subjects, columns_of_identifiers(study))
    told = struck_from_all(dropped_once(blank_words_once(findings)), identifiers)
    return replace(panel, findings=told)


def _read(
    study: Study, data: Any, tables: dict[str, tuple[SourceTable, ...]], findings: Findings
) -> tuple[Panel, pl.Series]:
    """Read the sources into `tables`, then into a panel; messages may still name persons.

    The second is everyone's identifier, of persons without any answer as well.
    """
    tables.update(open_sources(study, data, findings))
    usable = check_columns(study, tables, findings)
    if not usable or len(tables) < len(study.plan.sources):
        findings.raise_refusals(PanelError)
    refuse_further_header_rows(study, tables, findings)
    if any(one.code == "header-rows" for one in findings):
        findings.raise_refusals(PanelError)
    tell_rules_of_reading(study, findings)
    dated = {name: tables[name][0] for name in study.plan.event_sources}
    answering = {name: tables[name] for name in tables if name in study.plan.answer_sources}
    aligned, subjects = align(study, answering, findings)
    rows = join_rows(study, aligned)
    columns = {
        name: _typed(study, instrument, aligned[instrument.source], rows)
        for name, instrument in study.instruments.items()
        if instrument.measured == "repeated"
    }
    persons = read_persons(study, aligned, subjects, findings)
    forms = {
        name: read_baseline(study, instrument, aligned[instrument.source], subjects.len(), findings)
        for name, instrument in study.instruments.items()
        if instrument.measured == "baseline"
    }
    times = read_times(study, aligned, rows, forms, findings)
    baseline = {name: form.answers for name, form in forms.items()}
    findings.raise_refusals(PanelError)
    study = judge_single_columns(study, columns, baseline, findings)
    first = next(iter(rows.places))
    data_rows = rows.place(first, pl.Series(aligned[first].data_rows))
    tables_read = make_tables(study, rows, data_rows, columns, times, persons, baseline, findings)
    events = {
        name: read_events(study, table, tables_read.persons["subject"], findings)
        for name, table in dated.items()
    }
    momentary = read_stream(study, tables, tables_read, findings)
    findings.raise_refusals(PanelError)
    check_against_plan(study, tables_read, findings, aligned[first].label)
    check_answers(study, tables_read.answers, tables_read.rows, findings)
    panel = Panel(
        study=study,
        rows=tables_read.rows,
        answers=tables_read.answers,
        reasons=tables_read.reasons,
        persons=tables_read.persons,
        baseline=tables_read.baseline,
        events=events,
        times=tables_read.times.by_instrument(),
        momentary=momentary,
        inputs=tuple(table.info for parts in tables.values() for table in parts),
    )
    return panel, subjects


def _typed(
    study: Study, instrument: Instrument, source: AlignedSource, rows: PanelRows
) -> dict[str, TypedItem]:
    rules = rules_for(instrument, study.plan.sources[instrument.source])
    typed: dict[str, TypedItem] = {}
    for item in instrument.items:
        cells = source.item(instrument.columns[item], rules)
        if cells is None:
            continue
        marks = cells.marks
        if marks is not None:
            marks = rows.place(instrument.source, marks).fill_null(0)
        values = rules.smallest(rows.place(instrument.source, cells.values))
        typed[item] = TypedItem(values, marks)
    return typed
