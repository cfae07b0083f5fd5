"""Random grids of events, and anchors found by plain loops: the rules read literally."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from salutogen.analyses.trajectories import EventGrid


def random_grid(
    seed: int,
    *,
    n_persons: int = 40,
    n_occasions: int = 6,
    n_items: int = 4,
    threshold: float | None = 4.0,
    absent: float = 0.15,
    skipped: float = 0.05,
) -> EventGrid:
    """Answers 0 to 5, some occasions absent, some items of observed occasions skipped."""
    generator = np.random.default_rng(seed)
    shape = (n_persons, n_occasions, n_items)
    ratings = generator.choice(6, size=shape, p=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1]).astype(np.float32)
    observed = generator.random(shape[:2]) >= absent
    ratings[generator.random(shape) < skipped] = np.nan
    ratings[~observed] = np.nan
    return EventGrid(
        ratings=ratings,
        observed=observed,
        items=tuple(f"item{place}" for place in range(n_items)),
        instruments=("events",) * n_items,
        threshold=threshold,
    )


def counts(rating: float, threshold: float | None) -> bool:
    """Whether one answer counts as an event."""
    if np.isnan(rating) or rating == 0:
        return False
    return threshold is None or rating >= threshold


def new_event(grid: EventGrid, person: int, t: int, item: int, rule: str) -> bool:
    """Whether the event at occasion t meets the rule's demand on the past."""
    for earlier in range(t):
        if not grid.observed[person, earlier]:
            continue
        if rule == "first-any":
            if any(counts(rating, grid.threshold) for rating in grid.ratings[person, earlier]):
                return False
            continue
        before = float(grid.ratings[person, earlier, item])
        if np.isnan(before) or counts(before, grid.threshold):
            return False
        if rule == "onset" and before != 0:
            return False
    return True


def loop_anchors(
    grid: EventGrid, rule: str, occasions: tuple[int, ...]
) -> dict[int, tuple[int, int]]:
    """Anchors by person: earliest eligible occasion, then highest rating, then first item."""
    found: dict[int, tuple[int, int]] = {}
    n_persons, n_occasions, n_items = grid.ratings.shape
    for person in range(n_persons):
        for t in range(n_occasions):
            earlier = int(grid.observed[person, :t].sum())
            later = int(grid.observed[person, t + 1 :].sum())
            if t not in occasions or not grid.observed[person, t] or earlier < 1 or later < 2:
                continue
            here = [
                (-float(grid.ratings[person, t, item]), item)
                for item in range(n_items)
                if counts(float(grid.ratings[person, t, item]), grid.threshold)
                and new_event(grid, person, t, item, rule)
            ]
            if here:
                found[person] = (t, min(here)[1])
                break
    return found


def demo_anchors(
    grid: EventGrid, occasions: tuple[int, ...], *, first: bool = False
) -> dict[int, tuple[int, int]]:
    """Anchors of a loop that overwrites its result; or, with `first`, its first hits."""
    found: dict[int, tuple[int, int]] = {}
    n_persons, _, n_items = grid.ratings.shape
    for person in range(n_persons):
        for t in occasions:
            for item in range(n_items):
                if t == 0 or not counts(float(grid.ratings[person, t, item]), grid.threshold):
                    continue
                before = float(grid.ratings[person, t - 1, item])
                if first and person in found:
                    continue
                if not np.isnan(before) and not counts(before, grid.threshold):
                    found[person] = (t, item)
    return found


def without_past(grid: EventGrid, person: int, since: int) -> EventGrid:
    """The grid as if one person's course began at occasion `since`."""
    ratings, observed = grid.ratings.copy(), grid.observed.copy()
    ratings[person, :since] = np.nan
    observed[person, :since] = False
    return replace(grid, ratings=ratings, observed=observed)
