"""How each person responds to the event: jump, mean change, and what the way back looks like."""

from __future__ import annotations

from typing import Literal

import numpy as np

from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock, level_after
from salutogen.analyses.trajectories.recovery.metrics import QUANTITIES, CourseMetrics
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, beside, figure, record


@record
class MeanAndSD(Record):
    """Mean and SD over the courses that have a value."""

    n: int = figure("Courses with a value", kind=Kind.COUNT)
    mean: float | None = figure("Mean")
    sd: float | None = figure("SD")

    @classmethod
    def of(cls, values: FloatArray) -> MeanAndSD:
        """Describe the finite ones of some values (n,)."""
        there = values[np.isfinite(values)]
        return cls(
            n=int(there.size),
            mean=float(np.mean(there)) if there.size else None,
            sd=float(np.std(there, ddof=1)) if there.size > 1 else None,
        )


@record
class MetricsSummary(Record):
    """Area, depth and speed of courses with enough later points."""

    unit_of_time: Literal["occasions", "days"] = figure("Unit of times")
    n_censored: int = figure("Courses above their pre-level and not seen back", kind=Kind.COUNT)
    depth: MeanAndSD = figure("Worst point above the level before the event", unit=POINTS)
    time_to_worst: MeanAndSD = figure("From the event to the worst point")
    return_time: MeanAndSD = figure("From the event to the return, where seen")
    area: MeanAndSD = figure("Area above the level before the event until the return")
    area_below: MeanAndSD = figure("Area below that level")
    rapidity: MeanAndSD = figure("Fall per time after the worst point")
    end_state: MeanAndSD = figure("Last point above the level before the event", unit=POINTS)


@record
class Response(Record):
    """How persons respond to the event.

    Attributes
    ----------
    jumps, changes : ndarray, shape (n,)
        Of each anchor; NaN where a position is missing.
    course_metrics : CourseMetrics or None
        Of courses with enough later points (NaN elsewhere); None where too few have them.
    """

    jump: MeanAndSD = figure("SR at the event minus SR before", unit=POINTS, sign=LESS_RESILIENT)
    mean_change: MeanAndSD = figure(
        "Mean SR after the event minus SR before", unit=POINTS, sign=LESS_RESILIENT
    )
    metrics: MetricsSummary | None = figure("The way back; null where it is not seen often enough")
    jumps: FloatArray = beside()
    changes: FloatArray = beside()
    course_metrics: CourseMetrics | None = beside()


def jump(lock: Lock) -> FloatArray:
    """SR at the event minus SR before it; NaN where one is missing."""
    return np.asarray(lock.SR[:, 1] - lock.SR[:, 0])


def mean_change(lock: Lock) -> FloatArray:
    """Mean SR over post1 and post2 (those that are there) minus SR before the event."""
    return np.asarray(level_after(lock.SR) - lock.SR[:, 0])


def response_of(courses: LockedCourses, metrics: CourseMetrics | None) -> Response:
    """Describe jumps, changes and metrics over the anchors."""
    jumps, changes = jump(courses.lock), mean_change(courses.lock)
    return Response(
        jump=MeanAndSD.of(jumps),
        mean_change=MeanAndSD.of(changes),
        metrics=None
        if metrics is None
        else MetricsSummary(
            unit_of_time=courses.unit_of_time,
            n_censored=int(metrics.censored.sum()),
            **{name: MeanAndSD.of(getattr(metrics, name)) for name in QUANTITIES},
        ),
        jumps=jumps,
        changes=changes,
        course_metrics=metrics,
    )
