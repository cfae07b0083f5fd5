"""The lock matrix: scheduled occasions around the anchor, gaps kept as gaps."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from salutogen.analyses.trajectories import POSITIONS, Anchors, lock_courses
from salutogen.analyses.trajectories.courses.locks import (
    Lock,
    position_means,
    told_courses,
    told_positions,
)


def anchors_at(*places: int) -> Anchors:
    n = len(places)
    return Anchors(
        rule="first-strict",
        person=np.arange(n),
        occasion=np.asarray(places),
        item=np.zeros(n, dtype=np.int64),
        rating=np.full(n, 5.0),
        other_before=np.zeros(n, dtype=bool),
        episode=np.ones(n, dtype=np.int64),
    )


def scored(values: np.ndarray) -> dict[str, np.ndarray]:
    return {"SR": values, "P": values + 10.0}


def test_positions_are_the_scheduled_occasions() -> None:
    values = np.arange(12, dtype=float).reshape(2, 6)
    lock = lock_courses(anchors_at(1, 3), scored(values))
    assert lock.SR.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert (lock.P - lock.SR == 10.0).all()
    assert lock.occasion.tolist() == [[0, 1, 2, 3], [2, 3, 4, 5]]
    assert lock.SR_within is None, "nothing was scored so"


def test_a_missed_occasion_is_a_gap_not_a_shift() -> None:
    values = np.asarray([[0.0, 1.0, np.nan, 3.0, 4.0]])
    lock = lock_courses(anchors_at(1), scored(values))
    np.testing.assert_array_equal(lock.SR, [[0.0, 1.0, np.nan, 3.0]])
    assert np.isnan(lock.SR).sum(axis=0).tolist() == [0, 0, 1, 0]
    assert lock.complete.tolist() == [False]


def test_beyond_the_plan_is_missing() -> None:
    values = np.asarray([[5.0, 1.0, 2.0]])
    lock = lock_courses(anchors_at(2), scored(values))
    np.testing.assert_array_equal(lock.SR, [[1.0, 2.0, np.nan, np.nan]])
    assert lock.occasion.tolist() == [[1, 2, -1, -1]]


def test_means_use_whoever_is_there() -> None:
    values = np.asarray([[1.0, 2.0, 3.0, 4.0], [3.0, np.nan, 5.0, 0.0]])
    lock = lock_courses(anchors_at(1, 1), scored(values))
    means = position_means(lock.SR)
    assert list(means) == list(POSITIONS)
    assert means == {"pre": 2.0, "peri": 2.0, "post1": 4.0, "post2": 2.0}
    assert position_means(lock.P)["post1"] == pytest.approx(14.0)


def test_nobody_at_a_position_has_no_mean() -> None:
    lock = lock_courses(anchors_at(2), scored(np.asarray([[5.0, 1.0, 2.0]])))
    assert position_means(lock.SR)["post2"] is None


def lacking(*numbers: int, n: int = 60) -> Lock:
    """Courses of which so many lack each position, others each time."""
    values = np.random.default_rng(7).normal(size=(n, 4))
    first = 0
    for place, number in enumerate(numbers):
        values[first : first + number, place] = np.nan
        first += number
    return Lock(
        occasion=np.zeros((n, 4), dtype=np.int64), SR=values, P=values + 10.0, SR_z=values / 2
    )


def told_sums(lock: Lock, positions: np.ndarray) -> np.ndarray:
    """Weights of each value in what is told: means by position, jump and mean change; (m, n, 4)."""
    there = np.isfinite(lock.SR)
    rows = []
    for place in np.flatnonzero(positions):
        rows.append(np.zeros(there.shape))
        rows[-1][:, place] = there[:, place]
    jumps, changes = np.zeros(there.shape), np.zeros(there.shape)
    both = there[:, 0] & there[:, 1]
    jumps[both] = (-1.0, 1.0, 0.0, 0.0)
    later = there[:, 2:].sum(axis=1)
    known = there[:, 0] & (later > 0)
    changes[:, 0] = -1.0 * known
    changes[known, 2:] = there[known, 2:] / later[known, None]
    return np.array([*rows, jumps, changes])


def gives_few_away(sums: np.ndarray) -> bool:
    """Whether sums can be joined so that the values of fewer than five courses alone are left."""
    kinds, which = np.unique(sums.transpose(1, 0, 2), axis=0, return_inverse=True)
    size = np.bincount(which.ravel())
    few = [kind for kind in range(len(kinds)) if size[kind] < 5]
    whole = np.linalg.matrix_rank(np.concatenate(list(kinds), axis=1))
    for number in range(1, len(few) + 1):
        for chosen in combinations(few, number):
            if sum(size[kind] for kind in chosen) < 5:
                rest = [kinds[kind] for kind in range(len(kinds)) if kind not in chosen]
                if not rest or np.linalg.matrix_rank(np.concatenate(rest, axis=1)) < whole:
                    return True
    return False


CASES = [(0, 0, 0, 1), (0, 0, 1, 1), (1, 1, 1, 1), (0, 1, 0, 7), (3, 0, 2, 0)]


@pytest.mark.parametrize("numbers", CASES)
def test_means_do_not_give_the_few_away_who_lack_a_position(numbers: tuple[int, ...]) -> None:
    whole = lacking(*numbers)
    assert gives_few_away(told_sums(whole, np.ones(4, dtype=bool))), "so it was"
    for enough in (True, False):
        kept = told_courses(whole, 5) if enough else np.ones(60, dtype=bool)
        lock = whole.only(kept)
        assert not gives_few_away(told_sums(lock, told_positions(lock.SR, 5)))
    np.testing.assert_array_equal(told_courses(whole, 5), whole.complete)


def test_means_of_all_are_told_where_nobody_or_several_lack_a_position() -> None:
    for numbers in ((0, 0, 0, 0), (0, 0, 0, 6), (0, 0, 8, 7)):
        lock = lacking(*numbers)
        assert told_courses(lock, 5).all()
        assert told_positions(lock.SR, 5).all()
        assert not gives_few_away(told_sums(lock, np.ones(4, dtype=bool)))
        assert lock.only(told_courses(lock, 5)) is lock


def test_where_persons_are_shown_all_means_are() -> None:
    lock = lacking(0, 0, 0, 1)
    assert told_positions(lock.SR, 1).all()
    assert told_courses(lock, 1).all()


def test_problems_of_few_whose_sr_is_unknown_are_not_told_beside() -> None:
    SR = lacking(0, 0, 0, 0).SR
    P = SR + 10.0
    SR[3, 1] = np.nan
    assert told_positions(P, 5, SR).tolist() == [True, False, True, True]


def test_where_few_are_complete_single_positions_are_left_out() -> None:
    lock = lacking(0, 1, 40, 0)
    assert told_courses(lock, 5).all()
    assert told_positions(lock.SR, 5).tolist() == [True, False, True, True]
