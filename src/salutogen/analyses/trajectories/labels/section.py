"""Section of the report on labels by rule."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.labels.by_rule import LABELS, Labels
from salutogen.analyses.trajectories.labels.figure import label_figure
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.privacy import hide_small
from salutogen.page.section import Section, Table
from salutogen.page.words import percent, points, say

NOTE = "Rates without change leave pre-existing high out."
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
        name="expected",
        meaning="Share expected when every score is drawn again within its error",
        heading="Share expected given the error of SR",
    ),
    Column(
        name="no_change",
        meaning="Share if nobody changed",
        heading="Share if nobody changed",
    ),
)
# Courses by label under other bands and tolerances, in the words of the labels' variants.
VARIANT = Column(name="<variant>", meaning="Courses under another band", kind=Kind.COUNT, adds_up=1)


def label_sections(
    anchors: Anchors, labels: Labels | None, settings: LabelSettings, audience: Audience
) -> tuple[Section, ...]:
    """How complete courses are labelled, and how sure that is; nothing where there are none."""
    if labels is None or not labels.n:
        return ()
    rule = anchors.rule
    table = _label_table(anchors, labels, audience)
    section = Section(
        title="Trajectories: labels by rule",
        paragraphs=(
            f"The band is the own pre-level ± {points(labels.half_width)} points "
            f"({settings.band:g} · √2 · standard error of measurement). Resilient: never above "
            "it. Recovery: above at the event, back at post2. Chronic: above at both. Delayed: "
            "within at the event, above later. Improving: never above, and below the band at "
            f"post2. Pre-existing high: SR_z above {settings.high:g} before the event, whatever "
            "follows.",
            say(
                "{n} complete courses are labelled. Given the error of SR a person's likeliest "
                "label has a probability of {sure} on average. If nobody changed at all, "
                "{resilient} of those not high before would be called resilient and {other} "
                "something else, by error alone.",
                n=Persons(labels.n, of=anchors.n),
                sure=percent(labels.certainty),
                resilient=percent(labels.no_change["resilient"]),
                other=percent(1 - labels.no_change["resilient"]),
            ),
            "Thresholds decide shares, as the last columns show: read them as a description of "
            "these rules, not as kinds of people.",
        ),
        figures=(label_figure(rule, table.frame),),
        tables=(table,),
    )
    return (section,)


def _label_table(anchors: Anchors, labels: Labels, audience: Audience) -> Table:
    """Courses by label, the share expected from the draws, and the rate without change.

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
    frame = pl.DataFrame(
        {
            "label": shown["label"],
            "n": shown["n"],
            "share": shares.pop("n"),
            "expected": [labels.expected_shares[label] for label in LABELS],
            "no_change": [labels.no_change.get(label) for label in LABELS],
            **shares,
        },
        schema_overrides=dict.fromkeys(("share", "no_change", *labels.variants), pl.Float64),
    )
    columns = (*COLUMNS, *(_share_of(words) for words in labels.variants))
    return Table(
        name=f"trajectories-{anchors.rule}-labels",
        title="Labels",
        frame=frame,
        columns=columns,
        note=note_of(NOTE, frame, columns),
    )


def _share_of(words: str) -> Column:
    heading = f"Share, {words}"
    return Column(name=words, meaning=heading, kind=Kind.SHARE, heading=heading)
