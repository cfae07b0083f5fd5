"""Section of the report on anchors: who is anchored, where, and who is left out."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.anchored import Anchored
from salutogen.analyses.trajectories.anchors.flow import STEPS, shown_flow
from salutogen.analyses.trajectories.anchors.flow_chart import flow_chart
from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience, told_median
from salutogen.page.section import Section, Table, Text
from salutogen.page.small_counts import as_told
from salutogen.page.words import say

RULE_WORDS = {
    "first-strict": "the same item was answered below the threshold at every earlier observed "
    "occasion",
    "first-any": "no listed event counted at any earlier observed occasion",
    "onset": "the same item was answered “did not happen” at every earlier observed occasion",
    "demo-loop": "the item was below the threshold at the occasion directly before; the last "
    "such occasion and item win",
}
FLOW_COLUMNS = (
    Column(name="step", meaning="Condition", kind=Kind.LABEL, heading="Persons"),
    Column(
        name="<rule>",
        meaning="Persons left after the condition, under a rule",
        unit="persons",
        kind=Kind.COUNT,
    ),
)
EVENT_COLUMNS = (
    Column(name="event", meaning="Anchor event", kind=Kind.LABEL, heading="Event"),
    Column(name="occasion <label>", meaning="Anchors at an occasion", kind=Kind.COUNT, adds_up=1),
    Column(name="all", meaning="Anchors", kind=Kind.COUNT, heading="All", adds_up=1),
)
PLACE_COLUMNS = (
    Column(name="occasion", meaning="Occasion", kind=Kind.LABEL),
    Column(name="n", meaning="Anchors at the occasion", kind=Kind.COUNT, adds_up=1),
)


def anchor_section(anchored: Anchored, audience: Audience) -> Section:
    """Who is anchored, and who is left after each condition."""
    rule = anchored.rule
    return Section(
        title=f"Trajectories: who is anchored ({rule})",
        paragraphs=(
            say(
                f"{_event_words(anchored)} Under the rule {rule}, {RULE_WORDS[rule]}. "
                "{n} of {everyone} persons are anchored{places}.",
                n=Persons(anchored.n_persons),
                everyone=Persons(len(anchored.subjects)),
                places=_place_words(anchored, audience),
            ),
            *_episode_words(anchored, audience),
            *_date_words(anchored, audience),
            "The table shows who is left after each condition, under every rule. Rules differ "
            "in what they ask of the past, so their numbers may differ although the data are "
            "the same.",
        ),
        figures=(flow_chart(anchored, audience),),
        tables=(_flow_table(anchored, audience), _event_table(anchored, audience)),
    )


def _event_words(anchored: Anchored) -> str:
    threshold = anchored.threshold
    verb = "answered" if anchored.grid.days_since is None else "rated"
    counted = "it happened" if threshold is None else f"it was {verb} {threshold:g} or higher"
    return f"A listed event counts when {counted}."


def _place_words(anchored: Anchored, audience: Audience) -> str:
    """Where anchors lie; nothing where that would tell how many persons are left out."""
    if audience.hides(anchored.n_persons):
        return ""
    frame = pl.DataFrame(
        {"occasion": list(anchored.by_occasion), "n": list(anchored.by_occasion.values())},
        schema={"occasion": pl.String, "n": pl.Int64},
    )
    places = Table(name="places", title="", frame=frame, columns=PLACE_COLUMNS)
    told = ", ".join(
        f"{'few' if n is None else n} at occasion {label}"
        for label, n in as_told(places, audience).frame.iter_rows()
        if n != 0
    )
    return f": {told}"


def _episode_words(anchored: Anchored, audience: Audience) -> tuple[Text, ...]:
    if anchored.episodes == "first":
        return ()
    # Further episodes belong to at most as many persons as there are.
    few = audience.is_small(anchored.n - anchored.n_persons)
    return (
        say(
            "All episodes are kept{numbers}. Once post2 of an episode is over, "
            "the rule is asked anew of the occasions after it, so no two episodes overlap. "
            "Episodes of one person are not independent: intervals are clustered by person.",
            numbers=""
            if few
            else say(
                ": {n} of {persons} persons",
                n=Persons(anchored.n),
                persons=Persons(anchored.n_persons),
            ),
        ),
    )


def _date_words(anchored: Anchored, audience: Audience) -> tuple[str, ...]:
    days = anchored.anchors.days_since
    if days is None:
        return ()
    compared = (
        "on or after its day, in the calendar of the person's own place"
        if anchored.grid.by_day
        else "at or after it"
    )
    middle = told_median(days, audience.smallest)
    latest = f", the latest after {days.max():.0f}" if audience.individuals else ""
    return (
        f"Events have dates. Each belongs to the first occasion with answers {compared}: half "
        f"of the anchors were answered within {middle:.0f} days of the event{latest}.",
    )


def _flow_table(anchored: Anchored, audience: Audience) -> Table:
    """Who is left after each condition, one column per rule."""
    shown = shown_flow(anchored.flow, anchored.rule, audience)
    frame = pl.DataFrame(
        {"step": list(STEPS), **shown}, schema_overrides=dict.fromkeys(shown, pl.Int64)
    )
    return Table(
        name=f"trajectories-{anchored.rule}-flow",
        title="Who is kept, and why",
        frame=frame,
        columns=FLOW_COLUMNS,
        note=note_of("", frame, FLOW_COLUMNS),
    )


def _event_table(anchored: Anchored, audience: Audience) -> Table:
    """Anchors by event; by occasion too, where persons may be shown."""
    anchors = anchored.anchors
    places = np.unique(anchors.item)
    columns: dict[str, list[str] | list[int]] = {
        "event": [anchored.grid.items[place] for place in places]
    }
    for label in anchored.by_occasion if audience.individuals else ():
        at = anchors.occasion == anchored.occasions.index(label)
        columns[f"occasion {label}"] = [int((at & (anchors.item == k)).sum()) for k in places]
    columns["all"] = [int((anchors.item == k).sum()) for k in places]
    return Table(
        name=f"trajectories-{anchored.rule}-events",
        title="Anchors by event and occasion",
        frame=pl.DataFrame(columns),
        columns=EVENT_COLUMNS,
    )
