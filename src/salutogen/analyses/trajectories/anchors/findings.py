"""What has to be said about anchors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salutogen.analyses.trajectories.anchors.events import EventGrid
from salutogen.analyses.trajectories.anchors.flow import Flow
from salutogen.analyses.trajectories.anchors.rules import Anchors, find_anchors
from salutogen.findings import Finding, Findings, Persons, finding
from salutogen.study import Study


def anchor_findings(
    study: Study,
    grid: EventGrid,
    anchors: Anchors,
    flow: Flow,
    places: tuple[int, ...] | None,
) -> Findings:
    """Other events before the anchor, selection on appraisal, loops, dates known by visit only."""
    told = Findings()
    before = int(anchors.other_before.sum())
    if before:
        told.tell(
            "anchor-not-first-event",
            anchors=Persons(anchors.n),
            other_event_before=Persons(before, of=anchors.n),
        )
    if grid.rated:
        told.tell("anchors-selected-on-appraisal", threshold=grid.threshold)
    measuring = [name for name in study.problems.instruments if name in grid.instruments]
    if measuring:
        told.tell("anchored-on-problems", instruments=measuring)
    if anchors.rule == "demo-loop":
        _tell_of_loop(told, grid, anchors, flow, places)
    if grid.days_since is None:
        _tell_of_visits(told, study, grid)
    return told


def nobody_anchored(rule: str, counts: Mapping[str, int]) -> Finding:
    """Refuse a rule that nobody meets, with who is left after each condition."""
    steps = ("study", "seen", "event", "around", "anchored")
    numbers = list(counts.values())
    left: dict[str, Any] = {
        step: Persons(n, of=before)
        for step, n, before in zip(steps, numbers, [None, *numbers[:-1]], strict=True)
    }
    return finding("nobody-anchored", variant="rule", rule=rule, **left)


def _tell_of_loop(
    told: Findings,
    grid: EventGrid,
    anchors: Anchors,
    flow: Flow,
    places: tuple[int, ...] | None,
) -> None:
    """Say how many of the loop's anchors `first-strict` would share."""
    strict = find_anchors(grid, rule="first-strict", occasions=places)
    theirs = dict(zip(strict.person.tolist(), strict.occasion.tolist(), strict=True))
    same = sum(
        theirs.get(person) == occasion
        for person, occasion in zip(anchors.person.tolist(), anchors.occasion.tolist(), strict=True)
    )
    told.tell(
        "anchor-rule-overwrites",
        same=Persons(same, of=anchors.n),
        anchors=Persons(anchors.n),
        strict=Persons(list(flow["first-strict"].values())[-1]),
    )


def _tell_of_visits(told: Findings, study: Study, grid: EventGrid) -> None:
    """Events reported over a recall period happened at some time within it."""
    recalls = {
        name: recall
        for name in dict.fromkeys(grid.instruments)
        if (recall := study.instruments[name].recall) is not None
    }
    if recalls:
        told.tell(
            "event-dated-by-visit",
            spans=", ".join(f"{name} over {recall}" for name, recall in recalls.items()),
            numbers={"instruments": list(recalls)},
        )
