"""Sections of the report on trajectories: who is anchored, courses, labels, responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salutogen.analyses.trajectories import figures, tables
from salutogen.analyses.trajectories.anchors.figure import flow_figure
from salutogen.analyses.trajectories.classes.section import class_sections
from salutogen.analyses.trajectories.courses.figures_time import time_figure
from salutogen.analyses.trajectories.labels.labels import LABELS
from salutogen.analyses.trajectories.recovery.section import response_section
from salutogen.analyses.trajectories.validity.section import validity_sections
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import percent, points

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

RULE_WORDS = {
    "first-strict": "the same item was answered below the threshold at every earlier observed "
    "occasion",
    "first-any": "no listed event counted at any earlier occasion",
    "onset": "the same item was answered “did not happen” at every earlier observed occasion",
    "demo-loop": "the item was below the threshold at the occasion directly before; the last "
    "such occasion and item win",
}
SIGN_NOTE = "SR = observed − expected problems; positive = less resilient."
POINTS = "points of P"


def trajectory_sections(result: Trajectories) -> list[Section]:
    """Sections in reading order."""
    found = [_anchor_section(result), _course_section(result)]
    labels = _label_section(result)
    if labels is not None:
        found.append(labels)
    return [
        *found,
        response_section(result),
        *class_sections(result),
        *validity_sections(result),
    ]


def _anchor_section(result: Trajectories) -> Section:
    rule, count = result.anchors.rule, result.audience.count
    numbers = result.by_occasion()
    shown = tables.shown_counts(list(numbers.values()), result.audience.smallest)
    threshold = result.grid.threshold
    verb = "answered" if result.grid.days_since is None else "rated"
    counted = "it happened" if threshold is None else f"it was {verb} {threshold:g} or higher"
    places = ", ".join(
        f"{'few' if number is None else number} at occasion {label}"
        for label, number in zip(numbers, shown, strict=True)
        if numbers[label]
    )
    return Section(
        title=f"Trajectories: who is anchored ({rule})",
        paragraphs=(
            f"A listed event counts when {counted}. Under the rule {rule}, {RULE_WORDS[rule]}. "
            f"{count(result.anchors.n_persons)} of {len(result.subjects)} persons are anchored: "
            f"{places}.",
            *_episode_words(result),
            *_date_words(result),
            "The table shows who is left after each condition, under every rule. Rules differ "
            "in what they ask of the past, so their numbers differ although the data are the "
            "same.",
        ),
        figures=(flow_figure(result),),
        tables=(
            Table(
                name=f"trajectories-{rule}-flow",
                title="Who is kept, and why",
                frame=tables.flow_table(result),
                labels={"step": "Persons"},
                units=dict.fromkeys(result.flow.counts, "persons"),
                note="" if result.audience.individuals else tables.SMALL_NOTE,
            ),
            Table(
                name=f"trajectories-{rule}-events",
                title="Anchors by event and occasion",
                frame=tables.event_table(result),
                labels={"event": "Event", "all": "All"},
                note="" if result.audience.individuals else tables.SMALL_NOTE,
            ),
        ),
    )


def _episode_words(result: Trajectories) -> tuple[str, ...]:
    if result.settings.episodes == "first":
        return ()
    n, persons = result.anchors.n, result.anchors.n_persons
    return (
        f"All episodes are kept: {result.audience.count(n)} of {result.audience.count(persons)} "
        "persons. Once post2 of an episode is over, the rule is asked anew of the occasions after "
        "it, so no two episodes overlap. Episodes of one person are not independent: intervals "
        "are clustered by person.",
    )


def _date_words(result: Trajectories) -> tuple[str, ...]:
    days = result.anchors.days_since
    if days is None:
        return ()
    return (
        "Events have dates. Each belongs to the first occasion with answers on or after its day: "
        f"half of the anchors were answered within {np.median(days):.0f} days of the event, the "
        f"latest after {days.max():.0f}.",
    )


def _course_section(result: Trajectories) -> Section:
    rule = result.anchors.rule
    kept = result.settings.background == "with-event"
    own, other = ("with", "without") if kept else ("without", "with")
    n, complete = result.anchors.n, int(result.lock.complete.sum())
    count = result.audience.count
    return Section(
        title="Trajectories: courses around the event",
        paragraphs=(
            "Pre, peri, post1 and post2 are the scheduled occasions before, at and after the "
            f"anchor. {count(complete)} of {count(n)} courses are complete.",
            _background_words(result, own),
            "Persons are chosen at a bad moment, so part of any fall after the event is "
            "regression to the mean.",
        ),
        figures=_course_figures(result, own, other),
        tables=(
            Table(
                name=f"trajectories-{rule}-means",
                title="Means by position",
                frame=tables.means_table(result),
                labels={
                    "position": "Position",
                    "n": "Persons",
                    "SR": f"Mean SR, {own} the event",
                    "SR_other": f"Mean SR, {other} the event",
                    "SR_complete": "Mean SR, complete courses",
                    "P": "Mean P",
                },
                units={
                    "n": "persons",
                    **dict.fromkeys(("SR", "SR_other", "SR_complete", "P"), POINTS),
                },
                note=SIGN_NOTE,
            ),
        ),
    )


def _background_words(result: Trajectories, own: str) -> str:
    if "event-outside-exposure" in {item.code for item in result.findings}:
        return (
            "The anchor events are no part of exposure, so the line expects nothing of the "
            "reaction to them: it stays in SR whole."
        )
    both = "" if result.other_background is None else " Both means are shown."
    return (
        f"SR is judged here {own} the anchor event in the background exposure. With the event in "
        "it, the line expects part of the reaction, so SR shows what goes beyond; without it, the "
        f"reaction to the event itself stays in SR.{both}"
    )


def _course_figures(result: Trajectories, own: str, other: str) -> tuple[Figure, ...]:
    return tuple(
        figure
        for figure in (
            figures.means_figure(result, own, other),
            figures.sr_figure(result, other),
            figures.p_figure(result),
            time_figure(result),
        )
        if figure is not None
    )


def _label_section(result: Trajectories) -> Section | None:
    labels, table = result.labels, tables.label_table(result)
    if labels is None or table is None:
        return None
    settings = result.settings.labels
    n = int(labels.codes.size)
    sure = float(labels.probability.max(axis=1).mean())
    rates = dict(zip(LABELS, labels.no_change.tolist(), strict=True))
    figure = figures.label_figure(result, table)
    return Section(
        title="Trajectories: labels by rule",
        paragraphs=(
            f"The band is the own pre-level ± {points(labels.half_width)} points "
            f"({settings.band:g} · √2 · standard error of measurement). Resilient: never above "
            "it. Recovery: above at the event, back at post2. Chronic: above at both. Delayed: "
            "within at the event, above later. Improving: never above, and below the band at "
            f"post2. Pre-existing high: SR_z above {settings.high:g} before the event, whatever "
            "follows.",
            f"{result.audience.count(n)} complete courses are labelled. Given the error of SR a "
            f"person's likeliest label has a probability of {percent(sure)} on average. If "
            f"nobody changed at all, {percent(rates['resilient'])} of those not high before would "
            f"be called resilient and {percent(1 - rates['resilient'])} something else, by error "
            "alone.",
            "Thresholds decide shares, as the last columns show: read them as a description of "
            "these rules, not as kinds of people.",
        ),
        figures=(figure,),
        tables=(
            Table(
                name=f"trajectories-{result.anchors.rule}-labels",
                title="Labels",
                frame=table,
                labels={
                    "label": "Label",
                    "n": "Persons",
                    "share": "Share",
                    "expected": "Share expected given the error of SR",
                    "no_change": "Share if nobody changed",
                    **{words: f"Share, {words}" for words in labels.variants},
                },
                units={"n": "persons"},
                note="Rates without change leave pre-existing high out. "
                + ("" if result.audience.individuals else tables.SMALL_NOTE),
            ),
        ),
    )
