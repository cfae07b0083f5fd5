"""Courses of SR with events, whose effect is known: for tests of the comparator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from salutogen.analyses.trajectories import Anchors, EventGrid, Placebo, find_anchors
from salutogen.analyses.trajectories.labels.by_rule import half_width_of, within_person_sd
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.comparison import compare
from salutogen.analyses.trajectories.placebo.occasions import acting, placebos_of
from salutogen.analyses.trajectories.placebo.scored import ScoredRows

OCCASIONS = 12


def study(
    seed: int, *, jump: float = 0.0, fading: float = 0.0, persons: int = 300
) -> tuple[np.ndarray, EventGrid]:
    """SR of persons by occasion: levels of SD 4, moods of SD 4 that last by .4, and events.

    An event raises SR at its occasion and by half as much at the next; `fading` points more fade
    from the event on with a half-life of three occasions.
    """
    generator = np.random.default_rng(seed)
    SR = generator.standard_normal((persons, OCCASIONS))
    for place in range(1, OCCASIONS):
        SR[:, place] = 0.4 * SR[:, place - 1] + np.sqrt(1 - 0.16) * SR[:, place]
    SR = 4.0 * SR + 4.0 * generator.standard_normal((persons, 1))
    hits = generator.random((persons, OCCASIONS, 3)) < 0.05
    observed = generator.random((persons, OCCASIONS)) > 0.05
    ratings = np.where(hits, 5.0, 0.0).astype(np.float32)
    ratings[~observed] = np.nan
    grid = EventGrid(
        ratings=ratings,
        observed=observed,
        items=("a", "b", "c"),
        instruments=("events",) * 3,
        threshold=5.0,
    )
    anchors = find_anchors(grid)
    for person, at in zip(anchors.person, anchors.occasion, strict=True):
        SR[person, at] += jump
        SR[person, at + 1 : at + 2] += jump / 2.0
        SR[person, at:] += fading * 0.5 ** (np.arange(OCCASIONS - at) / 3.0)
    SR[~observed] = np.nan
    return SR, grid


def around(SR: np.ndarray, anchors: Anchors) -> np.ndarray:
    """SR at the four positions, by a plain loop."""
    found = np.full((anchors.n, 4), np.nan)
    for row, (person, at) in enumerate(zip(anchors.person, anchors.occasion, strict=True)):
        for place, offset in enumerate((-1, 0, 1, 2)):
            if 0 <= at + offset < SR.shape[1]:
                found[row, place] = SR[person, at + offset]
    return found


def compared(
    seed: int,
    jump: float,
    *,
    fading: float = 0.0,
    kept_of_jump: float | None = None,
    persons: int = 300,
) -> tuple[Placebo, ScoredRows]:
    """A study beside its comparator; `kept_of_jump`: SR has the event in exposure as well."""
    SR, grid = study(seed, jump=jump, fading=fading, persons=persons)
    anchors = find_anchors(grid)
    rows = SR[anchors.person]
    chosen = placebos_of(grid, anchors, rows)
    calm = np.where(acting(anchors, SR.shape), np.nan, SR)
    settings = LabelSettings()
    scored = ScoredRows(
        rows=rows,
        calm=calm[anchors.person],
        before=anchors.occasion - 1,
        locked=around(SR, anchors),
        half_width=half_width_of(within_person_sd(calm) or 0.0, settings),
        high=float(np.nanstd(SR)),
    )
    change = np.full(rows.shape, np.nan)
    for row, at in enumerate(anchors.occasion):
        change[row, : OCCASIONS - at] = rows[row, at:] - rows[row, at - 1]
    if kept_of_jump is None:
        return compare(chosen, scored, None, settings, change=change, seed=1), scored
    # With the event in exposure its expected share is taken out at the anchor and nowhere else.
    with_event = rows.copy()
    with_event[np.arange(anchors.n), anchors.occasion] -= kept_of_jump
    locked = scored.locked - np.array([0.0, kept_of_jump, 0.0, 0.0])
    own = replace(scored, rows=with_event, locked=locked)
    return compare(chosen, own, None, settings, other=scored, change=change, seed=1), scored
