"""Words for the change after the event beside what ordinary fluctuation gives after such values."""

from __future__ import annotations

from collections.abc import Mapping

from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.differences import why_not_all
from salutogen.analyses.trajectories.placebo.further_words import further_event, met_words
from salutogen.analyses.trajectories.placebo.regression import FEWEST, RegressionToMean
from salutogen.analyses.trajectories.placebo.side_words import FLUCTUATION, LEFT, given_words
from salutogen.findings import Persons
from salutogen.page.section import Text
from salutogen.page.words import enumeration, percent, say, signed

OFTEN = 0.05  # of the rises, above which it is said that they go beyond what was seen
COUNTED = "once jump, mean change and depth are counted as well"
UNKNOWN = (
    "A course that stands far from its mean at one occasion on average stands nearer to it at the "
    "next: part of any change after the event may be that, and no comparator occasions tell which "
    "part."
)


def change_words(courses: LockedCourses, placebo: Placebo | None, anchored: int) -> Text:
    """What of the change after the event fluctuation would give after such values.

    With the event in exposure its expected share is taken out of peri and not of what follows; the
    comparator has no such share. So a difference counts where it shows under both backgrounds.
    Regression to the mean is said only where anchors are selected by how persons felt.
    """
    if placebo is None or placebo.SR is None:
        return UNKNOWN
    found = placebo.SR.regression
    if found is None:
        return say(
            "Whether the change after the event differs from that at comparator occasions is not "
            "settled: that is asked of at least {fewest} complete courses that have comparator "
            "occasions and further ones that tell the person's level, and {n:there is #|there are "
            "#}.",
            n=Persons(placebo.SR.n_with_level, of=anchored),
            fewest=FEWEST,
        )
    own, _ = own_and_other(courses)
    other = None if placebo.SR_other is None else placebo.SR_other.regression
    judged = "" if other is None else f", {own} the event in exposure"
    again = (
        ""
        if other is None
        else f" Scored {placebo.other} it changes by {signed(other.change)}; "
        f"{given_words(placebo)} {_expected(other)}."
    )
    return say(
        "In the {n} courses that have comparator occasions and a level elsewhere SR changes from "
        "the event on by {change} points (mean of post1 and post2 minus peri{judged}). {given} "
        "{expected}.{again} {verdict}{met}",
        n=Persons(found.n, of=anchored),
        change=signed(found.change),
        judged=judged,
        given=_given(placebo),
        expected=_expected(found),
        again=again,
        verdict=_verdict(placebo),
        met=met_words(placebo),
    )


def _given(placebo: Placebo) -> str:
    if placebo.rated:
        return (
            "Events count from a burden rating, so persons may be anchored where they felt bad; "
            "after such values at pre and peri comparator occasions let expect"
        )
    if placebo.n_before == placebo.n:
        return f"Had such values at pre and peri been {FLUCTUATION}, SR would have changed by"
    return (
        f"After such values at pre and peri comparator occasions ({LEFT}) let expect that SR "
        "changes by"
    )


def _expected(found: RegressionToMean) -> str:
    return (
        f"{signed(found.expected)} ({signed(found.expected_low)} to {signed(found.expected_high)})"
    )


def _verdict(placebo: Placebo) -> str:
    """What holds of the change less the expected one, however SR is scored, and why."""
    each = {
        words: found.regression
        for words, found in placebo.ways.items()
        if found.regression is not None
    }
    if placebo.falls_beyond:
        differences = _differences(each)
        beside = f"{_before_alone(placebo)}{_without_further(placebo)}{_drawn_out(each)}"
        if not placebo.falls_beyond_fluctuation:
            return (
                f"From that, the change differs by {differences}.{beside} So nothing is "
                f"claimed of how long a rise lasts beside {FLUCTUATION}."
            )
        return f"{_way(list(each.values()), placebo)}: the difference is {differences}.{beside}"
    if any(item.beyond for item in each.values()):
        return (
            f"The difference from that is {_differences(each)}: {why_not_all(each, COUNTED)}. "
            "With the event in exposure its expected share is taken out at peri and not later, so "
            "nothing is claimed of it."
        )
    alone = any(item.leaves_out_0 for item in each.values())
    once = f"; an interval that leaves out 0 by itself is not told {COUNTED}" if alone else ""
    return f"No difference from that is told: it is {_differences(each)}{once}."


def _differences(each: Mapping[str, RegressionToMean]) -> str:
    """The differences by way of scoring, the least of them first: no claim leads with the most."""
    if len(each) == 1:
        return _excess(next(iter(each.values())))
    ordered = sorted(each.items(), key=lambda pair: abs(pair[1].excess))
    return enumeration([f"{_excess(item)} {words}" for words, item in ordered])


def _before_alone(placebo: Placebo) -> str:
    """The difference from comparator occasions before the first anchor: by all that it hangs on."""
    if placebo.SR is None or placebo.n_before == placebo.n:
        return ""
    each = {
        words: found.before.regression
        for words, found in placebo.ways.items()
        if found.before is not None and found.before.regression is not None
    }
    if len(each) < len(placebo.ways):
        return (
            " Comparator occasions before the first anchor, which alone hold nothing of the event, "
            "are too few to tell it by themselves."
        )
    if placebo.falls_before_alone:
        plain = next(iter(each))
        return (
            f" {plain[0].upper()}{plain[1:]}, with comparator occasions before the first anchor "
            f"alone it is {_excess(each[plain])}."
        )
    apart = all(item.leaves_out_0 for item in each.values())
    why = "not on the same side of 0" if apart else why_not_all(each, COUNTED)
    return (
        " With comparator occasions before the first anchor alone, which hold nothing of the "
        f"event, it is {_differences(each)}: {why}."
    )


def _without_further(placebo: Placebo) -> str:
    """The difference without courses that met a further event: by all that it hangs on."""
    if not placebo.n_further:
        return ""
    each = {
        words: found.without_further.regression
        for words, found in placebo.ways.items()
        if found.without_further is not None and found.without_further.regression is not None
    }
    steady = placebo.falls_without_further
    met = f" Without the courses that met {further_event(placebo)} it"
    if len(each) < len(placebo.ways):
        return f"{met} {'holds as well' if steady else 'is not told'}."
    if steady:
        return f"{met} is {_differences(each)}."
    apart = all(item.leaves_out_0 for item in each.values())
    why = "not on the same side of 0" if apart else why_not_all(each, COUNTED)
    return f"{met} is {_differences(each)}: {why}."


def _drawn_out(each: Mapping[str, RegressionToMean]) -> str:
    """How many rises are larger than fluctuation shows, so that no comparator was as high."""
    shares = [item.farther for item in each.values()]
    low, high = (percent(end) for end in (min(shares), max(shares)))
    if max(shares) <= OFTEN:
        return ""
    return (
        f" {low if low == high else f'{low} to {high}'} of these rises are larger than nearly all "
        "(97.5 %) at comparator occasions: what is expected after them is drawn out beyond what "
        "was seen."
    )


def _way(each: list[RegressionToMean], placebo: Placebo) -> str:
    """Which way SR goes: slower back than fluctuation, further down, or further up."""
    plain = placebo.n_before == placebo.n
    than = "than fluctuation would have it" if plain else "than comparator occasions let expect"
    if each[0].excess < 0.0:
        return f"SR comes to lie lower {than}"
    if all(item.rise > 0.0 and item.expected < 0.0 for item in each):
        return f"If exposure is free of error, the rise lasted longer {than}"
    return f"SR comes to lie higher {than}"


def _excess(found: RegressionToMean) -> str:
    return f"{signed(found.excess)} ({signed(found.excess_low)} to {signed(found.excess_high)})"
