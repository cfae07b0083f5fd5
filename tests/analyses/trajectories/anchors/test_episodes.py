"""Several episodes per person: against plain loops, and their clustered means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from salutogen.analyses.trajectories import TrajectorySettings
from salutogen.analyses.trajectories.anchors.episodes import find_episodes
from salutogen.analyses.trajectories.anchors.settings import RULES, Rule
from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from tests.analyses.trajectories.anchors.grids import loop_anchors, random_grid, without_past

OCCASIONS = 12


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), rule=st.sampled_from(RULES))
def test_each_episode_is_an_anchor_of_what_follows_the_one_before(seed: int, rule: Rule) -> None:
    grid = random_grid(seed, n_persons=12, n_occasions=OCCASIONS)
    expected = []
    for person in range(12):
        since = 0
        while True:
            rest = without_past(grid, person, since)
            found = loop_anchors(rest, rule, tuple(range(OCCASIONS)))
            if person not in found:
                break
            occasion, item = found[person]
            expected.append((person, occasion, item))
            since = occasion + 3
    episodes = find_episodes(grid, rule=rule)
    columns = (episodes.person, episodes.occasion, episodes.item)
    assert [tuple(map(int, row)) for row in zip(*columns, strict=True)] == expected
    for place in range(episodes.n):
        before = grid.hits[episodes.person[place], : episodes.occasion[place]]
        assert episodes.other_before[place] == before.any()
    ends = episodes.until(OCCASIONS)
    same = episodes.person[1:] == episodes.person[:-1]
    assert (episodes.occasion[1:][same] - episodes.occasion[:-1][same] >= 4).all()
    assert (ends[:-1][same] == episodes.occasion[1:][same]).all()
    assert (episodes.episode[1:][same] == episodes.episode[:-1][same] + 1).all()


def test_nobody_gives_no_episodes() -> None:
    grid = random_grid(1, threshold=9.0)
    assert find_episodes(grid, rule="onset").n == 0


def test_a_loop_has_no_episodes() -> None:
    with pytest.raises(ValidationError, match="demo-loop keeps one anchor"):
        TrajectorySettings.model_validate({"rule": "demo-loop", "episodes": "all"})


def test_one_value_each_gives_the_t_interval() -> None:
    """n = 4, mean 3, SD 1.8257; t(3) = 3.1824: 3 +- 2.9051."""
    mean = mean_of(np.asarray([1.0, 2, 4, np.nan, 5]), np.arange(5))
    assert (mean.n, mean.persons, mean.mean) == (4, 4, 3.0)
    assert mean.low == pytest.approx(3 - 2.9051, abs=1e-4)
    assert mean.high == pytest.approx(3 + 2.9051, abs=1e-4)


def test_a_value_given_twice_is_no_news() -> None:
    """Copies of every person leave the clustered interval as it is."""
    values = np.asarray([1.0, 2, 4, 5])
    once = mean_of(values, np.arange(4))
    twice = mean_of(np.repeat(values, 2), np.repeat(np.arange(4), 2))
    assert (twice.n, twice.persons) == (8, 4)
    assert twice.low == pytest.approx(once.low)
    assert twice.high == pytest.approx(once.high)


def test_means_of_few() -> None:
    assert mean_of(np.asarray([np.nan]), np.asarray([0])).mean is None
    alone = mean_of(np.asarray([1.0, 3.0]), np.asarray([7, 7]))
    assert (alone.mean, alone.low) == (2.0, None)
