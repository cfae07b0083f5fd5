"""How far changes differ beyond fluctuation: nothing where nothing differs, else the true SD."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import level_after
from salutogen.analyses.trajectories.recovery.spread import (
    Spread,
    adjacent_changes,
    calm_courses,
    change_spread,
    jump_spread,
)
from salutogen.analyses.trajectories.recovery.spread_words import JUMPS, spread_words
from salutogen.page.audience import Audience

OPEN = Audience(individuals=True, n_persons=300, seed=1)
OCCASIONS = 12


def courses(
    seed: int, *, spread: float = 0.0, persons: int = 200, skewed: bool = False
) -> tuple[np.ndarray, np.ndarray, Anchors]:
    """Jumps, SR by occasion and anchors: moods of SD 4 that last by .4, jumps of SD `spread`."""
    generator = np.random.default_rng(seed)
    SR = generator.standard_normal((persons, OCCASIONS))
    if skewed:
        SR = generator.exponential(size=(persons, OCCASIONS)) - 1.0
    for place in range(1, OCCASIONS):
        SR[:, place] = 0.4 * SR[:, place - 1] + np.sqrt(1 - 0.16) * SR[:, place]
    SR = 4.0 * SR + 5.0 * generator.standard_normal((persons, 1))
    at = generator.integers(1, OCCASIONS - 3, persons)
    SR[np.arange(persons), at] += 6.0 + spread * generator.standard_normal(persons)
    SR[generator.random(SR.shape) < 0.05] = np.nan
    anchors = Anchors(
        rule="first-any",
        person=np.arange(persons),
        occasion=at,
        item=np.zeros(persons, dtype=np.int64),
        rating=np.ones(persons),
        other_before=np.zeros(persons, dtype=bool),
        episode=np.ones(persons, dtype=np.int64),
    )
    jumps = SR[np.arange(persons), at] - SR[np.arange(persons), at - 1]
    return jumps, SR, anchors


def spread_of(seed: int, *, spread: float = 0.0, skewed: bool = False) -> Spread:
    found = jump_spread(*courses(seed, spread=spread, skewed=skewed))
    assert found is not None
    return found


@pytest.mark.parametrize("skewed", [False, True])
def test_where_persons_do_not_differ_none_are_said_to(*, skewed: bool) -> None:
    each = [spread_of(seed, skewed=skewed) for seed in range(150)]
    told = sum(item.sd_beyond is not None for item in each)
    assert told <= 8  # 2.5 % are expected; 8 of 150 has a chance of 3 %
    assert np.mean([item.ratio for item in each]) == pytest.approx(1.0, abs=0.02)
    covered = np.mean([item.ratio_low <= 1.0 <= item.ratio_high for item in each])
    assert covered >= 0.9


def test_a_true_spread_of_responses_is_found_with_its_size() -> None:
    each = [spread_of(seed, spread=8.0) for seed in range(30)]
    assert all(item.sd_beyond is not None for item in each)
    assert np.mean([item.sd_beyond or 0.0 for item in each]) == pytest.approx(8.0, abs=0.4)
    assert all(item.sd > (item.sd_beyond or 0.0) for item in each)


def test_changes_away_from_anchors_are_those_of_a_plain_loop() -> None:
    _, SR, anchors = courses(3)
    found, person = adjacent_changes(SR, anchors)
    calm, whose = calm_courses(SR, anchors)
    own, windows = [], []
    for row, at in enumerate(anchors.occasion.tolist()):
        busy = set(range(at, at + 5))
        for place in range(1, OCCASIONS):
            free = not busy & {place - 1, place}
            if free and np.isfinite(SR[row, place] - SR[row, place - 1]):
                own.append((row, SR[row, place] - SR[row, place - 1]))
            if place + 2 < OCCASIONS and not busy & set(range(place - 1, place + 3)):
                windows.append((row, SR[row, place - 1 : place + 3]))
    there = np.isfinite(found)
    assert list(zip(person[there].tolist(), found[there].tolist(), strict=True)) == own
    assert whose.tolist() == [row for row, _ in windows]
    np.testing.assert_array_equal(calm, np.stack([values for _, values in windows]))


def test_the_mean_change_stands_beside_the_same_change_elsewhere() -> None:
    _, SR, anchors = courses(5)
    place = anchors.occasion[:, None] + np.asarray((-1, 0, 1, 2))
    lock = SR[np.arange(anchors.n)[:, None], place]
    changes = level_after(lock) - lock[:, 0]
    found = change_spread(changes, SR, anchors)
    assert found is not None
    assert found.sd == pytest.approx(np.nanstd(changes, ddof=1))
    assert found.ratio == pytest.approx(found.sd / found.sd_calm)
    assert found.ratio_low < 1.0 < found.ratio_high


def test_the_words_call_no_fluctuation_a_spread_of_persons() -> None:
    for spread, there, absent in (
        (0.0, "that courses differ by more than fluctuation is not told", "beyond fluctuation"),
        (8.0, "beyond fluctuation courses differ by an SD of", "is not told"),
    ):
        jumps, SR, anchors = courses(1, spread=spread)
        words = spread_words(jumps, jump_spread(jumps, SR, anchors), JUMPS, OPEN)
        assert there in words
        assert absent not in words
        assert "between persons" not in words
    few = spread_words(jumps, None, JUMPS, OPEN)
    assert "how much of that is fluctuation is not known here" in few


def test_too_few_persons_give_nothing_to_compare_with() -> None:
    jumps, SR, anchors = courses(1, spread=2.0)
    kept = np.where(np.arange(anchors.n)[:, None] < 19, SR, np.nan)
    assert jump_spread(jumps, kept, anchors) is None
