"""Whether times, persons and occasions look as planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings, Persons
from salutogen.panel.panel_tables import PanelTables

if TYPE_CHECKING:
    from salutogen.study import Study

UNIT_RATIOS = {
    86_400.0: "seconds for days",
    3_600.0: "seconds for hours",
    1_440.0: "minutes for days",
    60.0: "minutes for hours",
    24.0: "hours for days",
    7.0: "days for weeks",
    365.25 / 12: "days for months",
    365.25: "days for years",
}
_TOLERANCE = 0.2
_LIFETIME = 36_525.0
_EARLIEST, _LATEST = 7305.0, 47_482.0  # 1990-01-01 and 2100-01-01
_DATED = ("date", "datetime", "days since 1970-01-01", "seconds since 1970-01-01")


def check_against_plan(study: Study, tables: PanelTables, findings: Findings, label: str) -> None:
    """Say what is odd about times, numbers of occasions and empty instruments."""
    _check_times(study, tables.rows, findings, label)
    _check_persons(tables, findings)
    for name, frame in tables.answers.items():
        if all(column.null_count() == column.len() for column in frame.iter_columns()):
            findings.tell(
                "instrument-empty", variant="repeated", instrument=name, forms=frame.height
            )
    for name, frame in tables.baseline.items():
        if all(column.null_count() == column.len() for column in frame.iter_columns()):
            findings.tell(
                "instrument-empty",
                variant="baseline",
                instrument=name,
                persons=Persons(frame.height),
            )


def _check_persons(tables: PanelTables, findings: Findings) -> None:
    occasions = np.bincount(tables.rows["person"].to_numpy(), minlength=tables.persons.height)
    if tables.persons.height == 1:
        findings.tell("one-person")
    single = int((occasions == 1).sum())
    if single and occasions.max(initial=0) > 1:
        findings.tell(
            "few-occasions",
            persons=Persons(single, of=tables.persons.height),
            of=Persons(tables.persons.height),
        )


def _check_times(study: Study, rows: pl.DataFrame, findings: Findings, label: str) -> None:
    time = rows["time"]
    missing = time.null_count()
    if missing == time.len():
        return
    if missing:
        where = rows.filter(time.is_null())["data_row"]
        findings.tell(
            "time-missing",
            file=label,
            rows=sorted(where.to_list())[:10],
            n_rows=missing,
            of=time.len(),
        )
        rows = rows.filter(time.is_not_null())
    days = rows["time"].to_numpy()
    units = {source.time.unit for source in study.plan.sources.values() if source.time}
    if units and units.issubset(_DATED):
        _check_dates(days, rows["data_row"].to_numpy(), findings, label)
    person = rows["person"].to_numpy()
    same = person[1:] == person[:-1]
    gaps = np.diff(days)
    back = np.flatnonzero(same & (gaps < 0)) + 1
    if back.size:
        numbers = np.sort(rows["data_row"].to_numpy()[back])
        findings.tell(
            "time-backwards",
            file=label,
            rows=[int(row) for row in numbers[:10]],
            n_rows=int(back.size),
            largest_step_back_days=-float(gaps[back - 1].min()),
        )
    _check_unit(study, rows["occasion"].to_numpy(), same, gaps, findings, label)


def _check_dates(days: np.ndarray, data_rows: np.ndarray, findings: Findings, label: str) -> None:
    odd = (days < _EARLIEST) | (days > _LATEST)
    if not odd.any():
        return
    findings.tell(
        "odd-date",
        file=label,
        rows=[int(row) for row in np.sort(data_rows[odd])[:10]],
        n_rows=int(odd.sum()),
        earliest=_date(float(days[odd].min())),
        latest=_date(float(days[odd].max())),
    )


def _date(day: float) -> str:
    if not -719_162 <= day <= 2_932_896:
        return f"day {day:.10g}"
    return str(np.datetime64(int(day), "D"))


def _check_unit(
    study: Study,
    occasions: np.ndarray,
    same: np.ndarray,
    gaps: np.ndarray,
    findings: Findings,
    label: str,
) -> None:
    planned = np.array([np.nan if entry.day is None else entry.day for entry in study.occasions])
    expected = np.diff(planned[occasions])
    usable = same & np.isfinite(expected) & (expected > 0) & (gaps > 0)
    if not usable.any():
        _check_gaps(gaps[same & (gaps > 0)], findings, label)
        return
    ratio = float(np.median(gaps[usable] / expected[usable]))
    for factor, meaning in UNIT_RATIOS.items():
        for found in (factor, 1 / factor):
            if abs(ratio / found - 1) < _TOLERANCE:
                given = meaning if found > 1 else " for ".join(reversed(meaning.split(" for ")))
                findings.tell("time-unit", file=label, median_ratio=ratio, meaning=given)
                return
    _check_gaps(gaps[usable], findings, label)


def _check_gaps(gaps: np.ndarray, findings: Findings, label: str) -> None:
    """Whatever was planned, nobody is followed up after more than a lifetime."""
    median = float(np.median(gaps)) if gaps.size else 0.0
    if median > _LIFETIME:
        findings.tell("time-unit", variant="lifetime", file=label, median_gap_days=median)
