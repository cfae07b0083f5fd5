"""Who is left after each condition on the way to an anchor, under every rule."""

from __future__ import annotations

from collections.abc import Mapping

from salutogen.analyses.trajectories.anchors.events import EventGrid
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
    """Count who is left after each condition, under every rule and the chosen one."""
    allowed = allowed_occasions(grid, occasions)
    seen = grid.observed & allowed
    event = grid.hits.any(axis=2) & seen
    fit = event & eligible(grid)
    common = (
        grid.observed.shape[0],
        int(seen.any(axis=1).sum()),
        int(event.any(axis=1).sum()),
    )
    found: dict[str, dict[str, int]] = {}
    for rule in dict.fromkeys((*RULES, chosen.rule)):
        if rule == "demo-loop":
            counts = (*common, common[-1], chosen.n)
        else:
            n = find_anchors(grid, rule=rule, occasions=occasions).n
            counts = (*common, int(fit.any(axis=1).sum()), n)
        found[rule] = dict(zip(STEPS, counts, strict=True))
    return found


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
        name: [n if n in told else None for n in counts.values()] for name, counts in flow.items()
    }
