"""The lock matrix: scheduled occasions around the anchor, gaps kept as gaps."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories import POSITIONS, Anchors, lock_courses
from salutogen.analyses.trajectories.courses.locks import position_means


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
