"""What the page opens with about events: how P and SR change, however the event is counted."""

from __future__ import annotations

from salutogen.analyses.trajectories.anchors.anchored import Anchored
from salutogen.analyses.trajectories.anchors.settings import Rule
from salutogen.analyses.trajectories.courses.calm_words import calm_in_short, corrected_words
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import LEVEL, Contrast
from salutogen.analyses.trajectories.placebo.differences import (
    ONCE_COUNTED,
    excess_words,
    why_not_all,
)
from salutogen.analyses.trajectories.placebo.further_words import further_words, hanging_words
from salutogen.analyses.trajectories.placebo.side_words import bar_words, sides_words
from salutogen.analyses.trajectories.placebo.words import SELECTED, SELECTED_NONE, reach_words
from salutogen.analyses.trajectories.recovery.late_change import late_error_words
from salutogen.analyses.trajectories.recovery.response import JumpTest, Response
from salutogen.findings import Persons
from salutogen.page.audience import SMALL_CELL
from salutogen.page.section import NEXT_PARAGRAPH, Text
from salutogen.page.words import enumeration, say, signed

IF_FREE = " if exposure is free of error"
WITH_ERROR = ", with the error in an occasion's exposure assumed below as well"
WHICH: dict[Rule, tuple[str, str]] = {
    "first-strict": ("a new", " is reported"),
    "first-any": ("the first", " that a person reports comes"),
    "onset": ("a new", " is reported"),
    "demo-loop": ("an", " is reported"),
}
AFTER = (
    ", but over the two occasions after it SR is on average higher than before, by more than "
    f"around these occasions{WITH_ERROR}"
)
NEW: dict[Rule, str] = {
    "first-strict": "that had not counted for the person before",
    "first-any": "that was the person's first to count at the occasions seen",
    "onset": "that had not happened to the person before",
    "demo-loop": "that had not counted at the occasion directly before",
}


def event_words(anchored: Anchored) -> str:
    """Say which events are spoken of: how they count, and what makes them new."""
    grid = anchored.grid
    threshold = grid.threshold if grid.rated else None
    rated = "" if threshold is None else f" rated {threshold:g} or more"
    return f"a listed event{rated} came {NEW[anchored.rule]}"


def answer_words(
    response: Response, courses: LockedCourses, anchored: Anchored, placebo: Placebo | None
) -> Text:
    """Say how P and SR change when an event comes; nothing of fewer than five courses."""
    plain = response.jump_tests["SR"]
    if plain.mean is None or plain.low is None or plain.n < SMALL_CELL:
        return ""
    own = say(
        f"When {event_words(anchored)}, {_changes_words(response, courses)} (from the "
        "occasion before to the one with the event; {n:# course|# courses}; 95 % intervals)."
        f"{calm_in_short(response) if plain.told else ''}",
        n=Persons(plain.n),
    )
    beyond = placebo is not None and placebo.beyond("response", "jump")
    told = beyond or (placebo is not None and placebo.P_beyond)
    selected = SELECTED if told else SELECTED_NONE
    after = "" if placebo is None else _after_words(placebo)
    late = _late_words(response, courses) if beyond else ""
    return say(
        f"{{own}}{NEXT_PARAGRAPH}{{compared}}{{error}}{{rest}}{{selected}}",
        own=own,
        compared=_compared_words(placebo, plain),
        error=_error_words(placebo.jump_error_band, response)
        if placebo is not None and beyond
        else "",
        rest=say(f"{NEXT_PARAGRAPH}{{after}}{{late}}", after=after, late=late)
        if after or late
        else "",
        selected=f" {selected}" if anchored.grid.rated and placebo and placebo.SR else "",
    )


def short_words(response: Response, placebo: Placebo | None, anchored: Anchored) -> str:
    """Say in a clause whether a response to the event is told."""
    plain = response.jump_tests["SR"]
    if plain.mean is None or plain.low is None or plain.n < SMALL_CELL:
        return ""
    if placebo is None or placebo.SR is None:
        return f"what an event does is not told, as there {lacking_words(placebo)}"
    threshold = anchored.grid.threshold
    rated = f" rated {threshold:g} or more" if placebo.rated and threshold is not None else ""
    first, last = WHICH[anchored.rule]
    when = f"when {first} event{rated}{last}"
    if rated and anchored.rule == "first-strict":  # it may have been there with a lower rating
        when = f"when an event is first{rated}"
    problems = _problems_short(placebo)
    if placebo.beyond("response", "jump"):
        return f"{when} {_beyond_short(placebo, problems)}"
    if problems:
        rise = placebo.P_jump is not None and placebo.P_jump.excess > 0.0
        more = "more" if rise else "less"
        return f"{when} {problems}, but whether by {more} than exposure lets expect is not told"
    return "no response to an event is told"


def _problems_short(placebo: Placebo) -> str:
    """Whether problems change beyond the comparator, whatever exposure lets expect."""
    found = placebo.P_jump
    if found is None or not placebo.P_beyond:
        return ""
    way = "rise" if found.excess > 0.0 else "fall"
    doubts = []
    if not _stands_among_others(placebo, found):
        doubts.append("one test, its p not adjusted")
    if placebo.rated:
        doubts.append("whether for the event or for the feeling is not told")
    doubt = f" ({'; '.join(doubts)})" if doubts else ""
    return f"problems {way} beyond {_elsewhere(placebo)}{doubt}"


def _stands_among_others(placebo: Placebo, found: Contrast) -> bool:
    """Whether the test of problems would hold if it were one of those of SR (Bonferroni)."""
    family = 1 + (0 if placebo.SR is None else len(placebo.SR.response))
    return found.p is not None and found.p * family < LEVEL


def _beyond_short(placebo: Placebo, problems: str) -> str:
    """How SR changes beyond the comparator, beside what problems do, and what error may make."""
    band = placebo.jump_error_band
    rises = placebo.SR is not None and placebo.SR.response["jump"].excess > 0.0
    hangs = band is not None and not band.holds_with_error
    if rises and problems.startswith("problems rise"):
        if hangs:
            return (
                f"{problems}; whether at the event itself by more than its exposure lets expect "
                f"hangs on how free of error exposure is{_after_short(placebo)}"
            )
        held = IF_FREE if band is None else WITH_ERROR
        return f"{problems}, and by more than the exposure of the event lets expect{held}"
    doubt = ", but not at every error of exposure assumed below" if hangs else ""
    return f"SR {'rises' if rises else 'falls'} beyond {_elsewhere(placebo)}{IF_FREE}{doubt}"


def _elsewhere(placebo: Placebo) -> str:
    """What stands beside the event, named where it is first spoken of."""
    return f"what the same persons show at occasions {placebo.without}"


def _after_short(placebo: Placebo) -> str:
    """Whether SR after the event, when its exposure is over, is higher at any error of exposure."""
    band = placebo.mean_change_error_band
    steady = placebo.without_further("response", "mean_change")
    if band is None or not steady or not placebo.beyond("response", "mean_change"):
        return ""
    higher = band.holds_with_error and (band.value or 0.0) > 0.0
    return AFTER if higher else ""


def _late_words(response: Response, courses: LockedCourses) -> Text:
    """Whether SR comes down again later, in the courses that are seen so long."""
    late = response.late_change
    if late is None or late.way == 0 or late.n < SMALL_CELL:
        return ""
    if 0 < late.n_at_event - late.n < SMALL_CELL:
        return ""
    own, other = own_and_other(courses)
    again = (
        ""
        if late.other_mean is None
        else f" {own} the event in exposure and by {signed(late.other_mean)} "
        f"({signed(late.other_low)} to {signed(late.other_high)}) {other} it"
    )
    fell = " A rise by ordinary fluctuation would fall as well." if late.way < 0 else ""
    free = "" if late.holds_with_error else ", if exposure is free of error,"
    return say(
        f" From the event to {late.occasions} occasions later{free} SR "
        f"{'falls' if late.way < 0 else 'rises'} in the {{n}} courses that are seen then: it "
        f"changes by {signed(late.mean)} ({signed(late.low)} to {signed(late.high)}){again}."
        f"{late.within_words}"
        f"{late_error_words(late)}{fell}",
        n=Persons(late.n, of=late.n_at_event),
    )


def _after_words(placebo: Placebo) -> Text:
    """How SR after the event differs from its level before, beyond the comparator, and its band."""
    band = placebo.mean_change_error_band
    found = None if placebo.SR is None else placebo.SR.response["mean_change"]
    if band is None or band.error_low is None or found is None:
        return ""
    if not placebo.beyond("response", "mean_change"):
        return ""
    steady = placebo.without_further("response", "mean_change")
    held = "stays on that side of 0" if band.holds_with_error else "may lie on either side of 0"
    before = None if placebo.SR is None else placebo.SR.before
    early = (
        ""
        if before is None or placebo.n_before == placebo.n
        else f" (with those before the first anchor alone "
        f"{excess_words(before.response['mean_change'], share=False)})"
    )
    return say(
        " In the courses compared SR changed from before the event to the two occasions after it "
        f"by {signed(found.observed)}, by {excess_words(found, share=False)} beyond the "
        f"comparator{early}; with error in exposure the former difference {held} "
        f"({signed(band.error_low)} to {signed(band.error_high)}).{{hanging}}{{further}}",
        hanging="" if steady else f" {hanging_words(placebo, 'response', ['mean_change'])}",
        further=further_words(placebo, "response", ["mean_change"]),
    )


def lacking_words(placebo: Placebo | None) -> str:
    """Whether there is no comparator at all, or too few are: it follows `there`."""
    return "is no comparator" if placebo is None or not placebo.n else "are too few comparators"


def _changes_words(response: Response, courses: LockedCourses) -> str:
    """How P changes, then SR with the event in exposure and without it."""
    tests = response.jump_tests
    SR = f"SR changed by {_change(tests['SR'])}"
    if (other := tests.get("SR_other")) is not None and other.mean is not None:
        first, second = own_and_other(courses)
        SR += (
            f" with the line's share for the event {'' if first == 'with' else 'not '}taken out "
            f"({first} the event in exposure) and by {_change(other)} {second} it"
        )
    P = tests.get("P")
    return (
        SR if P is None or P.mean is None else f"problems changed by {_change(P)} points and {SR}"
    )


def _change(found: JumpTest) -> str:
    if found.low is None:
        return signed(found.mean)
    return f"{signed(found.mean)} ({signed(found.low)} to {signed(found.high)})"


def _compared_words(placebo: Placebo | None, plain: JumpTest) -> Text:
    if placebo is None or placebo.SR is None:
        return f"Nothing is claimed of it: there {lacking_words(placebo)}."
    found = placebo.SR.response["jump"]
    return say(
        "In {compared} of them, which are complete and have comparator occasions (of the same "
        "persons, {without}), SR changed by {observed} around the event and by {placebo} around "
        "these occasions (95 % intervals over persons, the line taken as known): "
        "{end}{sides}{problems}",
        without=placebo.without,
        compared=Persons(found.n, of=plain.n),
        observed=signed(found.observed),
        placebo=signed(found.placebo),
        end=_verdict(placebo),
        sides=sides_words(placebo, "response", ["jump"]),
        problems=_problems_words(placebo),
    )


def _problems_words(placebo: Placebo) -> str:
    """How problems themselves change in these courses, which no line takes anything out of."""
    found = placebo.P_jump
    if found is None:
        return ""
    early = placebo.P_jump_before
    alone = ""
    if early is not None:
        alone = (
            "; with comparator occasions before the first anchor alone it is "
            f"{excess_words(early, share=False)}"
        )
        if early.leaves_out_0 and not found.beyond:
            alone += ", which leaves out 0, but is not the difference that is judged"
    told = "" if found.beyond else ", which is not distinguished from 0"
    alone_tested = " This is a test by itself, whose p is not adjusted." if found.beyond else ""
    return (
        f" Problems changed by {signed(found.observed)} around the event and by "
        f"{signed(found.placebo)} around these occasions: a difference of "
        f"{excess_words(found, share=False)}{told}, whatever exposure lets expect{alone}."
        f"{alone_tested}"
    )


def _verdict(placebo: Placebo) -> str:
    """The jump's difference from the comparator's under each way of scoring, and what holds."""
    each = {words: found.response["jump"] for words, found in placebo.ways.items()}
    several = len(each) > 1
    parts = [
        f"{excess_words(found, share=False)}{' ' + words if several else ''}"
        for words, found in each.items()
    ]
    differences = f"{'differences' if several else 'a difference'} of {enumeration(parts)}"
    told = any(found.beyond for found in each.values())
    if placebo.beyond("response", "jump"):
        bar = bar_words(placebo, "response", ["jump"])
        if not several:
            return f"{differences} that is beyond {bar}{IF_FREE}."
        reach = reach_words(placebo, (found.excess for found in each.values()))
        return f"{differences}. All are beyond {bar}{IF_FREE}; these estimates go from {reach}."
    if not told:
        none = "none of which is" if several else "which is not"
        alone = any(found.leaves_out_0 for found in each.values())
        counted = f" {ONCE_COUNTED}" if alone else ""
        return f"{differences}, {none} distinguished from 0{counted}."
    return (
        f"{differences}: {why_not_all(each, ONCE_COUNTED)}. So nothing is claimed: it hangs on how "
        "exposure is taken out."
    )


def _error_words(band: ErrorBand | None, response: Response) -> str:
    """Whether the difference by the line outlasts error in exposure, and reports that follow mood.

    The band is of the difference from the comparator, of which the sentence before speaks.
    """
    if band is None or band.error_low is None or band.error_high is None:
        return ""
    reach = (
        f"from {signed(band.error_low)} to {signed(band.error_high)} over reliabilities of "
        f"{band.reliabilities} ({band.source}; ends hold the "
        "sampling error as well, by resamples)"
    )
    what = "the difference by the line over single occasions"
    if not band.holds_with_error:
        return (
            f" With error in exposure {what} may lie on either side of 0: it lies {reach}."
            f"{corrected_words(response)}"
        )
    if not band.holds_jointly:
        return (
            f" With error in exposure {what} lies {reach}, but it may be nil if reports of "
            "exposure follow mood as well."
        )
    side = "above" if (band.value or 0.0) > 0.0 else "below"
    return f" With error in exposure {what} stays {side} 0: it lies {reach}."
