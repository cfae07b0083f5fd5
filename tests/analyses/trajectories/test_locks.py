"""The lock matrix: scheduled occasions around the anchor, gaps kept as gaps."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.trajectories import POSITIONS, Anchors, lock_courses


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


def table(values: np.ndarray) -> pl.DataFrame:
    person, occasion = np.nonzero(np.isfinite(values))
    return pl.DataFrame(
        {
            "person": person.astype(np.uint32),
            "occasion_index": occasion.astype(np.uint16),
            "SR": values[person, occasion],
            "P": values[person, occasion] + 10.0,
        }
    )


def test_positions_are_the_scheduled_occasions() -> None:
    values = np.arange(12, dtype=float).reshape(2, 6)
    lock = lock_courses(anchors_at(1, 3), table(values), (2, 6))
    assert lock.SR.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert (lock.P - lock.SR == 10.0).all()
    assert lock.occasion.tolist() == [[0, 1, 2, 3], [2, 3, 4, 5]]
    assert np.isnan(lock.SR_se).all(), "a table without errors gives none"


def test_a_missed_occasion_is_a_gap_not_a_shift() -> None:
    values = np.asarray([[0.0, 1.0, np.nan, 3.0, 4.0]])
    lock = lock_courses(anchors_at(1), table(values), (1, 5))
    np.testing.assert_array_equal(lock.SR, [[0.0, 1.0, np.nan, 3.0]])
    summary = lock.summary()
    assert summary["missing"] == {"pre": 0, "peri": 0, "post1": 1, "post2": 0}
    assert summary["n_complete"] == 0


def test_beyond_the_plan_is_missing() -> None:
    values = np.asarray([[5.0, 1.0, 2.0]])
    lock = lock_courses(anchors_at(2), table(values), (1, 3))
    np.testing.assert_array_equal(lock.SR, [[1.0, 2.0, np.nan, np.nan]])
    assert lock.occasion.tolist() == [[1, 2, -1, -1]]


def test_means_use_whoever_is_there() -> None:
    values = np.asarray([[1.0, 2.0, 3.0, 4.0], [3.0, np.nan, 5.0, 0.0]])
    means = lock_courses(anchors_at(1, 1), table(values), (2, 4)).summary()["mean"]
    assert isinstance(means, dict)
    assert list(means["SR"]) == list(POSITIONS)
    assert means["SR"] == {"pre": 2.0, "peri": 2.0, "post1": 4.0, "post2": 2.0}
    assert means["P"]["post1"] == pytest.approx(14.0)


def test_nobody_at_a_position_has_no_mean() -> None:
    lock = lock_courses(anchors_at(2), table(np.asarray([[5.0, 1.0, 2.0]])), (1, 3))
    means = lock.summary()["mean"]
    assert isinstance(means, dict)
    assert means["SR"]["post2"] is None
