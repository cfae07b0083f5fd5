"""Times of return: intervals, and Turnbull's estimate against known cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.analyses.trajectories.recovery.return_time import (
    return_intervals,
    return_times,
)
from salutogen.models.interval_censored.turnbull import turnbull

NAN = float("nan")
INF = float("inf")


def test_without_censoring_it_is_the_share_of_each_interval() -> None:
    starts, ends, mass = turnbull(np.asarray([0.0, 0, 0, 1, 2]), np.asarray([1.0, 1, 1, 2, 3]))
    assert starts.tolist() == [0, 1, 2]
    assert ends.tolist() == [1, 2, 3]
    np.testing.assert_allclose(mass, [0.6, 0.2, 0.2], atol=1e-8)


def test_right_censoring_gives_kaplan_meier() -> None:
    """Ten persons, 2 back by 1, 3 lost at 1, 2 back by 2, 3 not back at 3.

    Kaplan-Meier by hand: S(1) = 8/10; S(2) = 8/10 * 3/5 = .48.
    """
    left = np.asarray([0.0, 0, 1, 1, 1, 1, 1, 3, 3, 3])
    right = np.asarray([1.0, 1, INF, INF, INF, 2, 2, INF, INF, INF])
    _, ends, mass = turnbull(left, right)
    share = dict(zip(ends.tolist(), np.cumsum(mass).tolist(), strict=True))
    assert 1.0 - share[1.0] == pytest.approx(0.8, abs=1e-6)
    assert 1.0 - share[2.0] == pytest.approx(0.48, abs=1e-6)


def test_overlapping_intervals_have_the_hand_derived_maximum() -> None:
    """(0, 1], (0, 2], (1, 2]: likelihood p1 * (p1 + p2) * p2 is largest at one half each."""
    _, ends, mass = turnbull(np.asarray([0.0, 0, 1]), np.asarray([1.0, 2, 2]))
    assert ends.tolist() == [1, 2]
    np.testing.assert_allclose(mass, [0.5, 0.5], atol=1e-6)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from([1, 2, 3, INF])), min_size=1, max_size=30)
)
def test_the_estimate_is_a_distribution_no_other_beats(
    found: list[tuple[int, float]],
) -> None:
    left = np.asarray([float(start) for start, _ in found])
    right = np.asarray([start + width for start, width in found])
    starts, ends, mass = turnbull(left, right)
    assert mass.sum() == pytest.approx(1.0)
    inside = (starts >= left[:, None]) & (ends <= right[:, None])

    def log_likelihood(weights: np.ndarray) -> float:
        return float(np.log(inside @ weights).sum())

    best = log_likelihood(mass)
    generator = np.random.default_rng(1)
    for _ in range(20):
        other = generator.dirichlet(np.ones(mass.size))
        assert log_likelihood(0.9 * mass + 0.1 * other) <= best + 1e-5


def test_intervals_come_from_visits() -> None:
    later = np.asarray(
        [
            [5.0, 5, 0, 0],  # last above 1, first back 2
            [0.0, 5, NAN, 0],  # left at 1; above at 0, back 2 occasions later
            [5.0, 5, 5, NAN],  # never seen back
            [0.0, 0, 0, 0],  # never left
            [NAN, NAN, NAN, NAN],  # never seen
        ]
    )
    times = return_times(later, np.zeros(5), half_width=2.0)
    assert (times.n_left, times.n_never_left) == (3, 1)
    assert times.left.tolist() == [1, 0, 2]
    assert times.right.tolist() == [2, 2, INF]


def test_half_not_seen_back_have_no_median() -> None:
    times = return_times(np.asarray([[5.0, 5], [5, 5], [5, 0]]), np.zeros(3), half_width=1.0)
    assert times.median is None
    assert times.curve == ((1.0, pytest.approx(1 / 3)),)


def test_nobody_left_gives_an_empty_estimate() -> None:
    times = return_times(np.zeros((3, 4)), np.zeros(3), half_width=1.0)
    assert times.n_left == 0
    assert times.curve == ()
    assert times.median is None


def by_plain_loop(change: np.ndarray, half_width: float) -> tuple[list[float], list[float], int]:
    """The intervals, person by person and visit by visit."""
    left, right, never = [], [], 0
    for row in change:
        seen = [(place, value) for place, value in enumerate(row) if np.isfinite(value)]
        above = [place for place, value in seen if value > half_width]
        if not above:
            never += bool(seen)
            continue
        back = [place for place, value in seen if place > above[0] and value <= half_width]
        end = back[0] if back else np.inf
        left.append(float(max(place for place in above if place < end) - above[0]))
        right.append(float(end - above[0]))
    return left, right, never


def test_intervals_of_returns_are_those_of_a_plain_loop() -> None:
    generator = np.random.default_rng(7)
    change = generator.normal(0, 1, (300, 7))
    change[generator.random(change.shape) < 0.25] = np.nan
    left, right, rows, never = return_intervals(change, 0.6)
    assert (left.tolist(), right.tolist(), never) == by_plain_loop(change, 0.6)
    with np.errstate(invalid="ignore"):
        assert rows.tolist() == np.flatnonzero((change > 0.6).any(axis=1)).tolist()


def test_those_at_risk_are_waited_for_and_not_yet_back() -> None:
    """Back after 1, 1, 3 visits; two not seen back, last seen above after 0 and 2."""
    change = np.array(
        [
            [5.0, 0.0, 0.0, 0.0],
            [5.0, 0.0, 0.0, 0.0],
            [5.0, 5.0, 5.0, 0.0],
            [5.0, np.nan, np.nan, np.nan],
            [5.0, 5.0, 5.0, np.nan],
        ]
    )
    found = return_times(change, np.zeros(5), 1.0)
    assert [found.at_risk(after) for after in (0.0, 1.0, 2.0, 3.0)] == [5, 2, 2, 0]
