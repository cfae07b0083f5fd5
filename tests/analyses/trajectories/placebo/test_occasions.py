"""Placebo occasions, against the rule read literally."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories import find_anchors
from salutogen.analyses.trajectories.anchors.episodes import find_episodes
from salutogen.analyses.trajectories.placebo.occasions import (
    own_means,
    placebo_occasions,
    placebos_of,
)
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
    chosen = placebos_of(grid, anchors, SR[anchors.person])
    assert chosen.anchor.tolist() == [row for row, own in enumerate(allowed) if own]
    for place, row in enumerate(chosen.anchor):
        mine = np.flatnonzero(chosen.of == place)
        assert chosen.occasion[mine].tolist() == sorted(allowed[row])
        assert chosen.before[place] == (max(allowed[row]) + 2 < first[row])
        later = anchors.occasion[anchors.person == anchors.person[row]]
        for entry in mine.tolist():
            after = later[later > chosen.occasion[entry]]
            assert chosen.until[entry] == (after.min() if after.size else OCCASIONS)
    kept = chosen.before
    early = chosen.among(kept)
    assert early.anchor.tolist() == chosen.anchor[kept].tolist()
    assert early.anchor[early.of].tolist() == chosen.anchor[chosen.of][kept[chosen.of]].tolist()
    assert early.occasion.tolist() == chosen.occasion[kept[chosen.of]].tolist()


def test_each_allowed_occasion_has_the_same_chance_and_draws_are_seeded() -> None:
    SR, grid = study(3, persons=60)
    anchors = find_anchors(grid)
    chosen = placebos_of(grid, anchors, SR[anchors.person])
    first, again, other = (chosen.drawn(4000, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (chosen.of[first] == np.arange(chosen.anchor.size)).all()
    own = np.flatnonzero(chosen.of == np.bincount(chosen.of).argmax())
    shares = [(first[:, chosen.of[own[0]]] == entry).mean() for entry in own]
    np.testing.assert_allclose(shares, 1.0 / own.size, atol=0.03)
    # Draws only come near the mean over all occasions, which hangs on no seed.
    values = np.random.default_rng(1).standard_normal(chosen.of.size)
    exact = own_means(values, chosen.of, chosen.anchor.size)
    np.testing.assert_allclose(values[first].mean(axis=0), exact, atol=0.1)


def test_values_around_and_after_a_drawn_occasion_are_those_of_its_person() -> None:
    SR, grid = study(4, persons=60)
    anchors = find_anchors(grid)
    chosen = placebos_of(grid, anchors, SR[anchors.person])
    rows = SR[anchors.person]
    courses, later, elsewhere = (
        chosen.courses(rows),
        chosen.afterwards(rows),
        chosen.elsewhere(rows),
    )
    for entry, person in enumerate(chosen.person[chosen.of]):
        at, until = chosen.occasion[entry], chosen.until[entry]
        np.testing.assert_array_equal(courses[entry], SR[person, at - 1 : at + 3])
        np.testing.assert_array_equal(later[entry, : until - at], SR[person, at:until])
        assert np.isnan(later[entry, until - at :]).all()
        outside = np.delete(SR[person], np.arange(at - 1, at + 3))
        assert elsewhere[entry] == pytest.approx(np.nanmean(outside))
