"""What is odd about times: kinds that do not go together, unlikely dates, gaps and units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.counts import forms_of
from salutogen.findings import Findings
from salutogen.page.audience import smallest_of, told_median
from salutogen.panel.observed_span import check_span
from salutogen.panel.times import Clock

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
_YEAR_1900, _YEAR_1990, _YEAR_2100 = -25_567.0, 7305.0, 47_482.0
_FAR_DATES = 10 * 365.25
_FAR_COUNTED, _FAR_PLAN = 365.25, 3.0
_FAR_IQR = 5.0  # a study that lasts long, or takes persons in for long, has a wide middle half


def check_times(study: Study, rows: pl.DataFrame, findings: Findings, label: str) -> None:
    """Say what is odd about the times of the answers; refuse kinds that cannot be compared."""
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
            when_hidden={"n_rows": forms_of(time.is_null().to_numpy(), rows["person"].to_numpy())},
        )
        rows = rows.filter(time.is_not_null())
    if not _are_alike(rows["clock"].to_numpy(), findings, label):
        return
    days = rows["time"].to_numpy()
    _check_dates(
        study, days, rows["clock"].to_numpy(), rows["data_row"].to_numpy(), findings, label
    )
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
    if _is_in_unit(study, rows["occasion"].to_numpy(), same, gaps, findings, label):
        check_span(study, rows, findings, label)


def check_event_dates(events: pl.DataFrame, label: str, column: str, findings: Findings) -> None:
    """Say which dated events have an unlikely date; those of long before the study are none."""
    dated = events.filter(pl.col("clock") != Clock.COUNTED)
    days = dated["local_time"].to_numpy()
    odd = (days < _YEAR_1900) | (days >= _YEAR_2100)
    _tell_odd("events", days, odd, dated["data_row"].to_numpy(), findings, label, column=column)


def _are_alike(clocks: NDArray[np.uint8], findings: Findings, label: str) -> bool:
    """Whether times of several columns or files can be compared; else refuse."""
    number = np.bincount(clocks, minlength=len(Clock))
    counted, day, local, zoned, utc = (int(n) for n in number)
    if counted and counted < clocks.size:
        findings.tell(
            "times-from-two-starts", file=label, n_with=clocks.size - counted, n_without=counted
        )
        return False
    if local and zoned + utc:
        findings.tell(
            "zoned-and-local-times",
            variant="answers",
            file=label,
            n_with=zoned + utc,
            n_without=local,
        )
        return False
    if day and day < clocks.size:
        findings.tell("times-of-day-in-part", file=label, n_with=clocks.size - day, n_without=day)
    return True


def _check_dates(
    study: Study,
    days: NDArray[np.float64],
    clocks: NDArray[np.uint8],
    data_rows: NDArray[np.uint32],
    findings: Findings,
    label: str,
) -> None:
    """Say which times no study has, and which lie far from most others."""
    low, median, high = (float(q) for q in np.quantile(days, (0.25, 0.5, 0.75)))
    counted = clocks[0] == Clock.COUNTED
    if counted:
        odd = np.abs(days) > _LIFETIME
        least = max(_FAR_COUNTED, _FAR_PLAN * (study.schedule.last_day or 0.0))
    else:
        odd = (days < _YEAR_1990) | (days >= _YEAR_2100)
        least = _FAR_DATES
    _tell_odd("counted" if counted else "", days, odd, data_rows, findings, label)
    reach = max(least, _FAR_IQR * (high - low))
    far = ~odd & (np.abs(days - median) > reach)
    more = {"reach": reach} if counted else {"years": round(reach / 365.25)}
    middle = _day(median) if counted else _date(median)
    variant = "far-counted" if counted else "far"
    _tell_odd(variant, days, far, data_rows, findings, label, median=middle, **more)


def _tell_odd(
    variant: str,
    days: NDArray[np.float64],
    odd: NDArray[np.bool_],
    data_rows: NDArray[np.uint32],
    findings: Findings,
    label: str,
    **more: object,
) -> None:
    if not odd.any():
        return
    written = _day if variant.endswith("counted") else _date
    findings.tell(
        "odd-date",
        variant=variant,
        file=label,
        rows=[int(row) for row in np.sort(data_rows[odd])[:10]],
        n_rows=int(odd.sum()),
        earliest=written(float(days[odd].min())),
        latest=written(float(days[odd].max())),
        **more,
    )


def _date(day: float) -> str:
    if not -719_162 <= day <= 2_932_896:
        return _day(day)
    return str(np.datetime64(int(np.floor(day)), "D"))


def _day(day: float) -> str:
    return f"day {day:.10g}"


def _is_in_unit(
    study: Study,
    occasions: np.ndarray,
    same: np.ndarray,
    gaps: np.ndarray,
    findings: Findings,
    label: str,
) -> bool:
    """Whether times seem to be in the unit that the study file gives; else say so."""
    planned = np.array([np.nan if entry.day is None else entry.day for entry in study.occasions])
    expected = np.diff(planned[occasions])
    usable = same & np.isfinite(expected) & (expected > 0) & (gaps > 0)
    smallest = smallest_of(study.plan.report.individuals)
    if not usable.any():
        return _are_of_a_life(gaps[same & (gaps > 0)], findings, label, smallest)
    ratios = gaps[usable] / expected[usable]
    ratio = float(np.median(ratios))
    for factor, meaning in UNIT_RATIOS.items():
        for found in (factor, 1 / factor):
            if abs(ratio / found - 1) < _TOLERANCE:
                given = meaning if found > 1 else " for ".join(reversed(meaning.split(" for ")))
                told = told_median(ratios, smallest)
                findings.tell("time-unit", file=label, median_ratio=told, meaning=given)
                return False
    return _are_of_a_life(gaps[usable], findings, label, smallest)


def _are_of_a_life(gaps: np.ndarray, findings: Findings, label: str, smallest: int) -> bool:
    """Whether nobody is followed up after more than a lifetime, whatever was planned.

    The median that is told, where persons are hidden, is one of the values (`told_median`).
    """
    median = float(np.median(gaps)) if gaps.size else 0.0
    if median > _LIFETIME:
        told = told_median(gaps, smallest)
        findings.tell("time-unit", variant="lifetime", file=label, median_gap_days=told)
    return median <= _LIFETIME
