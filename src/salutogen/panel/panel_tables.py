"""Put typed answers together: reasons for blanks, empty rows left out, persons numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.counts import forms_of
from salutogen.findings import Findings, Persons
from salutogen.panel.alignment import PanelRows
from salutogen.panel.items import TypedItem
from salutogen.panel.missing_reasons import MissingReasons
from salutogen.panel.own_times import PanelTimes
from salutogen.panel.reasons import Codes, Mask, answered_rows, explain_blanks, seen_rows

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study


@dataclass(frozen=True)
class PanelTables:
    """The tables of a panel."""

    rows: pl.DataFrame
    answers: dict[str, pl.DataFrame]
    reasons: MissingReasons
    persons: pl.DataFrame
    baseline: dict[str, pl.DataFrame]
    times: PanelTimes


def make_tables(
    study: Study,
    rows: PanelRows,
    data_rows: pl.Series,
    columns: Mapping[str, Mapping[str, TypedItem]],
    times: PanelTimes,
    persons: pl.DataFrame,
    baseline: Mapping[str, pl.DataFrame],
    findings: Findings,
) -> PanelTables:
    """Join everything that was read.

    A row without any answer, skipped form or time is no occasion: it is left out. So is a person
    without any row.
    """
    answers, reasons, seen = _explained(study, rows, columns, findings)
    time = times.rows
    keep = time.is_not_null().to_numpy() | seen
    table = pl.DataFrame(
        {
            "person": pl.Series(rows.persons, dtype=pl.UInt32),
            "occasion": pl.Series(rows.occasions, dtype=pl.UInt16),
            **{name: time.struct.field(name) for name in ("time", "local_time", "clock")},
            "data_row": data_rows.fill_null(0).cast(pl.UInt32),
        }
    )
    if not keep.all():
        chosen = pl.Series(keep)
        _tell_blank(study, rows, table, ~keep, findings)
        table = table.filter(chosen)
        answers = {name: frame.filter(chosen) for name, frame in answers.items()}
        reasons = reasons.kept(chosen, answers)
        times = times.of_rows(chosen)
    if table["local_time"].equals(table["time"]):  # without a zone: one column in memory
        table = table.with_columns(local_time=pl.col("time"))
    if not any(frame.width - _empty_columns(frame) for frame in answers.values()):
        findings.tell("no-answers")
    made = PanelTables(table, answers, reasons, persons, dict(baseline), times)
    return _with_rows(made, findings)


def _tell_blank(
    study: Study,
    rows: PanelRows,
    table: pl.DataFrame,
    blank: NDArray[np.bool_],
    findings: Findings,
) -> None:
    """Say how many rows of a file are blank; waves of a file by person are simply absent."""
    if any(study.plan.sources[name].layout == "row-per-person" for name in rows.places):
        return
    data_rows = table.filter(pl.Series(blank))["data_row"]
    findings.tell(
        "blank-row",
        rows=sorted(data_rows.to_list())[:10],
        n_rows=data_rows.len(),
        when_hidden={"n_rows": forms_of(blank, table["person"].to_numpy())},
    )


def _explained(
    study: Study,
    rows: PanelRows,
    columns: Mapping[str, Mapping[str, TypedItem]],
    findings: Findings,
) -> tuple[dict[str, pl.DataFrame], MissingReasons, Mask]:
    height = rows.keys.size
    answered = {name: answered_rows(cells, height) for name, cells in columns.items()}
    anything = np.zeros(height, dtype=bool)
    answers: dict[str, pl.DataFrame] = {}
    reasons: dict[str, dict[str, Codes]] = {}
    for name, cells in columns.items():
        instrument = study.instruments[name]
        seen = seen_rows(cells, answered[name])
        anything |= seen
        submitted = None
        if instrument.form == "tick-list":
            submitted = _submitted(study, instrument, answered)
            seen = seen | submitted
        answers[name], reasons[name] = explain_blanks(
            instrument, cells, seen, study.labels, rows.occasions, findings, submitted
        )
    none = {name: study.instruments[name].did_not_occur for name in answers}
    return answers, MissingReasons(answers=answers, codes=reasons, did_not_occur=none), anything


def _submitted(
    study: Study, instrument: Instrument, answered: Mapping[str, NDArray[np.bool_]]
) -> Mask:
    """Rows in which a tick-list was handed in: any answer of the same source says so."""
    submitted: Mask = np.logical_or.reduce(
        [
            mask
            for name, mask in answered.items()
            if study.instruments[name].source == instrument.source
        ]
    )
    return submitted


def _empty_columns(frame: pl.DataFrame) -> int:
    return sum(column.null_count() == column.len() for column in frame.iter_columns())


def _with_rows(tables: PanelTables, findings: Findings) -> PanelTables:
    """Leave out persons without a row and number the others anew, in the same order."""
    present = np.zeros(tables.persons.height, dtype=bool)
    present[tables.rows["person"].to_numpy()] = True
    if present.all():
        return tables
    gone = int((~present).sum())
    findings.tell("person-without-occasions", persons=Persons(gone))
    # Counted from the persons before, so that nobody in front of the first one counts below 0.
    numbers = pl.Series(np.cumsum(present) - present, dtype=pl.UInt32)
    chosen = pl.Series(present)
    return PanelTables(
        tables.rows.with_columns(numbers.gather(tables.rows["person"]).alias("person")),
        tables.answers,
        tables.reasons,
        tables.persons.filter(chosen).with_columns(person=pl.int_range(pl.len(), dtype=pl.UInt32)),
        {name: frame.filter(chosen) for name, frame in tables.baseline.items()},
        tables.times.of_persons(chosen),
    )
