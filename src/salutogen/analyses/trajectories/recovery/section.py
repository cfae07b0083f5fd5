"""Section of the report on individual response and return."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.anchored import Anchored
from salutogen.analyses.trajectories.anchors.hiding import hide_small_of, note_of
from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.further_words import further_left
from salutogen.analyses.trajectories.recovery.curve import (
    LATER_POINTS,
    RecoveryCurve,
)
from salutogen.analyses.trajectories.recovery.figures import (
    recovery_figures,
    return_figures,
)
from salutogen.analyses.trajectories.recovery.response import Response
from salutogen.analyses.trajectories.recovery.return_time import ReturnTimes
from salutogen.analyses.trajectories.recovery.spread import Spread
from salutogen.analyses.trajectories.recovery.spread_words import CHANGES, JUMPS, spread_words
from salutogen.analyses.trajectories.recovery.words import (
    back_words,
    late_words,
    recovery_words,
    return_words,
)
from salutogen.columns import Column, Kind
from salutogen.findings import Finding, Persons
from salutogen.page.audience import Audience, told_median
from salutogen.page.section import Section, Table, Text
from salutogen.page.words import say, signed

RETURN_CODES = ("recovery-", "half-life-")
END_STATE = "End state: last point against the level before the event (points of P)"
METRIC_COLUMNS = (
    Column(name="measure", meaning="Measure", kind=Kind.LABEL, heading="Measure"),
    Column(name="n", meaning="Courses with a value", kind=Kind.COUNT, heading="Courses"),
    Column(name="median", meaning="Median", heading="Median"),
    Column(name="mean", meaning="Mean", heading="Mean"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="95 % from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
    Column(
        name="comparator",
        meaning="Mean around comparator occasions",
        heading="Mean, comparator occasions",
    ),
)


def response_section(
    anchored: Anchored,
    courses: LockedCourses,
    response: Response,
    curve: RecoveryCurve | None,
    times: ReturnTimes | None,
    placebo: Placebo | None,
    findings: Sequence[Finding],
    audience: Audience,
) -> Section:
    """How persons respond: jump, change, the way back, and when they are back."""
    anchors = anchored.anchors
    return Section(
        title="Trajectories: individual response and return",
        paragraphs=(
            _jump_words(anchored, response, audience),
            _in_words(
                anchored,
                "Mean SR after the event minus SR before",
                response.changes,
                response.change_spread,
                audience,
            ),
            *late_words(response.late_change, courses, audience, rated=anchored.grid.rated),
            *recovery_words(curve, placebo, anchored.n_persons),
            *return_words(times, anchored.n_persons, audience),
            *back_words(times, placebo),
        ),
        figures=(
            *recovery_figures(anchors, courses.change, curve, audience, findings),
            *return_figures(anchored.rule, times, audience),
        ),
        tables=_metric_tables(anchored, response, placebo, audience),
        findings=tuple(item for item in findings if item.code.startswith(RETURN_CODES)),
    )


def _jump_words(anchored: Anchored, response: Response, audience: Audience) -> Text:
    """The mean jump with the interval that the courses' section gives, and its spread."""
    found = response.jump_tests["SR"]
    words = "SR at the event minus SR before"
    if found.mean is None or found.low is None or found.n < max(2, audience.smallest):
        return _in_words(anchored, words, response.jumps, response.jump_spread, audience)
    return (
        f"{words}: {signed(found.mean)} points on average (95 % interval "
        f"{signed(found.low)} to {signed(found.high)}, as above)"
        f"{spread_words(response.jumps, response.jump_spread, JUMPS, audience)}."
    )


def _in_words(
    anchored: Anchored, words: str, values: FloatArray, spread: Spread | None, audience: Audience
) -> Text:
    found = mean_of(values, anchored.anchors.person, audience)
    if found.mean is None or found.low is None or found.persons < audience.smallest:
        return say(
            f"{words}: known for {{n}} persons.", n=Persons(found.persons, of=anchored.n_persons)
        )
    return (
        f"{words}: {signed(found.mean)} points on average (95 % interval {signed(found.low)} to "
        f"{signed(found.high)}){spread_words(values, spread, CHANGES, audience)}."
    )


def _metric_tables(
    anchored: Anchored, response: Response, placebo: Placebo | None, audience: Audience
) -> tuple[Table, ...]:
    """How deep courses go beside the comparator's, and where they end.

    The highest of several noisy points is positive whatever happens, its place is anywhere, and so
    it goes with areas, times and speeds made of it: these stand in the results only.
    """
    metrics = response.course_metrics
    if metrics is None:
        return ()
    depth = _depth_row(placebo, audience)
    found = mean_of(metrics.end_state, anchored.anchors.person, audience)
    shown = found.persons >= max(2, audience.smallest)
    ended = metrics.end_state[np.isfinite(metrics.end_state)]
    rows = [
        *depth,
        {
            "measure": END_STATE,
            "n": found.n,
            "median": told_median(ended, audience.smallest) if shown else None,
            "mean": found.mean if shown else None,
            "low": found.low if shown else None,
            "high": found.high if shown else None,
            "comparator": None,
        },
    ]
    kinds = {"measure": pl.String, "n": pl.Int64} | dict.fromkeys(
        ("median", "mean", "low", "high", "comparator"), pl.Float64
    )
    frame = hide_small_of(anchored.n, pl.DataFrame(rows, schema=kinds), METRIC_COLUMNS, audience)
    compared = "; depth of all complete ones that have a comparator" if depth else ""
    note = (
        f"Courses with {LATER_POINTS} or more points after the event{compared}. The end state has "
        "no comparator, and later events may be in it."
        + ("" if placebo is None else further_left(placebo))
    )
    return (
        Table(
            name=f"trajectories-{anchored.rule}-metrics",
            title="Depth, and where courses end",
            frame=frame,
            columns=METRIC_COLUMNS,
            note=note_of(note, frame, METRIC_COLUMNS),
        ),
    )


def _depth_row(
    placebo: Placebo | None, audience: Audience
) -> list[dict[str, str | int | float | None]]:
    """Depth beside that of the comparator; nothing without one."""
    if placebo is None or placebo.SR is None:
        return []
    found = placebo.SR.response["depth"]
    if found.n < max(2, audience.smallest):
        return []
    return [
        {
            "measure": "Depth: highest of peri, post1, post2 above pre, 0 if none (points of P)",
            "n": found.n,
            "median": None,
            "mean": found.observed,
            "low": None,
            "high": None,
            "comparator": found.placebo,
        }
    ]
