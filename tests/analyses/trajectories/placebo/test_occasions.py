"""Placebo occasions, against the rule read literally."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories import find_anchors
from salutogen.analyses.trajectories.anchors.episodes import find_episodes
from salutogen.analyses.trajectories.placebo.occasions import draw_placebos, placebo_occasions
from tests.analyses.trajectories.placebo.studies import OCCASIONS, study


def literally(SR: np.ndarray, grid, anchors) -> list[set[int]]:  # type: ignore[no-untyped-def]
    """Occasions that may be a placebo of each anchor, by plain loops."""
    found = []
    for person in anchors.person:
        events = anchors.occasion[anchors.person == person]
        busy = {int(at) + after for at in events for after in range(5)}
        own = set()
        for t in range(OCCASIONS):
            positions = [t - 1, t, t + 1, t + 2]
            if positions[0] < 0 or positions[-1] >= OCCASIONS or busy & set(positions):
                continue
            seen = grid.observed[person]
            if not seen[t] or seen[:t].sum() < 1 or seen[t + 1 :].sum() < 2:
                continue
            if (np.nan_to_num(grid.ratings[person, t]) >= grid.threshold).any():
                continue
            if np.isfinite(SR[person, positions]).all():
                own.add(t)
        early = {t for t in own if t + 2 < events.min()}
        found.append(early or own)
    return found


@pytest.mark.parametrize("episodes", [False, True])
def test_occasions_are_those_that_the_rule_allows(*, episodes: bool) -> None:
    SR, grid = study(3, persons=120)
    anchors = find_episodes(grid, rule="onset") if episodes else find_anchors(grid)
    assert (np.unique(anchors.person).size < anchors.n) == episodes
    allowed = literally(SR, grid, anchors)
    pool = placebo_occasions(grid, anchors, SR[anchors.person])
    assert [set(np.flatnonzero(row).tolist()) for row in pool] == allowed
    assert sum(map(bool, allowed)) > 40
    first = [anchors.occasion[anchors.person == person].min() for person in anchors.person]
    chosen = draw_placebos(grid, anchors, SR[anchors.person], draws=400, seed=1)
    assert chosen.anchor.tolist() == [row for row, own in enumerate(allowed) if own]
    for place, row in enumerate(chosen.anchor):
        assert set(chosen.occasion[:, place].tolist()) == allowed[row]
        assert chosen.before[place] == (max(allowed[row]) + 2 < first[row])
        later = anchors.occasion[anchors.person == anchors.person[row]]
        for draw in range(3):
            at = chosen.occasion[draw, place]
            after = later[later > at]
            assert chosen.until[draw, place] == (after.min() if after.size else OCCASIONS)


def test_each_allowed_occasion_has_the_same_chance_and_draws_are_seeded() -> None:
    SR, grid = study(3, persons=60)
    anchors = find_anchors(grid)
    rows = SR[anchors.person]
    pool = placebo_occasions(grid, anchors, rows)
    first, again, other = (
        draw_placebos(grid, anchors, rows, draws=4000, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.occasion, again.occasion)
    assert not np.array_equal(first.occasion, other.occasion)
    place = int(pool[first.anchor].sum(axis=1).argmax())
    own = np.flatnonzero(pool[first.anchor[place]])
    shares = [(first.occasion[:, place] == at).mean() for at in own]
    np.testing.assert_allclose(shares, 1.0 / own.size, atol=0.03)


def test_values_around_and_after_a_drawn_occasion_are_those_of_its_person() -> None:
    SR, grid = study(4, persons=60)
    anchors = find_anchors(grid)
    chosen = draw_placebos(grid, anchors, SR[anchors.person], draws=5, seed=1)
    courses, later = (
        chosen.courses(SR[anchors.person]),
        chosen.afterwards(SR[anchors.person]),
    )
    for place, person in enumerate(chosen.person):
        at, until = chosen.occasion[2, place], chosen.until[2, place]
        np.testing.assert_array_equal(courses[2, place], SR[person, at - 1 : at + 3])
        np.testing.assert_array_equal(later[2, place, : until - at], SR[person, at:until])
        assert np.isnan(later[2, place, until - at :]).all()
