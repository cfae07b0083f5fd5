"""What has to be said about anchors and locks."""

from __future__ import annotations

import numpy as np

from salutogen.analyses.trajectories.anchors.anchors import AnchorFlow, Anchors, find_anchors
from salutogen.analyses.trajectories.anchors.events import EventGrid
from salutogen.analyses.trajectories.courses.locks import POSITIONS, Lock
from salutogen.findings import Finding, finding
from salutogen.study import Study


def anchor_doubts(
    study: Study,
    grid: EventGrid,
    anchors: Anchors,
    flow: AnchorFlow,
    places: tuple[int, ...] | None,
) -> list[Finding]:
    """Other events before the anchor, selection on appraisal, loops, dates known by visit only."""
    told: list[Finding] = []
    before = int(anchors.other_before.sum())
    if before:
        text = (
            f"{before} of {anchors.n} anchors had another qualifying event at an earlier "
            f"occasion: for them the anchor is not the first hard time."
        )
        numbers = {"anchors": anchors.n, "other_event_before": before}
        told.append(finding("anchor-not-first-event", text, numbers=numbers))
    if grid.rated:
        text = (
            f"Events count from a rating of {grid.threshold:g}: persons are anchored where they "
            "felt burdened, so a raised value at the event is partly selection."
        )
        told.append(
            finding("anchors-selected-on-appraisal", text, numbers={"threshold": grid.threshold})
        )
    told += _anchored_on_problems(study, grid)
    if anchors.rule == "demo-loop":
        told.append(_loop_doubt(grid, anchors, flow, places))
    if grid.days_since is None:
        told += _dated_by_visit(study, grid)
    return told


def _anchored_on_problems(study: Study, grid: EventGrid) -> list[Finding]:
    """Warn where an event is an answer to the scale that measures problems."""
    names = [name for name in study.problems.instruments if name in grid.instruments]
    if not names:
        return []
    text = (
        f"Events are answers to {', '.join(names)}, which measures problems P: a person is "
        "anchored when P is high, so P and SR rise at the event by construction."
    )
    return [finding("anchored-on-problems", text, numbers={"instruments": names})]


def _loop_doubt(
    grid: EventGrid, anchors: Anchors, flow: AnchorFlow, places: tuple[int, ...] | None
) -> Finding:
    """Say how many of the loop's anchors `first-strict` would share."""
    strict = find_anchors(grid, rule="first-strict", occasions=places)
    theirs = dict(zip(strict.person.tolist(), strict.occasion.tolist(), strict=True))
    same = sum(
        theirs.get(person) == occasion
        for person, occasion in zip(anchors.person.tolist(), anchors.occasion.tolist(), strict=True)
    )
    text = (
        f"The rule demo-loop keeps the last qualifying occasion and item: only {same} of its "
        f"{anchors.n} anchors lie where first-strict, with {flow.counts['first-strict'][-1]} "
        "anchors, puts them, and nobody is asked for occasions before or after."
    )
    return finding("anchor-rule-overwrites", text, numbers={"same": same, "anchors": anchors.n})


def _dated_by_visit(study: Study, grid: EventGrid) -> list[Finding]:
    """Events reported over a recall period happened at some time within it."""
    named = [
        (name, recall)
        for name in dict.fromkeys(grid.instruments)
        if (recall := study.instruments[name].recall) is not None
    ]
    if not named:
        return []
    spans = ", ".join(f"{name} over {recall}" for name, recall in named)
    text = f"Events are dated by the visit that reports them, asked back in time ({spans})."
    return [finding("event-dated-by-visit", text, numbers={"instruments": [n for n, _ in named]})]


def lock_doubts(lock: Lock) -> list[Finding]:
    """Say how much of the lock is missing."""
    missing = (~np.isfinite(lock.SR)).sum(axis=0)
    if not missing.any():
        return []
    n = lock.SR.shape[0]
    parts = ", ".join(
        f"{count} at {name}" for name, count in zip(POSITIONS, missing.tolist(), strict=True)
    )
    text = (
        f"SR is missing around the event: {parts}; {int(lock.complete.sum())} of {n} courses are "
        "complete. Means by position rest on different persons."
    )
    numbers = {"missing": missing.tolist(), "persons": n, "complete": int(lock.complete.sum())}
    return [finding("lock-incomplete", text, numbers=numbers)]
