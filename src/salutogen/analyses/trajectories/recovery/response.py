"""How each person responds to the event: jump, mean change, and what the way back looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.calm_line import CalmJump
from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock, level_after
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.analyses.trajectories.recovery.late_change import LateChange, late_change
from salutogen.analyses.trajectories.recovery.metrics import QUANTITIES, CourseMetrics
from salutogen.analyses.trajectories.recovery.spread import Spread, change_spread, jump_spread
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, beside, figure, record
from salutogen.findings import Finding, finding
from salutogen.page.audience import Audience

LEVEL = 0.05
BELOW = 0.0499


@record
class MeanAndSD(Record):
    """Mean and SD over the courses that have a value."""

    n: int = figure("Courses with a value", kind=Kind.COUNT)
    mean: float | None = figure("Mean")
    sd: float | None = figure("SD")

    @classmethod
    def of(cls, values: FloatArray, audience: Audience | None = None) -> MeanAndSD:
        """Describe the finite ones of some values (n,), as an audience may have it if given."""
        there = values[np.isfinite(values)]
        mean = float(np.mean(there)) if there.size else None
        sd = float(np.std(there, ddof=1)) if there.size > 1 else None
        if audience is not None and mean is not None and sd is not None:
            mean = audience.told_mean(mean, float(np.std(there)), there.size)
            sd = audience.told_sd(sd, there.size)
        return cls(n=int(there.size), mean=mean, sd=sd)


@record
class MetricsSummary(Record):
    """Area, depth and speed of courses with enough later points."""

    unit_of_time: Literal["occasions", "days"] = figure("Unit of times")
    n_censored: int = figure("Courses above their pre-level and not seen back", kind=Kind.COUNT)
    depth: MeanAndSD = figure(
        "Worst point above the level before the event; positive by ordinary fluctuation as well, "
        "see placebo.SR.response.depth",
        unit=POINTS,
    )
    time_to_worst: MeanAndSD = figure(
        "From the event to the worst point; of fluctuation alone the place of a maximum is anywhere"
    )
    return_time: MeanAndSD = figure("From the event to the return, where seen")
    area: MeanAndSD = figure("Area above the level before the event until the return")
    area_below: MeanAndSD = figure("Area below that level")
    rapidity: MeanAndSD = figure(
        "Fall per time after the worst point, which fluctuation makes positive as well"
    )
    end_state: MeanAndSD = figure("Last point above the level before the event", unit=POINTS)


@record
class JumpTest(Record):
    """The mean jump with its interval over persons and line, under one way of scoring SR."""

    n: int = figure("Courses with a jump", kind=Kind.COUNT)
    mean: float | None = figure("Mean jump", unit=POINTS, sign=LESS_RESILIENT)
    low: float | None = figure("Lower end of its 95 % interval, clustered by person", unit=POINTS)
    high: float | None = figure("Upper end of its 95 % interval", unit=POINTS)
    p: float | None = figure("p of no jump")

    @property
    def told(self) -> bool:
        """Whether there is a jump."""
        return self.p is not None and self.p < LEVEL


@record
class Response(Record):
    """How persons respond to the event.

    Attributes
    ----------
    jumps, changes : ndarray, shape (n,)
        Of each anchor whose course is told of; NaN where a position is missing.
    jumps_within : ndarray or None, shape (n,)
        Jumps of SR scored with the slope within persons.
    course_metrics : CourseMetrics or None
        Of courses with enough later points (NaN elsewhere); None where too few have them.
    """

    jump: MeanAndSD = figure("SR at the event minus SR before", unit=POINTS, sign=LESS_RESILIENT)
    mean_change: MeanAndSD = figure(
        "Mean SR after the event minus SR before", unit=POINTS, sign=LESS_RESILIENT
    )
    metrics: MetricsSummary | None = figure("The way back; null where it is not seen often enough")
    jump_tests: dict[str, JumpTest] = figure(
        "Mean jump of SR, of SR scored with the slope within persons, of SR judged with the other "
        "background, and of P over the courses whose SR has one"
    )
    late_change: LateChange | None = figure(
        "SR late after the event minus SR at the event; null where too few courses are seen at both"
    )
    jump_error_band: ErrorBand | None = figure(
        "The mean jump over errors of exposure and mood at once; null without a straight line over "
        "everyone's occasions, or with the event out of exposure",
        default=None,
    )
    jump_calm: dict[str, CalmJump] | None = figure(
        "The mean jump by a line, and by a slope within persons, that are fitted without the "
        "occasions from an anchor on; null where `jump_error_band` is, or nothing is left to fit",
        default=None,
    )
    jump_spread: Spread | None = figure(
        "How far jumps differ beyond fluctuation; null where too few persons tell it", default=None
    )
    change_spread: Spread | None = figure(
        "How far mean changes differ beyond fluctuation; null where too few tell it", default=None
    )
    jumps: FloatArray = beside()
    jumps_within: FloatArray | None = beside()
    changes: FloatArray = beside()
    course_metrics: CourseMetrics | None = beside()


def jump_test(
    jumps: FloatArray,
    person: NDArray[np.int64],
    *,
    line_error: float = 0.0,
    audience: Audience | None = None,
    raised: float = 0.0,
) -> JumpTest:
    """Ask whether there is a jump on average: t interval, clustered by person.

    Where persons are hidden p is that of mean and interval as they are told, on the side of .05
    that the exact one is on.

    Parameters
    ----------
    jumps : ndarray, shape (n,)
    person : ndarray of int, shape (n,)
    line_error : float
        Standard error that the line adds to the mean, see `line_error`; NaN where it is unknown,
        and with it the interval.
    audience : Audience, optional
        Whose number of persons the test is made with: the SD of jumps stands beside.
    raised : float
        How far the mean is told above its own, see `told_rise`.
    """
    from scipy.special import stdtr, stdtrit

    found = mean_of(jumps, person)
    mean = None if found.mean is None else found.mean + raised
    if found.mean is None or mean is None or found.low is None or not np.isfinite(line_error):
        return JumpTest(n=found.n, mean=mean, low=None, high=None, p=None)
    limit = float(stdtrit(found.persons - 1, 0.975))
    se = float(np.hypot((found.mean - found.low) / limit, line_error))
    p = float(2.0 * stdtr(found.persons - 1, -abs(found.mean) / se)) if se > 0.0 else None
    if audience is not None and not audience.individuals and p is not None:
        exact, persons = p, audience.told_size(found.persons)
        limit = float(stdtrit(persons - 1, 0.975))
        sd = float(np.nanstd(jumps))
        se *= float(np.sqrt(found.persons / persons)) * audience.told_sd(sd, found.n) / sd
        p = float(2.0 * stdtr(persons - 1, -abs(mean) / se))
        p = min(p, BELOW) if exact < LEVEL else max(p, LEVEL)
    return JumpTest(n=found.n, mean=mean, low=mean - limit * se, high=mean + limit * se, p=p)


def told_rise(jumps: FloatArray, person: NDArray[np.int64], audience: Audience) -> float:
    """How far the mean jump is told above its own, which all ways of scoring are raised by.

    Each rounded for itself, these and their slopes would tell it with finer steps.
    """
    exact, told = mean_of(jumps, person), mean_of(jumps, person, audience)
    return 0.0 if exact.mean is None or told.mean is None else told.mean - exact.mean


def jump(lock: Lock) -> FloatArray:
    """SR at the event minus SR before it; NaN where one is missing."""
    return np.asarray(lock.SR[:, 1] - lock.SR[:, 0])


def mean_change(lock: Lock) -> FloatArray:
    """Mean SR over post1 and post2 (those that are there) minus SR before the event."""
    return np.asarray(level_after(lock.SR) - lock.SR[:, 0])


def response_of(
    courses: LockedCourses,
    anchors: Anchors,
    metrics: CourseMetrics | None,
    line_errors: Mapping[str, float],
    error_band: ErrorBand | None = None,
    calm: Mapping[str, CalmJump] | None = None,
    audience: Audience | None = None,
) -> Response:
    """Describe jumps, changes and metrics over the anchors, as an audience may have them.

    Parameters
    ----------
    courses : LockedCourses
    anchors : Anchors
    metrics : CourseMetrics or None
    line_errors : mapping of str to float
        What the line adds to the error of the mean jump of `SR` and `SR_within`.
    error_band : ErrorBand, optional
        Of the mean jump over errors of exposure.
    calm : mapping of str to CalmJump, optional
        The mean jump by slopes that the reaction has no part in.
    audience : Audience, optional
        Where persons are hidden, means and SDs are told in steps.
    """
    person = anchors.person
    lock, other_lock = courses.told, courses.other_told
    jumps, changes, within = jump(lock), mean_change(lock), lock.SR_within
    raised = 0.0 if audience is None else told_rise(jumps, person, audience)
    test = partial(jump_test, person=person, audience=audience, raised=raised)
    tests = {"SR": test(jumps, line_error=line_errors["SR"])}
    jumps_within = None if within is None else np.asarray(within[:, 1] - within[:, 0])
    if jumps_within is not None:
        tests["SR_within"] = test(jumps_within, line_error=line_errors["SR_within"])
    P = np.where(np.isfinite(jumps), lock.P[:, 1] - lock.P[:, 0], np.nan)
    if other_lock is not None:
        other = jump(other_lock)
        # The line's error is that of the line with the event in exposure, whichever is locked.
        own = courses.background == "with-event"
        ratio = _expected_over(P, other, jumps) if own else 1.0
        tests["SR_other"] = test(other, line_error=ratio * line_errors["SR"])
    tests["P"] = test(P)
    return Response(
        jump=replace(MeanAndSD.of(jumps, audience), mean=tests["SR"].mean),
        mean_change=MeanAndSD.of(changes, audience),
        metrics=None
        if metrics is None
        else MetricsSummary(
            unit_of_time=courses.unit_of_time,
            n_censored=int(metrics.censored.sum()),
            **{name: MeanAndSD.of(getattr(metrics, name), audience) for name in QUANTITIES},
        ),
        jump_tests=tests,
        late_change=late_change(
            courses.change,
            person,
            courses.other_change,
            _since_event(courses.rows_within, anchors.occasion),
            audience,
        ),
        jump_error_band=None if error_band is None else error_band.raised(raised),
        jump_calm={name: one.raised(raised) for name, one in calm.items()} if calm else None,
        jump_spread=jump_spread(jumps, courses.rows, anchors),
        change_spread=change_spread(changes, courses.rows, anchors),
        jumps=jumps,
        jumps_within=jumps_within,
        changes=changes,
        course_metrics=metrics,
    )


def _since_event(rows: FloatArray | None, occasion: NDArray[np.int64]) -> FloatArray | None:
    """Rows by occasions since each anchor's; NaN beyond the last planned one."""
    if rows is None:
        return None
    last = rows.shape[1] - 1
    place = occasion[:, None] + np.arange(rows.shape[1])
    at = np.take_along_axis(rows, np.minimum(place, last), axis=1)
    return np.where(place <= last, at, np.nan)


def _expected_over(P: FloatArray, SR: FloatArray, base: FloatArray) -> float:
    """What the line of `SR` expects of the change of P on average, over what that of `base` does.

    Its error is taken as large, beside what it expects, as that of the other line.
    """
    there = np.isfinite(P) & np.isfinite(SR) & np.isfinite(base)
    if not there.any():
        return 1.0
    its, own = (float(np.mean(P[there] - scored[there])) for scored in (SR, base))
    return abs(its / own) if own else 1.0


def jump_findings(tests: Mapping[str, JumpTest]) -> tuple[Finding, ...]:
    """Warn where SR jumps under one way of scoring and not under the other."""
    plain, within = tests["SR"], tests.get("SR_within")
    if within is None or plain.told == within.told:
        return ()
    variant = "plain" if plain.told else "within"
    return (
        finding(
            "jump-by-arithmetic",
            variant=variant,
            SR=plain.mean,
            SR_low=plain.low,
            SR_high=plain.high,
            within=within.mean,
            within_low=within.low,
            within_high=within.high,
        ),
    )
