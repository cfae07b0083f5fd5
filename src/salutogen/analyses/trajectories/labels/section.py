"""Section of the report on labels by rule."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.labels.afterwards_words import (
    afterwards_table,
    afterwards_words,
)
from salutogen.analyses.trajectories.labels.by_rule import Labels
from salutogen.analyses.trajectories.labels.figure import label_figure
from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS, RESILIENT, SHOWN
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.labels.table import HALF, WIDER, label_table, may_tell
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.analyses.trajectories.placebo.side_words import high_words
from salutogen.analyses.trajectories.placebo.words import beyond_words, placebo_words
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Section, Text
from salutogen.page.words import enumeration, percent, points, say

BAND_WORDS = {
    "fluctuation": "SD of SR within persons, at occasions where no anchor event acts",
    "answers": "standard error of measurement of the answers",
}
APART = 0.05  # difference of shares between the backgrounds from which on the words say so


def label_sections(
    anchors: Anchors,
    courses: LockedCourses,
    labels: Labels | None,
    placebo: Placebo | None,
    settings: LabelSettings,
    audience: Audience,
) -> tuple[Section, ...]:
    """How complete courses are labelled, beside courses without an event; nothing without any."""
    if labels is None or placebo is None or not labels.n:
        return ()
    rule = anchors.rule
    table = label_table(anchors, courses, labels, placebo, audience)
    shown = table.frame["n"].to_list()
    named = [name for name, n in zip(LABELS, shown, strict=True) if n is not None]
    tables = [table]
    if labels.after_post2 is not None:
        tables.append(afterwards_table(rule, labels.after_post2, shown, audience))
    section = Section(
        title="Trajectories: labels by rule",
        paragraphs=(
            f"The band is the own pre-level ± {points(labels.half_width)} points "
            f"({settings.band:g} · √2 · {points(labels.spread)}, the "
            f"{BAND_WORDS[labels.band_from]}). {_rule_words(labels, settings)}",
            placebo_words(placebo, anchors.n, audience),
            *_end_words(labels),
            say(
                "{n} complete courses are labelled.{both}{beside}",
                n=Persons(labels.n, of=anchors.n),
                both=_within_words(courses, labels, table.frame),
                beside=_beside(labels, placebo, table.frame, audience),
            ),
            *(
                afterwards_words(labels.after_post2, labels.post2_days, named)
                if labels.after_post2 is not None
                else ()
            ),
            "Thresholds decide shares, as the last columns show: read them as a description of "
            "these rules, not as kinds of people.",
        ),
        figures=(
            label_figure(
                rule,
                table.frame,
                n_compared=_n_compared(placebo, labels.n),
                judged=own_and_other(courses) if labels.other_background is not None else None,
            ),
        ),
        tables=tuple(tables),
    )
    return (section,)


def _rule_words(labels: Labels, settings: LabelSettings) -> str:
    """What each label says, and the name that it has in the files."""
    width = points(labels.half_width)
    said = {
        "resilient": f"by no more than {width} points above the level before at the event, post1 "
        "and post2, nor below it by as much at post2",
        "recovery": "above by more at the event, not at post2",
        "delayed": "not above at the event, but later",
        "chronic": "above at the event and at post2",
        "improving": "never above, and below the band at post2",
        "pre-existing high": f"SR_z above {settings.high:g} before the event, whatever follows",
    }
    each = "; ".join(f"“{SHOWN[name]}” ({name}): {words}" for name, words in said.items())
    return (
        f"A course is labelled by where it is seen, in brackets by the name that the rule has in "
        f"the files: {each}. These names are no findings: they speak of pre, peri, post1 and post2 "
        "alone."
    )


def _n_compared(placebo: Placebo, labelled: int) -> Persons | None:
    """Courses not high before that are compared; None without a comparator."""
    if placebo.SR is None:
        return None
    return Persons(placebo.SR.labels[LABELS[RESILIENT]].n, of=labelled)


def _end_words(labels: Labels) -> tuple[Text, ...]:
    """How many courses the ends of the scale keep from some labels."""
    rise, fall = labels.n_cannot_rise, labels.n_cannot_fall
    parts: list[Text] = []
    if fall:
        parts.append(
            say(
                "For {n} of those not high before, the band reaches below the lowest possible "
                "score: at the exposure they had before, they could not be "
                "seen below at post2 by as much.",
                n=Persons(fall, of=labels.n),
            )
        )
    if rise:
        parts.append(
            say(
                "For {n} of those not high before, it reaches beyond the highest possible score: "
                "they could not be seen above it, whatever happens.",
                n=Persons(rise, of=labels.n),
            )
        )
    return tuple(parts)


def _within_words(courses: LockedCourses, labels: Labels, shown: pl.DataFrame) -> str:
    """The share not seen above the band under both backgrounds, and over widths of the band.

    The band is wide beside persons' differences, so this is no share of resilient persons.
    """
    row = shown.row(RESILIENT, named=True)
    if row["share"] is None:
        return ""
    width = points(labels.half_width)
    first = (
        f" Among those not high before, {percent(row['share'])} are not seen above their own level "
        f"before by more than {width} points, nor below it by as much at post2"
    )
    if (other_share := row.get("share_other")) is not None:
        own, other = own_and_other(courses)
        differ = abs(row["share"] - other_share) >= APART
        hangs = (
            ": the share hangs on whether what the line expects of the event is taken out first"
            if differ
            else ""
        )
        first += f", {own} the event in exposure, and {percent(other_share)} {other} it{hangs}"
    narrow, wide = row.get(HALF), row.get(WIDER)
    reach = (
        ""
        if narrow is None or wide is None
        else f" With a band half as wide it is {percent(narrow)}, with one half as wide again "
        f"{percent(wide)}."
    )
    return (
        f"{first}. A rise of less than {width} points would not show: this is no share of persons "
        f"who did not react.{reach}"
    )


def _beside(labels: Labels, placebo: Placebo, shown: pl.DataFrame, audience: Audience) -> Text:
    """What the same persons show without an event, and which shares go beyond it."""
    if placebo.SR is None:
        resilient = labels.no_change["resilient"]
        return (
            f" If SR only fluctuated about one level, each occasion by itself, {percent(resilient)}"
            f" of those not high before would be “{SHOWN['resilient']}” and "
            f"{percent(1 - resilient)} something else, whatever the data."
        )
    found = placebo.SR.labels
    high = LABELS[HIGH]
    n, named = found[LABELS[RESILIENT]].n, _named(shown)
    both = [
        f"“{SHOWN[name]}” {_told_share(item, name in named, audience)} ({percent(item.placebo)})"
        for name, item in found.items()
        if name != high
    ]
    before = high_words(placebo, audience) if high in named else ""
    return say(
        " Shares around the event and, in brackets, around comparator occasions, both of the {n} "
        "not high before the event that have such occasions at which they were not high before "
        "either: {both}.{before} {beyond}",
        n=Persons(n, of=labels.n),
        both=enumeration(both),
        before=before,
        beyond=beyond_words(placebo, "labels", named, "labels"),
    )


def _named(shown: pl.DataFrame) -> list[str]:
    """Labels whose shares may be told."""
    shares = shown["share"].to_list()
    return [name for name, share in zip(LABELS, shares, strict=True) if share is not None]


def _told_share(found: Contrast, named: bool, audience: Audience) -> str:
    """The share among the courses compared, where it may be told."""
    return percent(found.observed) if may_tell(found, named, audience) else "–"
