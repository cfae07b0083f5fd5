"""Section of the report on labels by rule."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.labels.by_rule import Labels, label_shares
from salutogen.analyses.trajectories.labels.figure import label_figure
from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS, RESILIENT
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.analyses.trajectories.placebo.words import beyond_words, placebo_words
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Section, Table, Text
from salutogen.page.small_counts import hide_small
from salutogen.page.words import enumeration, percent, points, say

AMONG_NOTE = (
    "Shares are among courses not high before the event, in every column; that of pre-existing "
    "high is among all, and is fixed before the event, so it has no difference."
)
NOTE = (
    "Comparator: the same persons as in the column before it, who are those with occasions "
    "{without}. Difference: of these courses, with its 95 % interval over persons."
)
COLUMNS = (
    Column(name="label", meaning="Label by rule", kind=Kind.LABEL, heading="Label"),
    Column(
        name="n",
        meaning="Courses with the label",
        unit="persons",
        kind=Kind.COUNT,
        heading="Persons",
        adds_up=1,
    ),
    Column(name="share", meaning="Share of the label", kind=Kind.SHARE, heading="Share"),
    Column(
        name="share_other",
        meaning="Share with SR judged the other way",
        kind=Kind.SHARE,
        heading="Share, other background",
    ),
    Column(
        name="compared",
        meaning="Share around the event of the courses that have comparator occasions",
        kind=Kind.SHARE,
        heading="Share around the event, courses compared",
    ),
    Column(
        name="placebo",
        meaning="Share around comparator occasions, mean over draws",
        heading="Share at comparator occasions",
    ),
    Column(name="low", meaning="Lower end of the draws' 95 % range", heading="95 % from"),
    Column(name="high", meaning="Upper end of the draws' 95 % range", heading="to"),
    Column(
        name="excess",
        meaning="Share around the event minus share around comparator occasions",
        kind=Kind.SHARE,
        heading="Difference",
    ),
    Column(
        name="excess_low",
        meaning="Lower end of its 95 % interval over persons",
        kind=Kind.SHARE,
        heading="95 % from ",
    ),
    Column(
        name="excess_high",
        meaning="Upper end of its 95 % interval over persons",
        kind=Kind.SHARE,
        heading="to ",
    ),
    Column(
        name="no_change",
        meaning="Share that the rule gives independent normal noise, whatever the data",
        heading="Share of the rule for independent normal noise",
    ),
)
OTHER = "other background"
HALF, WIDER = "band narrower by half", "band wider by half"
APART = 0.05  # difference of shares between the backgrounds from which on the words say so
COMPARED = ("compared", "placebo", "low", "high", "excess", "excess_low", "excess_high")
BAND_WORDS = {
    "fluctuation": "SD of SR within persons, at occasions where no anchor event acts",
    "answers": "standard error of measurement of the answers",
}
# Courses by label under other bands and tolerances, in the words of the labels' variants.
VARIANT = Column(name="<variant>", meaning="Courses under another band", kind=Kind.COUNT, adds_up=1)


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
    table = _label_table(anchors, courses, labels, placebo, audience)
    section = Section(
        title="Trajectories: labels by rule",
        paragraphs=(
            f"The band is the own pre-level ± {points(labels.half_width)} points "
            f"({settings.band:g} · √2 · {points(labels.spread)}, the "
            f"{BAND_WORDS[labels.band_from]}). Resilient: not seen above the own pre-level by more "
            f"than {points(labels.half_width)} points. Recovery: above at the "
            "event, back at post2. Chronic: above at both. Delayed: within at the event, above "
            "later. Improving: never above, and below the band at post2. Pre-existing high: SR_z "
            f"above {settings.high:g} before the event, whatever follows.",
            placebo_words(placebo, anchors.n, audience),
            *_end_words(labels),
            say(
                "{n} complete courses are labelled.{both}{beside}",
                n=Persons(labels.n, of=anchors.n),
                both=_within_words(courses, labels, table.frame),
                beside=_beside(labels, placebo, table.frame, audience),
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
        tables=(table,),
    )
    return (section,)


def _n_compared(placebo: Placebo, labelled: int) -> Persons | None:
    """Complete courses that have comparator occasions; None without a comparator."""
    if placebo.SR is None:
        return None
    return Persons(placebo.SR.labels[LABELS[HIGH]].n, of=labelled)


def _end_words(labels: Labels) -> tuple[Text, ...]:
    """How many courses the ends of the scale keep from some labels."""
    rise, fall = labels.n_cannot_rise, labels.n_cannot_fall
    parts: list[Text] = []
    if fall:
        parts.append(
            say(
                "For {n} of those not high before, the band reaches below the lowest possible "
                "score: they could not be labelled improving.",
                n=Persons(fall, of=labels.n),
            )
        )
    if rise:
        parts.append(
            say(
                "For {n} of those not high before, it reaches beyond the highest possible score: "
                "they could not be seen above it, and are not labelled recovery, delayed or "
                "chronic whatever happens.",
                n=Persons(rise, of=labels.n),
            )
        )
    return tuple(parts)


def _within_words(courses: LockedCourses, labels: Labels, shown: pl.DataFrame) -> str:
    """The share not seen above the band under both backgrounds, and over widths of the band.

    The band is wide beside persons' differences, so this is no share of resilient persons.
    """
    row = shown.filter(pl.col("label") == LABELS[RESILIENT]).row(0, named=True)
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
            ": the share hangs on whether the expected reaction to the event is taken out first"
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
        f"who did not react, although the rule labels them resilient.{reach}"
    )


def _beside(labels: Labels, placebo: Placebo, shown: pl.DataFrame, audience: Audience) -> Text:
    """What the same persons show without an event, and which shares go beyond it."""
    if placebo.SR is None:
        resilient = labels.no_change["resilient"]
        return (
            f" If SR only fluctuated about one level, each occasion by itself, {percent(resilient)}"
            f" of those not high before would be labelled resilient and "
            f"{percent(1 - resilient)} something else, whatever the data."
        )
    found = placebo.SR.labels
    high = LABELS[HIGH]
    n, named = found[LABELS[RESILIENT]].n, shown.drop_nulls("share")["label"].to_list()
    both = [
        f"{name} {_told_share(item, name in named, audience)} ({percent(item.placebo)})"
        for name, item in found.items()
        if name != high
    ]
    before = (
        f" High before were {percent(found[high].observed)} of the courses around the event that "
        f"have a comparator and {percent(found[high].placebo)} of the comparator's: that is fixed "
        "before anything happens, so it is no effect, and is left out of the shares compared."
        if high in named
        else ""
    )
    return say(
        " Shares around the event and, in brackets, around comparator occasions, both of the {n} "
        "not high before that have such occasions: {both}.{before} {beyond}",
        n=Persons(n, of=labels.n),
        both=enumeration(both),
        before=before,
        beyond=beyond_words(placebo, "labels", named, "labels"),
    )


def _told_share(found: Contrast, named: bool, audience: Audience) -> str:
    """The share among the courses compared, where it may be told."""
    return percent(found.observed) if _may_tell(found, named, audience) else "–"


def _may_tell(found: Contrast, named: bool, audience: Audience) -> bool:
    """Whether the share among the courses compared gives no small number of persons away."""
    count = round((found.observed or 0.0) * found.n)
    return named and not audience.hides(count, found.n)


def _label_table(
    anchors: Anchors,
    courses: LockedCourses,
    labels: Labels,
    placebo: Placebo,
    audience: Audience,
) -> Table:
    """Courses by label, and the shares without an event and by fluctuation alone.

    Shares come from counts that may be told, so that none gives a count away; beside a count, a
    share tells how many courses are labelled, and how many of them were high before.
    """
    others = dict(labels.variants)
    if labels.other_background is not None:
        others[OTHER] = labels.other_background
    counts = {"n": labels.counts, **others}
    frame = pl.DataFrame(
        {"label": list(LABELS), **{name: list(found.values()) for name, found in counts.items()}}
    )
    shown = hide_small(
        Table(name="labels", title="", frame=frame, columns=(*COLUMNS, VARIANT)), audience
    ).frame
    untold = audience.hides(labels.n, anchors.n)
    shares: dict[str, list[float | None]] = {
        name: [
            None if n is None or untold or shown[name][HIGH] is None else share
            for n, share in zip(shown[name], label_shares(found).values(), strict=True)
        ]
        for name, found in counts.items()
    }
    told = [share is not None for share in shares["n"]]
    own = shares.pop("n")
    other = shares.pop(OTHER, [None] * len(LABELS))
    frame = pl.DataFrame(
        {
            "label": shown["label"],
            "n": shown["n"],
            "share": own,
            "share_other": other,
            **_compared(placebo, told, audience),
            "no_change": [labels.no_change.get(label) for label in LABELS],
            **shares,
        },
        schema_overrides=dict.fromkeys(
            ("share", "share_other", *COMPARED, "no_change", *labels.variants), pl.Float64
        ),
    )
    columns = (*_columns(courses), *(_share_of(words) for words in labels.variants))
    if labels.other_background is None:
        frame = frame.drop("share_other")
        columns = tuple(column for column in columns if column.name != "share_other")
    note = AMONG_NOTE
    if placebo.SR is None:
        frame = frame.drop(COMPARED)
        columns = tuple(column for column in columns if column.name not in COMPARED)
    else:
        # Beside what the same persons show, a constant of the rule tells nothing of these data.
        frame = frame.drop("no_change")
        columns = tuple(column for column in columns if column.name != "no_change")
        note = f"{note} {NOTE.format(without=placebo.without)}"
    return Table(
        name=f"trajectories-{anchors.rule}-labels",
        title="Labels",
        frame=frame,
        columns=columns,
        note=note_of(note, frame.drop(COMPARED, strict=False), columns),
    )


def _columns(courses: LockedCourses) -> tuple[Column, ...]:
    """The columns, with headings that say how SR is judged."""
    if courses.other_background is None:
        return COLUMNS
    own, other = own_and_other(courses)
    headings = {
        "share": f"Share, {own} the event in exposure",
        "share_other": f"Share, {other} it",
    }
    return tuple(
        replace(column, heading=headings.get(column.name, column.heading)) for column in COLUMNS
    )


def _compared(
    placebo: Placebo, told: list[bool], audience: Audience
) -> dict[str, list[float | None]]:
    """Columns of the comparison; an excess goes with the share it is made of."""
    if placebo.SR is None:
        return {name: [None] * len(LABELS) for name in COMPARED}
    found = list(placebo.SR.labels.values())
    return {
        "compared": [
            item.observed if _may_tell(item, may, audience) else None
            for item, may in zip(found, told, strict=True)
        ],
        "placebo": [item.placebo for item in found],
        "low": [item.placebo_low for item in found],
        "high": [item.placebo_high for item in found],
        **{
            name: [
                getattr(item, name) if may and item.excess_low is not None else None
                for item, may in zip(found, told, strict=True)
            ]
            for name in ("excess", "excess_low", "excess_high")
        },
    }


def _share_of(words: str) -> Column:
    heading = f"Share, {words}"
    return Column(name=words, meaning=heading, kind=Kind.SHARE, heading=heading)
