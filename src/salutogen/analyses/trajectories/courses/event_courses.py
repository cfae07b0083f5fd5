"""Courses of SR and P around each person's event, as this analysis gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, ResultFile
from salutogen.analyses.trajectories.anchors.anchored import EPISODE, SUBJECT, Anchored
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.background import lock_without_event
from salutogen.analyses.trajectories.courses.locks import (
    LOCKED,
    POSITIONS,
    FloatArray,
    Lock,
    lock_courses,
    position_means,
    told_courses,
    told_positions,
)
from salutogen.analyses.trajectories.courses.real_time import RealTime, real_time
from salutogen.analyses.trajectories.courses.scored_within import scored_within
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind, Record, beside, figure, record
from salutogen.findings import Finding, Persons, Severity, finding
from salutogen.page.audience import told_median

Background = Literal["with-event", "without-event"]
MOSTLY_COMPLETE = 0.9  # of courses, from which gaps are a note
SCORES = (
    Column(
        name="SR",
        meaning="Stressor reactivity: observed minus expected",
        unit=POINTS,
        sign=LESS_RESILIENT,
        kind=Kind.PERSON,
    ),
    Column(
        name="P",
        meaning="Mental-health problems",
        unit=POINTS,
        sign="higher = more problems",
        kind=Kind.PERSON,
    ),
)
LOCK_COLUMNS = (
    SUBJECT,
    EPISODE,
    Column(
        name="position",
        meaning="Place around the anchor",
        unit="pre, peri, post1, post2",
        kind=Kind.LABEL,
    ),
    Column(
        name="occasion", meaning="Planned occasion at that place", unit="label", kind=Kind.LABEL
    ),
    *SCORES,
    Column(
        name="SR_within",
        meaning="The same with the slope of exposure within persons",
        unit=POINTS,
        sign=LESS_RESILIENT,
        kind=Kind.PERSON,
    ),
)
TIME_COLUMNS = (
    SUBJECT,
    EPISODE,
    Column(name="occasion", meaning="Planned occasion", unit="label", kind=Kind.LABEL),
    Column(
        name="days",
        meaning="Time from the event to the answers; negative before it",
        unit="days",
        kind=Kind.PERSON,
    ),
    *SCORES,
)


@record
class MeansByPosition(Record):
    """Means over the courses with a value, by position: pre, peri, post1, post2."""

    SR: dict[str, float | None] = figure("Mean SR", unit=POINTS, sign=LESS_RESILIENT)
    SR_within: dict[str, float | None] | None = figure(
        "Mean SR scored with the slope within persons; null without a mixed-model line",
        unit=POINTS,
        sign=LESS_RESILIENT,
    )
    P: dict[str, float | None] = figure("Mean P", unit=POINTS)


@record
class DaysSinceEvent(Record):
    """Days from dated events to the answers that first cover them."""

    median: float = figure("Median", unit="days")
    longest: float = figure("Longest", unit="days", kind=Kind.PERSON)


@record
class LockedCourses(Record):
    """Means around the event, and how many courses are complete.

    Attributes
    ----------
    lock : Lock
        With the background that is named.
    other_background : Lock or None
        With the other one; None where it cannot be given.
    told, other_told : Lock
        Of both the courses that means are told of (`told_courses`).
    rows, rows_within, other_rows : ndarray, shape (n, occasions)
        SR of the person of each anchor, judged as the lock is; scored with the slope within
        persons (None without a mixed-model line); judged with the other background (None where it
        cannot be given).
    change : ndarray, shape (n, occasions)
        SR minus the own pre-level by occasions since the event (column 0), NaN where missing and
        from the person's next episode on.
    other_change : ndarray or None, shape (n, occasions)
        The same judged with the other background.
    real_time : RealTime or None
        Courses in days since the event, where events have dates.
    findings : tuple of Finding
    """

    mean: MeansByPosition = figure("Means by position")
    missing: dict[str, int] = figure("Courses without SR, by position", kind=Kind.COUNT)
    n_complete: int = figure("Courses with SR at every position", kind=Kind.COUNT)
    days_since_event: DaysSinceEvent | None = figure("Days from events to answers, where dated")
    background: Background = figure("Whether SR is judged with the event in the exposure")
    mean_SR_other_background: dict[str, float | None] | None = figure(
        "Mean SR judged the other way", unit=POINTS, sign=LESS_RESILIENT
    )
    lock: Lock = beside()
    other_background: Lock | None = beside()
    told: Lock = beside()
    other_told: Lock | None = beside()
    rows: FloatArray = beside()
    rows_within: FloatArray | None = beside()
    other_rows: FloatArray | None = beside()
    change: FloatArray = beside()
    other_change: FloatArray | None = beside()
    real_time: RealTime | None = beside()
    findings: tuple[Finding, ...] = beside(default=())

    @property
    def unit_of_time(self) -> Literal["occasions", "days"]:
        """Unit of times since the event: days where events have dates."""
        return "occasions" if self.real_time is None else "days"

    @property
    def event_in_exposure(self) -> bool:
        """Whether the anchor events are among what makes exposure."""
        return "event-outside-exposure" not in {item.code for item in self.findings}

    def files(self, anchored: Anchored) -> Mapping[str, ResultFile]:
        """`lock.csv`: four rows for each anchor; with dated events `lock_time.csv` as well."""
        found = {"lock.csv": ResultFile(table=self._rows(anchored), columns=LOCK_COLUMNS)}
        if self.real_time is not None:
            table = _rows_in_days(anchored, self.real_time)
            found["lock_time.csv"] = ResultFile(table=table, columns=TIME_COLUMNS)
        return found

    def _rows(self, anchored: Anchored) -> pl.DataFrame:
        lock, occasions = self.lock, anchored.occasions
        within = {} if lock.SR_within is None else {"SR_within": lock.SR_within.ravel()}
        places = lock.occasion.ravel().tolist()
        table = pl.DataFrame(
            {
                "position": list(POSITIONS) * anchored.n,
                "occasion": [None if place < 0 else occasions[place] for place in places],
                "SR": lock.SR.ravel(),
                "P": lock.P.ravel(),
                **within,
            },
            schema_overrides={"position": pl.String, "occasion": pl.String},
        ).with_columns(pl.selectors.float().fill_nan(None))
        return anchored.with_subject(table, len(POSITIONS))


def _rows_in_days(anchored: Anchored, locked: RealTime) -> pl.DataFrame:
    """A row per occasion of the anchored persons, in days since the event."""
    n, k = locked.days.shape
    table = pl.DataFrame(
        {
            "occasion": list(anchored.occasions) * n,
            "days": locked.days.ravel(),
            "SR": locked.SR.ravel(),
            "P": locked.P.ravel(),
        }
    ).with_columns(pl.col("days", "SR", "P").fill_nan(None))
    return anchored.with_subject(table, k).drop_nulls("days")


def lock_to_events(
    inputs: AnalysisInputs, anchored: Anchored, background: Background
) -> LockedCourses:
    """Lock SR and P to the anchors, with the event in the background exposure and without it."""
    anchors, views = anchored.anchors, inputs.views
    known = set(views.names)
    scored = {name: views.wide(name).values for name in LOCKED if name in known}
    within = scored_within(scored["P"], views.wide("E").values, inputs.norm.mixed)
    if within is not None:
        scored["SR_within"] = within
    plain = lock_courses(anchors, scored)
    without, without_rows, told = lock_without_event(
        anchors, anchored.grid, inputs.panel, inputs.norm, plain
    )
    swap = background == "without-event" and without is not None
    lock, other = (without, plain) if swap and without is not None else (plain, without)
    rows, other_rows = scored["SR"][anchors.person], without_rows
    if swap and without_rows is not None:
        rows, other_rows = without_rows, rows
    days, audience = anchors.days_since, inputs.run.audience
    missing = (~np.isfinite(lock.SR)).sum(axis=0)

    told_of = told_courses(lock, audience.smallest)
    shown, other_shown = lock.only(told_of), None if other is None else other.only(told_of)

    def means(values: FloatArray) -> dict[str, float | None]:
        told = told_positions(values, audience.smallest, shown.SR)
        return position_means(values, told, audience.told_mean)

    return LockedCourses(
        mean=MeansByPosition(
            SR=means(shown.SR),
            SR_within=None if shown.SR_within is None else means(shown.SR_within),
            P=means(shown.P),
        ),
        missing=dict(zip(POSITIONS, missing.tolist(), strict=True)),
        n_complete=int(lock.complete.sum()),
        days_since_event=None
        if days is None
        else DaysSinceEvent(median=told_median(days, audience.smallest), longest=float(days.max())),
        background="without-event" if swap else "with-event",
        mean_SR_other_background=None if other_shown is None else means(other_shown.SR),
        lock=lock,
        other_background=other,
        told=shown,
        other_told=other_shown,
        rows=rows,
        rows_within=None if within is None else within[anchors.person],
        other_rows=other_rows,
        change=_change(rows, anchors, lock),
        other_change=None
        if other is None or other_rows is None
        else _change(other_rows, anchors, other),
        real_time=real_time(anchors, anchored.grid.times, scored["SR"], scored["P"]),
        findings=(*_gaps(lock), *told),
    )


def _change(rows: FloatArray, anchors: Anchors, lock: Lock) -> FloatArray:
    """SR minus the pre-level by occasions since the event; the lock's own values first."""
    k = rows.shape[1]
    place = anchors.occasion[:, None] + np.arange(k)
    inside = place < anchors.until(k)[:, None]
    later = np.where(inside, np.take_along_axis(rows, np.where(inside, place, 0), axis=1), np.nan)
    later[:, : lock.SR.shape[1] - 1] = lock.SR[:, 1:][:, : later.shape[1]]
    return np.asarray(later - lock.SR[:, :1])


def _gaps(lock: Lock) -> tuple[Finding, ...]:
    """Say how much of the lock is missing."""
    missing, n = (~np.isfinite(lock.SR)).sum(axis=0), lock.SR.shape[0]
    if not missing.any():
        return ()
    by_position: dict[str, Any] = {
        name: Persons(absent, of=n)
        for name, absent in zip(POSITIONS, missing.tolist(), strict=True)
    }
    return (
        finding(
            "lock-incomplete",
            severity=Severity.NOTE if lock.complete.mean() >= MOSTLY_COMPLETE else None,
            complete=Persons(lock.complete.sum(), of=n),
            persons=Persons(n),
            **by_position,
        ),
    )
