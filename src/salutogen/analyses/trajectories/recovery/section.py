"""Section of the report on individual response and return."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.anchored import Anchored
from salutogen.analyses.trajectories.anchors.hiding import hide_small_of, note_of
from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.words import WITHOUT
from salutogen.analyses.trajectories.recovery.curve import (
    LATER_POINTS,
    RecoveryCurve,
    VaryingRates,
)
from salutogen.analyses.trajectories.recovery.figures import (
    FEWEST_LEFT,
    recovery_figures,
    return_figures,
)
from salutogen.analyses.trajectories.recovery.late_change import LateChange
from salutogen.analyses.trajectories.recovery.response import Response
from salutogen.analyses.trajectories.recovery.response_file import response_columns
from salutogen.analyses.trajectories.recovery.return_time import ReturnTimes
from salutogen.columns import Column, Kind
from salutogen.findings import Finding, Persons
from salutogen.models.quantiles import NORMAL_95
from salutogen.page.audience import Audience
from salutogen.page.section import Section, Table, Text
from salutogen.page.words import p_value, percent, points, say, signed

RETURN_CODES = ("recovery-", "half-life-")
METRIC_WORDS = {
    "time_to_worst": "Time to the worst point",
    "return_time": "Time until down at the level before the event, where seen",
    "end_state": "End state: last point against that level",
}
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
                anchored, "Mean SR after the event minus SR before", response.changes, audience
            ),
            *_late_words(response.late_change, courses, audience),
            *_recovery_words(curve, placebo, anchored.n_persons),
            *return_words(times, anchored.n_persons, audience),
            *_back_words(times, placebo, audience),
        ),
        figures=(
            *recovery_figures(anchors, courses.change, curve, audience),
            *return_figures(anchored.rule, times, audience),
        ),
        tables=_metric_tables(anchored, response, placebo, audience),
        findings=tuple(item for item in findings if item.code.startswith(RETURN_CODES)),
    )


def _back_words(
    times: ReturnTimes | None, placebo: Placebo | None, audience: Audience
) -> tuple[str, ...]:
    """Shares back after the event beside those after occasions without one."""
    if times is None or placebo is None or times.n_left < FEWEST_LEFT:
        return ()
    if placebo.SR is not None and placebo.n_left < FEWEST_LEFT:
        return (
            f"In a draw of comparator occasions {points(placebo.n_left, 1)} courses leave their "
            "band on average: too few to hold a share that is back beside.",
        )
    parts = [
        f"after {visit} {'occasion' if visit == '1' else 'occasions'} "
        f"{percent(found.observed)} (comparator {percent(found.placebo)}; 95 % of draws "
        f"{percent(found.low)} to {percent(found.high)})"
        for visit, found in placebo.back_after.items()
        if found.observed is not None and found.placebo is not None
    ]
    if not parts:
        return (WITHOUT,)
    return (
        f"Of those above their band, back within it {' and '.join(parts)}. In a draw of comparator "
        f"occasions {points(placebo.n_left, 1)} courses leave the band on average. Who goes "
        "above it by ordinary fluctuation comes back as well: only what differs from the "
        "comparator can be recovery from the event.",
    )


def _jump_words(anchored: Anchored, response: Response, audience: Audience) -> Text:
    """The mean jump with the interval that the courses' section gives, and its spread."""
    found, jumps = response.jump_tests["SR"], response.jumps
    if found.mean is None or found.low is None or found.n < max(2, audience.smallest):
        return _in_words(anchored, "SR at the event minus SR before", jumps, audience)
    spread = float(np.std(jumps[np.isfinite(jumps)], ddof=1))
    between = "persons" if anchored.episodes == "first" else "episodes"
    return (
        f"SR at the event minus SR before: {signed(found.mean)} points on average (95 % interval "
        f"{signed(found.low)} to {signed(found.high)}, as above), SD between {between} "
        f"{points(spread)}."
    )


def _late_words(
    found: LateChange | None, courses: LockedCourses, audience: Audience
) -> tuple[Text, ...]:
    """Whether SR comes down after the event, apart from how fast."""
    if found is None or audience.is_small(found.n_at_event - found.n):
        return ()
    own, other = own_and_other(courses)
    judged = "" if found.other_mean is None else f" {own} the event in exposure"
    again = (
        ""
        if found.other_mean is None
        else f", and by {signed(found.other_mean)} ({signed(found.other_low)} to "
        f"{signed(found.other_high)}) {other} it"
    )
    fell = "Some of a fall would be expected after a high value in any case. "
    expected = fell if found.mean < 0.0 else ""
    verdict = {
        -1: "SR falls",
        0: "A fall is not distinguished from none",
        1: "SR rises",
    }[found.way]
    return (
        say(
            f"{verdict}: in the {{n}} courses that are seen {found.occasions} occasions after the "
            f"event as well, SR changes from the event to then by {signed(found.mean)} points "
            f"(95 % interval {signed(found.low)} to {signed(found.high)}){judged}{again}. "
            f"{expected}"
            "Means at later occasions rest on fewer courses ({start} at the event).",
            n=Persons(found.n, of=found.n_at_event),
            start=Persons(found.n_at_event),
        ),
    )


def _in_words(anchored: Anchored, words: str, values: FloatArray, audience: Audience) -> Text:
    found = mean_of(values, anchored.anchors.person)
    if found.mean is None or found.low is None or found.persons < audience.smallest:
        return say(
            f"{words}: known for {{n}} persons.", n=Persons(found.persons, of=anchored.n_persons)
        )
    spread = float(np.std(values[np.isfinite(values)], ddof=1))
    between = "persons" if anchored.episodes == "first" else "episodes"
    return (
        f"{words}: {signed(found.mean)} points on average (95 % interval {signed(found.low)} to "
        f"{signed(found.high)}), SD between {between} {points(spread)}."
    )


def _recovery_words(
    curve: RecoveryCurve | None, placebo: Placebo | None, anchored: int
) -> tuple[Text, ...]:
    if curve is None:
        return ()
    if not curve.settled:
        return (
            "An exponential return was fitted, but its fall is not distinguished from 0, or its "
            "speed is not known, so no half-life is quoted here: the finding says which.",
        )
    low, high = curve.interval
    return (
        say(
            "The mean course of {n:# person|# persons} returns exponentially with a half-life of "
            "{half} occasions (95 % interval {low} to {high}), from {jump} at the event to {end} "
            "points against the level before it, a fall of {fall} ({fall_low} to {fall_high}). "
            "Errors allow for fluctuation that lasts (correlation of {lag} from one occasion to "
            "the next).",
            n=Persons(curve.n_persons, of=anchored),
            half=points(curve.half_life),
            low=points(low),
            high=points(high),
            jump=signed(curve.jump),
            end=signed(curve.asymptote),
            fall=points(curve.jump - curve.asymptote),
            fall_low=points(curve.fall_interval[0]),
            fall_high=points(curve.fall_interval[1]),
            lag=signed(curve.autocorrelation),
        ),
        *_mean_words(placebo),
        *_speed_words(curve.individual),
    )


def _mean_words(placebo: Placebo | None) -> tuple[str, ...]:
    """Whether the fall goes beyond regression to the mean."""
    each = [item for item in (placebo.SR, placebo.SR_within) if item] if placebo else []
    found = [item.regression for item in each if item.regression is not None]
    if not found:
        return ("How much of that is regression to the mean is not known here.",)
    own = found[0]
    verdict = "differs" if placebo and placebo.falls_beyond else "is not distinguished"
    return (
        f"The change after the event, {signed(own.change)} points at post1 and post2, {verdict} "
        f"from the {signed(own.expected)} expected after such values at comparator occasions.",
    )


def _speed_words(varying: VaryingRates | None) -> tuple[str, ...]:
    if varying is None or not varying.told:
        return ()
    middle, spread = varying.half_life_median, varying.log_half_life_sd
    low, high = middle * np.exp(-NORMAL_95 * spread), middle * np.exp(NORMAL_95 * spread)
    return (
        f"Persons return at different speeds (likelihood ratio "
        f"{points(varying.likelihood_ratio)}, {p_value(varying.p)}): half-lives have a median of "
        f"{points(middle)} occasions, and 95 of 100 persons lie between {points(low)} and "
        f"{points(high)}. Half-lives of single persons are pulled towards the median; "
        f"{percent(varying.shrinkage)} of the variance stays unknown in a person's own course.",
    )


def _metric_tables(
    anchored: Anchored, response: Response, placebo: Placebo | None, audience: Audience
) -> tuple[Table, ...]:
    """What courses look like on the way back.

    The highest of several noisy points is positive whatever happens, and so are areas and speeds
    made of it: depth stands beside the comparator's, the others in the results only.
    """
    metrics, summary = response.course_metrics, response.metrics
    if metrics is None or summary is None:
        return ()
    units = {item.name: item.unit for item in response_columns(summary.unit_of_time)}
    rows = [*_depth_row(placebo, audience)]
    for name, words in METRIC_WORDS.items():
        values = getattr(metrics, name)
        found = mean_of(values, anchored.anchors.person)
        shown = found.persons >= max(2, audience.smallest)
        middle = float(np.median(values[np.isfinite(values)])) if shown else None
        rows.append(
            {
                "measure": f"{words} ({units[name]})",
                "n": found.n,
                "median": middle,
                "mean": found.mean if shown else None,
                "low": found.low if shown else None,
                "high": found.high if shown else None,
                "comparator": None,
            }
        )
    kinds = {"measure": pl.String, "n": pl.Int64} | dict.fromkeys(
        ("median", "mean", "low", "high", "comparator"), pl.Float64
    )
    frame = hide_small_of(anchored.n, pl.DataFrame(rows, schema=kinds), METRIC_COLUMNS, audience)
    left = Persons(summary.n_censored, of=anchored.n)
    note = say(
        f"Courses with {LATER_POINTS} or more points after the event; depth of all complete ones "
        "that have a comparator. Down at the level before the event is more than back within the "
        "band, and is another time. {left} were above their level before the event and not seen "
        "down at it: they have no such time.",
        left=left,
    )
    return (
        Table(
            name=f"trajectories-{anchored.rule}-metrics",
            title="What the way back looks like",
            frame=frame,
            columns=METRIC_COLUMNS,
            note=note_of(note.worded(audience.in_a_sentence), frame, METRIC_COLUMNS),
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


def return_words(
    times: ReturnTimes | None, n_anchored: int, audience: Audience
) -> tuple[Text, ...]:
    """Say how many left their band and came back, and when.

    Parameters
    ----------
    times : ReturnTimes or None
    n_anchored : int
        Persons with an anchor, whom the page tells elsewhere.
    audience : Audience
    """
    if times is None:
        return ()
    # The two counts together would tell the few who were not seen after the event.
    few_unseen = audience.is_small(n_anchored - times.n_seen)
    stayed = "" if few_unseen else ", {stayed} never were"
    if times.n_left < FEWEST_LEFT:
        return (
            say(
                f"{{left}} persons were seen above their band after the event{stayed}: too few for "
                "a share that is back or a time of return.",
                left=Persons(times.n_left, of=times.n_seen),
                stayed=Persons(times.n_never_left, of=times.n_seen),
            ),
        )
    middle = times.median
    half = (
        "Half of them were not seen back within it."
        if middle is None
        else f"Half were back within it between {middle[0]:g} and {middle[1]:g} occasions after "
        "they were first seen above."
    )
    return (
        say(
            f"{{left}} persons were seen above their band after the event{stayed}. "
            "{half} {never} {never:was|were} not seen back within it. Returns are seen at "
            "visits only, so times are intervals (Turnbull's estimate; beside it Kaplan and "
            "Meier's, which takes the visit that sees the return as its time).",
            left=Persons(times.n_left, of=times.n_seen),
            stayed=Persons(times.n_never_left, of=times.n_seen),
            half=half,
            never=Persons(times.n_not_seen_back, of=times.n_left),
        ),
    )
