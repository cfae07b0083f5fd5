"""Several episodes per person: the rule is asked again once an episode is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from salutogen.analyses.trajectories.anchors.events import EventGrid
from salutogen.analyses.trajectories.anchors.rules import Anchors, find_anchors, some_earlier
from salutogen.analyses.trajectories.anchors.settings import Rule

LAST_POSITION = 2


def find_episodes(
    grid: EventGrid,
    *,
    rule: Rule,
    occasions: tuple[int, ...] | None = None,
    ties: str = "most-severe",
    seed: int = 1,
) -> Anchors:
    """Find every anchor whose positions (pre to post2) overlap with no earlier one.

    The first episode is that of `find_anchors`. For the next one the person's course begins anew
    after post2 of the episode before: rule and eligibility look at later occasions only.

    Parameters
    ----------
    grid, rule, occasions, ties, seed
        As in `find_anchors`; "demo-loop" has one anchor per person.

    Returns
    -------
    Anchors
        Sorted by person, then occasion.
    """
    found: list[Anchors] = []
    persons = np.arange(grid.ratings.shape[0])
    part, round_seed = grid, [seed]
    while persons.size:
        anchors = find_anchors(
            part,
            rule=rule,
            occasions=occasions,
            ties=ties,
            seed=seed if not found else round_seed,
        )
        if not anchors.n:
            break
        rows = anchors.person
        found.append(
            replace(
                anchors,
                person=persons[rows],
                episode=np.full(anchors.n, len(found) + 1, dtype=np.int64),
            )
        )
        persons = persons[rows]
        part = _afterwards(part, anchors)
        round_seed = [seed, len(found)]
    return _joined(found, grid) if found else find_anchors(grid, rule=rule, occasions=())


def _afterwards(grid: EventGrid, anchors: Anchors) -> EventGrid:
    """The anchored persons' occasions after post2."""
    rows = anchors.person
    over = np.arange(grid.observed.shape[1]) <= anchors.occasion[:, None] + LAST_POSITION
    return replace(
        grid,
        ratings=np.where(over[:, :, None], np.float32(np.nan), grid.ratings[rows]),
        observed=grid.observed[rows] & ~over,
        days_since=None if grid.days_since is None else grid.days_since[rows],
    )


def _joined(found: Sequence[Anchors], grid: EventGrid) -> Anchors:
    """All episodes in one, in the order of persons; looking back goes over the whole past."""

    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(anchors, name) for anchors in found])

    order = np.lexsort((column("episode"), column("person")))
    person, occasion = column("person")[order], column("occasion")[order]
    before = some_earlier(grid.hits.any(axis=2))
    dated = all(anchors.days_since is not None for anchors in found)
    return Anchors(
        rule=found[0].rule,
        person=person,
        occasion=occasion,
        item=column("item")[order],
        rating=column("rating")[order],
        other_before=before[person, occasion],
        episode=column("episode")[order],
        days_since=column("days_since")[order] if dated else None,
    )
