"""Table of the labels: counts, shares, and shares beside the comparator and under other bands."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.event_courses import LockedCourses
from salutogen.analyses.trajectories.courses.figures import own_and_other
from salutogen.analyses.trajectories.labels.by_rule import Labels, label_bases
from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS, SHOWN
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.columns import Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.section import Table
from salutogen.page.small_counts import hide_small

AMONG_NOTE = (
    "Shares are among courses not high before the event, in every column; that of those high "
    "before is among all, and has no difference: it is of the occasion before the event"
)
AFTER_EVENT = ", while comparator occasions may lie after it"
NOTE = (
    "Courses compared: those of them with a complete course around an occasion {without} before "
    "which they were not high either (of those high before, all with such a course). Comparator: "
    "these occasions of the same persons, those of a course together as one. Difference: of these "
    "courses, with its 95 % interval over persons; none where no course differs from its own."
)
# Shares stand here as they may be told, and go with the counts of their row.
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
    Column(name="share", meaning="Share of the label", kind=Kind.TELLING, heading="Share"),
    Column(
        name="share_other",
        meaning="Share with SR judged the other way",
        kind=Kind.TELLING,
        heading="Share, other background",
    ),
    Column(
        name="compared",
        meaning="Share around the event of the courses that have comparator occasions",
        kind=Kind.TELLING,
        heading="Share around the event, courses compared",
    ),
    Column(
        name="placebo",
        meaning="Share around the comparator occasions of these courses",
        heading="Share at comparator occasions",
    ),
    Column(
        name="excess",
        meaning="Share around the event minus share around comparator occasions",
        kind=Kind.TELLING,
        heading="Difference",
    ),
    Column(
        name="excess_low",
        meaning="Lower end of its 95 % interval over persons",
        kind=Kind.TELLING,
        heading="95 % from",
    ),
    Column(
        name="excess_high",
        meaning="Upper end of its 95 % interval over persons",
        kind=Kind.TELLING,
        heading="to",
    ),
    Column(
        name="no_change",
        meaning="Share that the rule gives independent normal noise, whatever the data",
        heading="Share of the rule for independent normal noise",
    ),
)
OTHER = "other background"
HALF, WIDER = "band narrower by half", "band wider by half"
COMPARED = ("compared", "placebo", "excess", "excess_low", "excess_high")
# Courses by label under other bands and tolerances, in the words of the labels' variants.
VARIANT = Column(name="<variant>", meaning="Courses under another band", kind=Kind.COUNT, adds_up=1)


def may_tell(found: Contrast, named: bool, audience: Audience) -> bool:
    """Whether the share among the courses compared gives no small number of persons away."""
    count = round((found.observed or 0.0) * found.n)
    return named and not audience.hides(count, found.n)


def label_table(
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
            None
            if n is None or untold or shown[name][HIGH] is None
            else audience.told_share(found[label] / of, of)
            for n, (label, of) in zip(shown[name], label_bases(found).items(), strict=True)
        ]
        for name, found in counts.items()
    }
    told = [share is not None for share in shares["n"]]
    own = shares.pop("n")
    other = shares.pop(OTHER, [None] * len(LABELS))
    frame = pl.DataFrame(
        {
            "label": [SHOWN[name] for name in LABELS],
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
    note = f"{AMONG_NOTE}{AFTER_EVENT if placebo.n_before < placebo.n else ''}."
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
            item.observed if may_tell(item, may, audience) else None
            for item, may in zip(found, told, strict=True)
        ],
        "placebo": [item.placebo for item in found],
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
    return Column(name=words, meaning=heading, kind=Kind.TELLING, heading=heading)
