"""Whether times, persons and occasions look as planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.panel.assembling import Assembled
from salutogen.panel.collecting import Gathering, counted

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


def check_plausibility(study: Study, tables: Assembled, gathering: Gathering, label: str) -> None:
    """Say what is odd about times, numbers of occasions and empty instruments."""
    _check_times(study, tables.rows, gathering, label)
    _check_persons(tables, gathering)
    for name, frame in tables.answers.items():
        if all(column.null_count() == column.len() for column in frame.iter_columns()):
            gathering.add(
                "instrument-empty",
                f"Not one item of {name!r} is answered in {counted(frame.height, 'row')}.",
                numbers={"rows": frame.height},
            )
    for name, frame in tables.baseline.items():
        if all(column.null_count() == column.len() for column in frame.iter_columns()):
            gathering.add(
                "instrument-empty",
                f"Not one item of {name!r} is answered by {counted(frame.height, 'person')}.",
                numbers={"persons": frame.height},
            )


def _check_persons(tables: Assembled, gathering: Gathering) -> None:
    occasions = np.bincount(tables.rows["person"].to_numpy(), minlength=tables.persons.height)
    if tables.persons.height == 1:
        gathering.add("one-person", "The data hold one person only.")
    single = int((occasions == 1).sum())
    if single and occasions.max(initial=0) > 1:
        gathering.add(
            "few-occasions",
            f"{counted(single, 'person')} of {tables.persons.height} "
            f"{'has' if single == 1 else 'have'} a single occasion.",
            numbers={"persons": single, "of": tables.persons.height},
        )


def _check_times(study: Study, rows: pl.DataFrame, gathering: Gathering, label: str) -> None:
    time = rows["time"]
    missing = time.null_count()
    if missing == time.len():
        return
    if missing:
        where = rows.filter(time.is_null())["data_row"]
        gathering.add(
            "time-missing",
            f"{counted(missing, 'row')} of {time.len()} {'has' if missing == 1 else 'have'} no "
            "time.",
            file=label,
            rows=sorted(where.to_list())[:10],
            n_rows=missing,
        )
        rows = rows.filter(time.is_not_null())
    days = rows["time"].to_numpy()
    units = {source.time.unit for source in study.plan.sources.values() if source.time}
    if units and units.issubset(_DATED):
        _check_dates(days, rows["data_row"].to_numpy(), gathering, label)
    person = rows["person"].to_numpy()
    same = person[1:] == person[:-1]
    gaps = np.diff(days)
    back = np.flatnonzero(same & (gaps < 0)) + 1
    if back.size:
        numbers = np.sort(rows["data_row"].to_numpy()[back])
        gathering.add(
            "time-backwards",
            f"At {counted(back.size, 'row')} the time is earlier than at the occasion before "
            f"(by up to {-float(gaps[back - 1].min()):.10g} days).",
            file=label,
            rows=[int(row) for row in numbers[:10]],
            n_rows=int(back.size),
            numbers={"largest_step_back_days": -float(gaps[back - 1].min())},
        )
    _check_unit(study, rows["occasion"].to_numpy(), same, gaps, gathering, label)


def _check_dates(days: np.ndarray, data_rows: np.ndarray, gathering: Gathering, label: str) -> None:
    odd = (days < _EARLIEST) | (days > _LATEST)
    if not odd.any():
        return
    gathering.add(
        "odd-date",
        f"{counted(int(odd.sum()), 'row')} {'has' if odd.sum() == 1 else 'have'} a date before "
        f"1990 or after 2100 (from {_date(float(days[odd].min()))} to "
        f"{_date(float(days[odd].max()))}).",
        file=label,
        rows=[int(row) for row in np.sort(data_rows[odd])[:10]],
        n_rows=int(odd.sum()),
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
    gathering: Gathering,
    label: str,
) -> None:
    planned = np.array([np.nan if entry.day is None else entry.day for entry in study.occasions])
    expected = np.diff(planned[occasions])
    usable = same & np.isfinite(expected) & (expected > 0) & (gaps > 0)
    if not usable.any():
        _check_gaps(gaps[same & (gaps > 0)], gathering, label)
        return
    ratio = float(np.median(gaps[usable] / expected[usable]))
    for factor, meaning in UNIT_RATIOS.items():
        for found in (factor, 1 / factor):
            if abs(ratio / found - 1) < _TOLERANCE:
                text = meaning if found > 1 else " for ".join(reversed(meaning.split(" for ")))
                gathering.add(
                    "time-unit",
                    f"The median gap between occasions is {ratio:.4g} times the planned one, as "
                    f"if the file gave {text}.",
                    file=label,
                    numbers={"median_ratio": ratio},
                )
                return
    _check_gaps(gaps[usable], gathering, label)


def _check_gaps(gaps: np.ndarray, gathering: Gathering, label: str) -> None:
    """Whatever was planned, nobody is followed up after more than a lifetime."""
    median = float(np.median(gaps)) if gaps.size else 0.0
    if median > _LIFETIME:
        gathering.add(
            "time-unit",
            f"The median gap between occasions is {median:.4g} days, longer than a lifetime.",
            file=label,
            numbers={"median_gap_days": median},
        )
