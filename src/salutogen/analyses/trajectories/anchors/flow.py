"""Who is left after each condition on the way to an anchor, under every rule."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from salutogen.analyses.trajectories.anchors.events import BoolArray, EventGrid
from salutogen.analyses.trajectories.anchors.rules import (
    EARLIER,
    LATER,
    Anchors,
    allowed_occasions,
    eligible,
    find_anchors,
)
from salutogen.analyses.trajectories.anchors.settings import RULES
from salutogen.page.audience import Audience

STEPS = (
    "persons in the study",
    "seen at an occasion where an anchor may lie",
    "with a listed event there",
    f"and at least {EARLIER} earlier and {LATER} later observed occasions",
    "anchored: the event meets the rule",
)
# For each rule, persons left after each step.
Flow = Mapping[str, Mapping[str, int]]


def anchor_flow(grid: EventGrid, chosen: Anchors, occasions: tuple[int, ...] | None = None) -> Flow:
    """Count who is left after each condition, under every rule and the chosen one.

    An anchor may lie at occasions that are allowed and planned with enough others around them.
    """
    happened, fit = grid.hits.any(axis=2), eligible(grid)
    found: dict[str, dict[str, int]] = {}
    for rule in dict.fromkeys((*RULES, chosen.rule)):
        loop = rule == "demo-loop"
        seen = grid.observed & _possible(grid, rule) & allowed_occasions(grid, occasions)
        event = happened & seen
        n = chosen.n if loop else find_anchors(grid, rule=rule, occasions=occasions).n
        left = (seen, event, event if loop else event & fit)
        persons = (int(at.any(axis=1).sum()) for at in left)
        counts = (grid.observed.shape[0], *persons, n)
        found[rule] = dict(zip(STEPS, counts, strict=True))
    return found


def _possible(grid: EventGrid, rule: str) -> BoolArray:
    """Planned occasions with enough others before and after them, shape (occasions,)."""
    place = np.arange(grid.observed.shape[1])
    if rule == "demo-loop":
        return np.asarray(place >= EARLIER)
    return np.asarray((place >= EARLIER) & (place < place.size - LATER))


def shown_flow(flow: Flow, rule: str, audience: Audience) -> dict[str, list[int | None]]:
    """Counts of each rule in the order of the steps, without those that tell of few persons.

    Whoever is left out at a step is the difference of two counts, so no two counts that are told
    differ by a few persons. The numbers in the study and anchored under the rule of the plan, which
    stand elsewhere as well, are told first.
    """
    own = list(flow[rule].values())
    told: set[int] = set()
    for n in (own[0], own[-1], *(n for counts in flow.values() for n in counts.values())):
        if not any(audience.is_small(abs(n - other)) for other in (0, *told)):
            told.add(n)
    return {
        name: [audience.told(n) if n in told else None for n in counts.values()]
        for name, counts in flow.items()
    }
