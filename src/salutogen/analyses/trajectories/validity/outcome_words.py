"""Words for what comes later: how it goes with levels and changes, with labels and classes."""

from __future__ import annotations

from salutogen.analyses.trajectories.placebo.differences import BORDER, percentage_points
from salutogen.analyses.trajectories.validity.correlations import Estimate
from salutogen.analyses.trajectories.validity.relations import GroupOutcome, Validity
from salutogen.findings import Persons
from salutogen.page.section import Text
from salutogen.page.words import percent, say, signed

OVERLAP = (
    " It comes from other occasions, but from the same scale and person as the courses: any "
    "relation may be the person's stable level, so nothing is foretold here."
)


def _written(found: Estimate | None) -> str:
    if found is None or found.value is None:
        return "–"
    return f"{signed(found.value)} ({signed(found.low)} to {signed(found.high)})"


def foretold_words(found: Validity, anchored: int) -> tuple[Text, ...]:
    """How levels of SR and P after the event go with the later outcome.

    Parameters
    ----------
    found : Validity
    anchored : int
        All anchors.
    """
    outcome = found.outcome
    if outcome is None:
        return ()
    sr, p = found.foretold["SR level"], found.foretold["P level"]
    return (
        say(
            "The later outcome is {outcome}, known for {n} anchored courses.{overlap} In the "
            "{seen} of them whose SR is known then, the level of SR after the event correlates "
            "with it by {sr}, that of P by {p}; at equal P before the event by {sr_equal} and "
            "{p_equal} (95 % intervals by bootstrap over persons)."
            "{untold}",
            outcome=outcome.name,
            overlap=OVERLAP if outcome.overlaps_with_P else "",
            n=Persons(outcome.n, of=anchored),
            seen=Persons(sr.r.n, of=outcome.n),
            sr=_written(sr.r),
            p=_written(p.r),
            sr_equal=_written(sr.at_equal_P),
            p_equal=_written(p.at_equal_P),
            untold="" if found.tells_outcome else " No relation is told.",
        ),
    )


def group_words(found: Validity, anchored: int) -> tuple[Text, ...]:
    """How much of the later outcome goes with labels and with classes.

    Parameters
    ----------
    found : Validity
    anchored : int
        All anchors.
    """
    return tuple(
        _label_words(group, anchored) if group.kind == "label" else _class_words(group, anchored)
        for group in found.groups
        if group.explained is not None
    )


def _class_words(group: GroupOutcome, anchored: int) -> Text:
    """How much of the outcome goes with the class, which has no comparator."""
    if (group.explained or 0.0) <= 0.0:
        return _no_relation("class", "", group.n, anchored)
    return say(
        "Class alone goes with {explained} of the variance of the outcome in {n} courses, adjusted "
        "for the number of groups; what classes of any courses would go with is not known.",
        explained=percent(group.explained),
        n=Persons(group.n, of=anchored),
    )


def _label_words(group: GroupOutcome, anchored: int) -> Text:
    """How much of the outcome goes with the label, and with one at comparator occasions.

    Both are of the same courses. No share without a comparator: a label holds some of a person's
    level.
    """
    found = group.by_chance
    if found is None:
        return say(
            "How much of the outcome goes with the label is not said ({n} courses have both): "
            "labels around comparator occasions, which would say how much of it is a person's "
            "level, are too few.",
            n=Persons(group.n, of=anchored),
        )
    if found.observed <= 0.0:
        return _no_relation("label", " that have comparator occasions", found.n, anchored)
    excess = percentage_points(found.excess, found.excess_low, found.excess_high)
    verdict = f"The difference, {excess}, is not distinguished from 0."
    if found.at_border:
        verdict = f"The difference, {excess}, {BORDER}."
    elif found.way:
        way = "more" if found.way > 0 else "less"
        verdict = f"Labels around the event go with {way}: the difference is {excess}."
    return say(
        "In the {n} courses that have comparator occasions and an outcome, the label alone goes "
        "with {observed} of the variance of the outcome, adjusted for the number of groups. The "
        "same rule around comparator occasions goes with {placebo} (mean over draws), as a label "
        "may hold some of a person's level. {verdict}",
        n=Persons(found.n, of=anchored),
        observed=percent(found.observed),
        placebo=percent(max(found.placebo, 0.0)),
        verdict=verdict,
    )


def _no_relation(what: str, where: str, n: int, anchored: int) -> Text:
    """Of a share that is not above 0, once the number of groups is counted, nothing is told."""
    return say(
        f"No relation of the {what} with the outcome is told in the {{n}} courses{where}: the "
        "differences between groups are not distinguished from chance.",
        n=Persons(n, of=anchored),
    )
