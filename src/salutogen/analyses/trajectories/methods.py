"""Sentences of the methods on courses around events, made from what was done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from salutogen.analyses.trajectories.anchors.section import RULE_WORDS
from salutogen.analyses.trajectories.classes.section import numbers_of_classes
from salutogen.analyses.trajectories.classes.tables import GATE_WORDS
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.analyses.trajectories.labels.section import BAND_WORDS
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.occasions import MARGIN
from salutogen.analyses.trajectories.recovery.no_curve import (
    NOT_POSSIBLE,
    no_curve_reason,
    unsettled_reason,
)
from salutogen.analyses.trajectories.recovery.words import (
    compares_shares_back,
    tells_shares_back,
)
from salutogen.page.words import enumeration

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

NO_LABELS = {
    "labels-need-reliability": "no band could be made",
    "band-wider-than-scale": "the band reaches beyond the scale for too many",
}


def methods_words(result: Trajectories) -> str:
    """Say how anchors, courses, comparator, labels, returns and classes came about."""
    return " ".join(
        (
            *_anchors(result),
            *_courses(result),
            *_comparator(result),
            *_labels(result),
            *_returns(result),
            *_classes(result),
            *_validity(result),
            *_over_windows(result),
        )
    )


def _anchors(result: Trajectories) -> Iterator[str]:
    anchored, settings = result.anchored, result.settings
    verb = "answered" if anchored.grid.days_since is None else "rated"
    counted = (
        "whenever it happened"
        if anchored.threshold is None
        else f"when {verb} {anchored.threshold:g} or higher"
    )
    where = ""
    if settings.anchor_occasions:
        where = f", at the occasions {enumeration(settings.anchor_occasions)} only"
    around = ""
    if anchored.rule != "demo-loop":
        around = " and at least one earlier and two later occasions were observed"
    yield (
        f"Courses were locked to events: a listed event counted {counted}{where}, and was an "
        f"anchor if {RULE_WORDS[anchored.rule]}{around} (rule {anchored.rule})."
    )
    if anchored.episodes == "all":
        yield (
            "Persons could have several episodes, the rule being asked anew once post2 of one was "
            "over; errors are clustered by person."
        )


def _courses(result: Trajectories) -> Iterator[str]:
    courses = result.courses
    yield (
        "Courses are of SR by the line over single occasions, whose slope need not be that of the "
        "line over persons."
    )
    if not courses.event_in_exposure:
        yield "The anchor events were no part of exposure."
    else:
        own, other = own_and_other(courses)
        both = "" if courses.other_background is None else f", and {other} it for comparison"
        yield f"SR was judged {own} the anchor event in the exposure{both}."
    if result.response.jump_tests["SR"].low is None:
        return
    within = "SR_within" in result.response.jump_tests
    also = "; it was scored with the slope of exposure within persons as well" if within else ""
    yield (
        "The mean jump from the occasion before the event has a t interval, clustered by person, "
        f"that holds the error of the line{also}."
    )
    band = result.response.jump_error_band
    if band is not None:
        yield (
            f"It was followed through {band.assumed} at once, persons resampled together with the "
            "line."
        )
    if result.response.jump_calm:
        yield (
            "As a reaction to events raises the slope of a line that is fitted to them as well, "
            "the jump is given by slopes without the occasions from an anchor to "
            f"{MARGIN} after post2 too."
        )
    if result.response.jump_spread is not None:
        yield (
            "The SD of changes over courses stands beside that of changes over the same span away "
            "from anchors, with an interval of the logarithm of their ratio, clustered by person."
        )


def _comparator(result: Trajectories) -> Iterator[str]:
    placebo = result.placebo
    if placebo is None or placebo.SR is None:
        few = placebo is not None and placebo.n > 0
        lacking = "Too few anchors had comparator occasions" if few else "There was no comparator"
        yield f"{lacking}, so nothing around the event was claimed as its effect."
        return
    yield (
        f"The comparator of each anchor were all occasions of the same "
        f"person {placebo.without}, with a complete course around it that ends before the person's "
        f"first anchor or else starts {MARGIN + 1} or more occasions after post2{_sides(result)}. "
        "Differences are "
        "of the mean over courses of what was seen less the mean over the course's own such "
        "occasions, with "
        "t intervals clustered by person, the line taken as known; p was adjusted for the figures "
        "of a table (Benjamini & Hochberg, 1995), and a difference was claimed only if it held "
        "however SR was scored."
        f"{_without_further(placebo)}"
    )
    if placebo.P_jump is not None:
        yield (
            "The jump of problems themselves was held beside the comparator's in the same way, as "
            "a test by itself whose p was not adjusted."
        )
    if placebo.SR.regression is not None:
        yield (
            "The change after the event that the comparator lets expect comes from the "
            "regression of that change on SR before and at comparator occasions and on the "
            "person's mean elsewhere, with t intervals by the jackknife over persons; its p was "
            "adjusted together with those of jump, mean change and depth."
        )


def _without_further(placebo: Placebo) -> str:
    """What was done about listed events that come before a course ends."""
    if not placebo.n_further:
        return ""
    return (
        " Differences of what is seen at post1 and post2 were computed once more without what "
        "holds a listed event there, around anchors and at comparator occasions, and called more "
        "than fluctuation without an event only if they held that way too."
    )


def _sides(result: Trajectories) -> str:
    """What was done about comparator occasions that lie after the event."""
    placebo = result.placebo
    if placebo is None or placebo.n_before == placebo.n:
        return ""
    return (
        "; the latter may still hold what the event left, so that a difference was called more "
        "than fluctuation without an event only if it held with the former alone too"
    )


def _labels(result: Trajectories) -> Iterator[str]:
    labels, settings = result.labels, result.settings.labels
    if labels is None or not labels.n:
        why = "none was complete" if labels is not None else _reason(result, NO_LABELS)
        yield f"Courses were not labelled, because {why}."
        return
    yield (
        "Complete courses were labelled by rule (after Bonanno, 2004), with a band of "
        f"{settings.band:g} · √2 times the {BAND_WORDS[labels.band_from]}, around the own level "
        f"before; back means within {settings.tolerance:g} × half the band at post2, and SR_z "
        f"above {settings.high:g} before the event is pre-existing high. The names are those of "
        "the taxonomy; they speak of post2 and of nothing later."
    )


def _returns(result: Trajectories) -> Iterator[str]:
    if tells_shares_back(result.return_times):
        apart = ""
        if compares_shares_back(result.return_times, result.placebo):
            apart = ", differences from the comparator that of Newcombe (1998)"
        yield (
            "Times until back within the band are interval-censored (Turnbull, 1976); shares back "
            "have Wilson's interval with as many persons as their variance over resampled persons "
            f"speaks for (Korn & Graubard, 1998){apart}."
        )
    curve = result.recovery
    if curve is None:
        yield f"No curve of return was fitted, because {no_curve_reason(result.findings)}."
        return
    yield (
        "An exponential in the occasions since the event, its speed common to all, was fitted to "
        "SR less the level before by generalised least squares, errors clustered by person; the "
        "interval of its fall holds over all speeds at once (Hansen, 1996), that of the half-life "
        "from a score test."
    )
    if not curve.settled:
        yield f"No half-life was given, because {unsettled_reason(curve)}."
    elif curve.individual is not None and curve.individual.told:
        yield "Speeds of persons differ by a likelihood-ratio test and were partially pooled."


def _classes(result: Trajectories) -> Iterator[str]:
    search, settings = result.class_search, result.settings.classes
    if search is None or settings == "off":
        yield "Classes of courses were not looked for."
        return
    on = sum(each.may_be_claimed for each in search.assumptions)
    gates = [f"{_inside(GATE_WORDS[gate.name])} {gate.threshold:g}" for gate in result.gates]
    largest = [
        max(int(k) for k in each.bic_by_classes)
        for each in search.assumptions
        if each.may_be_claimed and each.bic_by_classes
    ]
    yield (
        f"Growth mixtures with {numbers_of_classes(largest, settings.max)} were fitted under {on} "
        f"{'set' if on == 1 else 'sets'} of assumptions; classes were to be claimed only if every "
        f"gate held ({'; '.join(gates)})."
    )


def _validity(result: Trajectories) -> Iterator[str]:
    found, settings = result.validity, result.settings.validity
    if found.outcome is not None:
        related = any(one.r.value is not None for one in found.foretold.values())
        intervals = (
            "; correlations with it have t intervals on Fisher's z, with standard errors over "
            f"{settings.draws:,} resamples of persons"
        )
        yield f"The later outcome was {found.outcome.name}{intervals if related else ''}."
    if all(one.value is None for each in found.factors.values() for one in each.r.values()):
        return
    bands: list[ErrorBand] = [
        item.error_bands["level"] for item in found.factors.values() if item.error_bands is not None
    ]
    jointly = (
        f", and followed through {bands[0].assumed} at once, persons resampled together with the "
        "line"
        if bands
        else ""
    )
    yield (
        "Factors, as they were before the event, were correlated with level and change of SR and "
        "of P after it, p adjusted over all of these (Benjamini & Hochberg, 1995)" + jointly + "."
    )


def _over_windows(result: Trajectories) -> Iterator[str]:
    if (found := result.over_windows) is not None:
        yield (
            f"The change from window {found.first_window} to window {found.last_window} (SR by the "
            "frozen line, of persons seen in both) was compared between persons who reported an "
            "event that counts at an occasion between the two and those who reported none at any "
            "occasion seen (Welch 1947)."
        )


def _inside(words: str) -> str:
    """Write the start of a sentence as it stands inside one."""
    return words if words[:2].isupper() else words[0].lower() + words[1:]


def _reason(result: Trajectories, reasons: dict[str, str]) -> str:
    codes = {item.code for item in result.findings}
    told = [words for code, words in reasons.items() if code in codes]
    return told[0] if told else NOT_POSSIBLE
