"""Words for the way back: whether SR comes down, how fast, and who is back within the band."""

from __future__ import annotations

import numpy as np

from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.differences import BORDER, percentage_points
from salutogen.analyses.trajectories.placebo.further_words import further_left
from salutogen.analyses.trajectories.placebo.returns import ComparedShare
from salutogen.analyses.trajectories.placebo.side_words import LEFT, given_words
from salutogen.analyses.trajectories.placebo.words import WITHOUT
from salutogen.analyses.trajectories.recovery.curve import RecoveryCurve, VaryingRates
from salutogen.analyses.trajectories.recovery.figures import FEWEST_LEFT
from salutogen.analyses.trajectories.recovery.late_change import (
    FEWEST,
    LateChange,
    late_error_words,
)
from salutogen.analyses.trajectories.recovery.return_time import ReturnTimes
from salutogen.findings import Persons
from salutogen.models.quantiles import NORMAL_95
from salutogen.page.audience import Audience
from salutogen.page.section import Text
from salutogen.page.words import MeanCount, p_value, percent, points, say, signed

LATE_RULE = (
    "the last occasion at which at least a third of those seen at the event are seen, and at least "
    f"{FEWEST}"
)


def recovery_words(
    curve: RecoveryCurve | None, placebo: Placebo | None, anchored: int
) -> tuple[Text, ...]:
    """Say how the fitted curve goes, or why no half-life is quoted; nothing without a curve."""
    if curve is None:
        return ()
    if not curve.settled:
        return (unsettled_words(curve),)
    low, high = curve.interval
    return (
        say(
            "If the mean course of {n:# person|# persons} returns exponentially, its half-life is "
            "{half} occasions (95 % interval {low} to {high}), from {jump} at the event to {end} "
            "points against the level before it, a fall of {fall} ({fall_low} to {fall_high}). "
            "The shape is assumed. "
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


def unsettled_words(curve: RecoveryCurve) -> str:
    """Say why no half-life is quoted of a fitted curve, by the way that it goes."""
    if curve.withheld is not None:
        return (
            "An exponential return was fitted. By it SR falls after the event, if exposure is free "
            "of error, but "
            + (
                "how fast hangs on whether the event is in exposure"
                if curve.withheld == "backgrounds"
                else "the curve ends elsewhere than courses do"
            )
            + ", so no half-life is quoted."
        )
    if curve.way < 0:
        return (
            "An exponential return was fitted. By it SR falls after the event, if exposure is free "
            "of error, but how fast is not known, so no half-life is quoted."
        )
    if curve.way > 0:
        return (
            "The exponential that was fitted is no return: from the event on SR rises, so there is "
            "no half-life."
        )
    return (
        "An exponential was fitted, but whether SR falls or rises after the event is not "
        "distinguished, so there is no half-life."
    )


def _mean_words(placebo: Placebo | None) -> tuple[str, ...]:
    """Whether SR changes otherwise than after such values without an event."""
    each = [item for item in (placebo.SR, placebo.SR_within) if item] if placebo else []
    found = [item.regression for item in each if item.regression is not None]
    if placebo is None or not found:
        return ("Whether ordinary fluctuation would fall as much is not known here.",)
    own = found[0]
    verdict = "differs" if placebo.falls_beyond else "is not distinguished"
    return (
        "In the courses that have comparator occasions the change after the event, "
        f"{signed(own.change)} points at post1 and post2, {verdict} from the "
        f"{signed(own.expected)} that {given_words(placebo)} after such values.",
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


def late_words(
    found: LateChange | None, courses: LockedCourses, audience: Audience, *, rated: bool
) -> tuple[Text, ...]:
    """Whether SR comes down after the event, apart from how fast.

    Parameters
    ----------
    found : LateChange or None
    courses : LockedCourses
    audience : Audience
    rated : bool
        Whether events count from a rating of burden: anchors are then selected on it.
    """
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
    fell = (
        "As events count from a burden rating, some of a fall may be regression to the mean. "
        if rated
        else "A rise by ordinary fluctuation would fall as well. "
    )
    expected = fell if found.mean < 0.0 else ""
    free = "" if found.holds_with_error else "If exposure is free of error, "
    verdict = {
        -1: f"{free}SR falls",
        0: "A change is told by some ways of scoring and not by others"
        if found.told_by_some
        else "A change is not distinguished from none",
        1: f"{free}SR rises",
    }[found.way]
    return (
        say(
            f"{verdict}: in the {{n}} courses that are seen {found.occasions} occasions after the "
            f"event as well ({LATE_RULE}), SR changes from the event to then by "
            f"{signed(found.mean)} points (95 % interval over persons {signed(found.low)} to "
            f"{signed(found.high)}){judged}{again}.{found.within_words}"
            f"{late_error_words(found)} {expected}"
            "Means at later occasions rest on fewer courses ({start} at the event).",
            n=Persons(found.n, of=found.n_at_event),
            start=Persons(found.n_at_event),
        ),
    )


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
                f"{{left}} persons were seen above their band at the event or later{stayed}: too "
                "few for a share that is back or a time of return.",
                left=Persons(times.n_left, of=times.n_seen),
                stayed=Persons(times.n_never_left, of=times.n_seen),
            ),
        )
    middle = times.median
    half = (
        "Half of them were not seen back within it."
        if middle is None
        else f"Half were back within it between {middle[0]:g} and {middle[1]:g} occasions after "
        "they were first seen above (times that visits can tell; without the sampling error of "
        "persons)."
    )
    return (
        say(
            f"{{left}} persons were seen above their band at the event or later{stayed}. "
            "{half} {never} {never:was|were} not seen back within it. Returns are seen at "
            "visits only, so times are intervals (Turnbull's estimate; beside it Kaplan and "
            "Meier's, which takes the visit that sees the return as its time).",
            left=Persons(times.n_left, of=times.n_seen),
            stayed=Persons(times.n_never_left, of=times.n_seen),
            half=half,
            never=Persons(times.n_not_seen_back, of=times.n_left),
        ),
    )


def _above_words(placebo: Placebo) -> Text:
    """Who is seen above the band from the event to post2, and over as long elsewhere."""
    found = placebo.above
    if found is None:
        return ""
    above = round(found.observed * found.n)
    if min(above, found.n - above) < FEWEST_LEFT:
        return ""
    return say(
        "From the event to post2 {above} of the {n} complete courses that have comparator "
        "occasions went above their band; over the same span around these {beside} did on "
        "average: a difference of {difference} (by the line over single occasions, if exposure is "
        "free of error). ",
        above=Persons(above, of=found.n),
        n=Persons(found.n, of=placebo.n),
        beside=MeanCount(found.placebo * found.n, of=found.n),
        difference=percentage_points(found.excess, found.excess_low, found.excess_high),
    )


def tells_shares_back(times: ReturnTimes | None) -> bool:
    """Whether enough courses went above their band for shares that are back, and times of it."""
    return times is not None and times.n_left >= FEWEST_LEFT


def compares_shares_back(times: ReturnTimes | None, placebo: Placebo | None) -> bool:
    """Whether they are held beside those after comparator occasions, of which enough went above."""
    if not tells_shares_back(times) or placebo is None or placebo.SR is None:
        return False
    found = list(placebo.back_after.values())
    enough = min(placebo.n_left, *(one.n for one in found)) >= FEWEST_LEFT if found else False
    return enough and any(one.excess is not None for one in found)


def _how_far_told(found: ComparedShare) -> str:
    """What a difference that is not told is called."""
    if found.differs:
        return ""
    return f", which {BORDER}" if found.at_border else ", not distinguished from 0"


def back_words(times: ReturnTimes | None, placebo: Placebo | None) -> tuple[Text, ...]:
    """Shares back after the event beside those after occasions without one."""
    if placebo is None or not tells_shares_back(times):
        return ()
    if placebo.SR is None or not placebo.back_after:
        return (WITHOUT,)
    n = next(iter(placebo.back_after.values())).n
    of_each = say(
        "{above}Of all courses that have comparator occasions {n} went above their band at the "
        "event or later. Courses around comparator occasions are followed until the next anchor "
        "only, so that numbers over all later occasions are not compared",
        above=_above_words(placebo),
        n=Persons(n, of=placebo.n),
    )
    if not compares_shares_back(times, placebo):
        return (
            say(
                "{of_each}. They are too few to hold the share that is back beside that after "
                "comparator occasions.",
                of_each=of_each,
            ),
        )
    parts = [
        f"after {visit} {'occasion' if visit == '1' else 'occasions'} "
        f"{percent(found.observed)} ({percent(found.observed_low)} to "
        f"{percent(found.observed_high)}), comparator {percent(found.placebo)} "
        f"({percent(found.placebo_share_low)} to {percent(found.placebo_share_high)}), a "
        f"difference of {percentage_points(found.excess, found.excess_low, found.excess_high)}"
        f"{_how_far_told(found)}"
        for visit, found in placebo.back_after.items()
        if found.observed is not None and found.placebo is not None
    ]
    return (
        say(
            "{of_each}. Back within it are, of those above, {parts}: 95 % intervals over persons. "
            "Comparator shares rest on {beside} courses that went above their band around "
            "comparator occasions, mean over those of each. This is by SR as it is judged here, if "
            "exposure is free of error; whether it holds however SR is scored was not asked. Who "
            "goes above it by ordinary fluctuation comes back as well. The shares are of different "
            "rises, so that a difference tells only who is back sooner.{left}{further}",
            further=further_left(placebo),
            left="" if placebo.n_before == placebo.n else f" Of comparator occasions {LEFT}.",
            of_each=of_each,
            parts="; ".join(parts),
            beside=MeanCount(placebo.n_left, of=placebo.n),
        ),
    )
