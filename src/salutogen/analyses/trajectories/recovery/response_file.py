"""`response.csv`: how each anchored person responded, observed and partially pooled."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from salutogen.analyses.contract import ResultFile
from salutogen.analyses.trajectories.anchors.anchored import EPISODE, SUBJECT, Anchored
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.curve import RecoveryCurve
from salutogen.analyses.trajectories.recovery.metrics import QUANTITIES, CourseMetrics
from salutogen.analyses.trajectories.recovery.response import jump, mean_change
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind

POOLED = ("jump_pooled", "jump_pooled_se", "asymptote_pooled", "asymptote_pooled_se")
HALF_LIFE = ("half_life", "half_life_low", "half_life_high")


def response_file(
    anchored: Anchored,
    locked: LockedCourses,
    metrics: CourseMetrics | None,
    curve: RecoveryCurve | None,
) -> ResultFile:
    """One row per anchor, in their order: observed jump and change, pooled response, metrics.

    Columns that cannot be given (see the findings) are left out; single values are null.
    """
    lock = locked.lock
    columns: dict[str, FloatArray] = {"jump": jump(lock), "mean_change": mean_change(lock)}
    if lock.SR_within is not None:
        columns["jump_within"] = np.asarray(lock.SR_within[:, 1] - lock.SR_within[:, 0])
    n = anchored.n
    if curve is not None:
        own = curve.individual
        courses = own.courses if own is not None and own.told else curve.courses
        pooled = (courses.jump, courses.jump_se, courses.asymptote, courses.asymptote_se)
        columns |= {
            name: _spread(values, curve.persons, n)
            for name, values in zip(POOLED, pooled, strict=True)
        }
        if own is not None and own.told:
            columns |= {
                name: _spread(values, curve.persons, n)
                for name, values in zip(HALF_LIFE, own.half_lives, strict=True)
            }
    table = pl.DataFrame(columns)
    if metrics is not None:
        table = table.with_columns(
            *(pl.Series(name, getattr(metrics, name)) for name in QUANTITIES),
            pl.Series("censored", metrics.censored),
        )
    table = table.with_columns(pl.selectors.float().fill_nan(None))
    return ResultFile(
        table=anchored.with_subject(table),
        columns=(SUBJECT, EPISODE, *response_columns(locked.unit_of_time)),
    )


def _spread(values: FloatArray, rows: np.ndarray, n: int) -> FloatArray:
    full = np.full(n, np.nan)
    full[rows] = values
    return full


def response_columns(unit: Literal["occasions", "days"]) -> tuple[Column, ...]:
    """Declare the columns; `unit` of time is days with dated events, else occasions."""
    pooled = "partially pooled over persons"

    def column(name: str, unit: str, meaning: str, sign: str = "") -> Column:
        return Column(name=name, unit=unit, meaning=meaning, sign=sign, kind=Kind.PERSON)

    return (
        column("jump", POINTS, "SR at the event minus SR before it", LESS_RESILIENT),
        column(
            "mean_change",
            POINTS,
            "Mean SR at post1 and post2 minus SR before the event",
            LESS_RESILIENT,
        ),
        column(
            "jump_within",
            POINTS,
            "Jump of SR scored with the slope of exposure within persons",
            LESS_RESILIENT,
        ),
        column("jump_pooled", POINTS, f"Jump by the exponential return, {pooled}", LESS_RESILIENT),
        column("jump_pooled_se", POINTS, "Its standard error given the curve"),
        column(
            "asymptote_pooled",
            POINTS,
            f"Where the return ends, above the pre-level, {pooled}",
            LESS_RESILIENT,
        ),
        column("asymptote_pooled_se", POINTS, "Its standard error given the curve"),
        column("half_life", "occasions", f"Time in which half of the rise fades, {pooled}"),
        column("half_life_low", "occasions", "Lower end of its 95 % interval"),
        column("half_life_high", "occasions", "Upper end of its 95 % interval"),
        column(
            "depth", POINTS, "Worst point above the level before the event; lower = more robust"
        ),
        column("time_to_worst", unit, "From the event to the worst point"),
        column("return_time", unit, "From the event to the first return after the worst point"),
        column("censored", "true/false", "Above the pre-level and not seen back"),
        column(
            "area", f"{POINTS} x {unit}", "Above the pre-level until the return; censored: so far"
        ),
        column("area_below", f"{POINTS} x {unit}", "Below the pre-level, over all points seen"),
        column(
            "rapidity",
            f"{POINTS} per {unit.removesuffix('s')}",
            "From the worst point to the return",
        ),
        column(
            "end_state", POINTS, "Last point seen, above the level before the event", LESS_RESILIENT
        ),
    )
