"""Section of the report on labels by rule."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.labels.by_rule import Labels
from salutogen.analyses.trajectories.labels.figure import label_figure
from salutogen.analyses.trajectories.labels.rule import LABELS
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.words import beyond_words, placebo_words
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.privacy import hide_small
from salutogen.page.section import Section, Table
from salutogen.page.words import enumeration, percent, points, say

NOTE = (
    "Without an event: the same persons around occasions without a listed one. Difference: of "
    "the courses that have such an occasion, with its 95 % interval over persons. Fluctuation "
    "alone leaves pre-existing high out."
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
        name="placebo",
        meaning="Share around occasions without an event, mean over draws",
        heading="Share without an event",
    ),
    Column(name="low", meaning="Lower end of the draws' 95 % range", heading="95 % from"),
    Column(name="high", meaning="Upper end of the draws' 95 % range", heading="to"),
    Column(
        name="excess",
        meaning="Share around the event minus share without one",
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
        meaning="Share if SR only fluctuated, each occasion by itself",
        heading="Share by fluctuation alone",
    ),
)
COMPARED = ("placebo", "low", "high", "excess", "excess_low", "excess_high")
BAND_WORDS = {
    "fluctuation": "SD of SR within persons, at occasions where no anchor event acts",
    "answers": "standard error of measurement of the answers",
}
NO_LABEL = (
    "As far as these data tell, the labels are what ordinary fluctuation gives to the same persons "
    "without any event: no share differs by more than chance."
)
# Courses by label under other bands and tolerances, in the words of the labels' variants.
VARIANT = Column(name="<variant>", meaning="Courses under another band", kind=Kind.COUNT, adds_up=1)


def label_sections(
    anchors: Anchors,
    labels: Labels | None,
    placebo: Placebo | None,
    settings: LabelSettings,
    audience: Audience,
) -> tuple[Section, ...]:
    """How complete courses are labelled, beside courses without an event; nothing without any."""
    if labels is None or placebo is None or not labels.n:
        return ()
    rule = anchors.rule
    table = _label_table(anchors, labels, placebo, audience)
    section = Section(
        title="Trajectories: labels by rule",
        paragraphs=(
            f"The band is the own pre-level ± {points(labels.half_width)} points "
            f"({settings.band:g} · √2 · {points(labels.spread)}, the "
            f"{BAND_WORDS[labels.band_from]}). Resilient: never above it. Recovery: above at the "
            "event, back at post2. Chronic: above at both. Delayed: within at the event, above "
            "later. Improving: never above, and below the band at post2. Pre-existing high: SR_z "
            f"above {settings.high:g} before the event, whatever follows.",
            placebo_words(placebo, anchors.n, audience),
            say(
                "{n} complete courses are labelled.{beside}",
                n=Persons(labels.n, of=anchors.n),
                beside=_beside(labels, placebo, table.frame),
            ),
            "Thresholds decide shares, as the last columns show: read them as a description of "
            "these rules, not as kinds of people.",
        ),
        figures=(label_figure(rule, table.frame, compared=placebo.SR is not None),),
        tables=(table,),
    )
    return (section,)


def _beside(labels: Labels, placebo: Placebo, shown: pl.DataFrame) -> str:
    """What the same persons show without an event, and which shares go beyond it."""
    if placebo.SR is None:
        resilient = labels.no_change["resilient"]
        return (
            f" If SR only fluctuated about one level, each occasion by itself, {percent(resilient)}"
            f" of those not high before would be called resilient and {percent(1 - resilient)} "
            "something else."
        )
    without = [f"{name} {percent(item.placebo)}" for name, item in placebo.SR.labels.items()]
    named = shown.drop_nulls("share")["label"].to_list()
    return (
        f" Around occasions without an event the same persons would be called: "
        f"{enumeration(without)}. "
        f"{beyond_words(placebo, 'labels', named, 'labels', NO_LABEL)}"
    )


def _label_table(anchors: Anchors, labels: Labels, placebo: Placebo, audience: Audience) -> Table:
    """Courses by label, and the shares without an event and by fluctuation alone.

    Shares come from counts that may be told, so that none gives a count away; beside a count, a
    share tells how many courses are labelled.
    """
    untold = audience.hides(labels.n, anchors.n)
    counts = pl.DataFrame(
        {
            "label": list(LABELS),
            "n": list(labels.counts.values()),
            **{words: list(found.values()) for words, found in labels.variants.items()},
        }
    )
    counted = Table(name="labels", title="", frame=counts, columns=(*COLUMNS, VARIANT))
    shown = hide_small(counted, audience).frame
    shares = {
        name: [None if n is None or untold else n / labels.n for n in shown[name]]
        for name in ("n", *labels.variants)
    }
    told = [share is not None for share in shares["n"]]
    frame = pl.DataFrame(
        {
            "label": shown["label"],
            "n": shown["n"],
            "share": shares.pop("n"),
            **_compared(placebo, told),
            "no_change": [labels.no_change.get(label) for label in LABELS],
            **shares,
        },
        schema_overrides=dict.fromkeys(
            ("share", *COMPARED, "no_change", *labels.variants), pl.Float64
        ),
    )
    columns = (*COLUMNS, *(_share_of(words) for words in labels.variants))
    return Table(
        name=f"trajectories-{anchors.rule}-labels",
        title="Labels",
        frame=frame,
        columns=columns,
        note=note_of(NOTE, frame, columns),
    )


def _compared(placebo: Placebo, told: list[bool]) -> dict[str, list[float | None]]:
    """Columns of the comparison; an excess goes with the share it is made of."""
    if placebo.SR is None:
        return {name: [None] * len(LABELS) for name in COMPARED}
    found = list(placebo.SR.labels.values())
    return {
        "placebo": [item.placebo for item in found],
        "low": [item.placebo_low for item in found],
        "high": [item.placebo_high for item in found],
        **{
            name: [
                getattr(item, name) if may else None for item, may in zip(found, told, strict=True)
            ]
            for name in ("excess", "excess_low", "excess_high")
        },
    }


def _share_of(words: str) -> Column:
    heading = f"Share, {words}"
    return Column(name=words, meaning=heading, kind=Kind.SHARE, heading=heading)
