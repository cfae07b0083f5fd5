"""Elastic net against its own conditions of optimality; how often a false predictor is selected."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models.regression.elastic_net import (
    correlated_groups,
    elastic_net_paths,
    held_out_r_squared,
    stability_selection,
)


def cohort(n: int, k: int, true: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, k)) + 0.5 * rng.normal(size=(n, 1))
    return X, X[:, :true] @ np.full(true, 0.4) + rng.normal(size=n)


def test_a_path_meets_the_conditions_of_its_minimum() -> None:
    X, y = cohort(200, 6, 2, seed=3)
    z = np.column_stack([X, y])
    r = np.corrcoef(z, rowvar=False)
    penalties = np.array([[0.5, 0.2, 0.05, 0.0]])
    mixing = 0.6
    path = elastic_net_paths(r[None, :6, :6], r[None, :6, 6], penalties, mixing)[0]
    for b, penalty in zip(path, penalties[0], strict=True):
        slope = r[:6, 6] - r[:6, :6] @ b - (1 - mixing) * penalty * b
        active = b != 0
        np.testing.assert_allclose(slope[active], mixing * penalty * np.sign(b[active]), atol=1e-5)
        assert np.all(np.abs(slope[~active]) <= mixing * penalty + 1e-5)
    np.testing.assert_allclose(path[-1], np.linalg.solve(r[:6, :6], r[:6, 6]), atol=1e-4)


def test_correlated_predictors_come_in_together() -> None:
    rng = np.random.default_rng(4)
    shared = rng.normal(size=300)
    X = np.column_stack([shared + 0.1 * rng.normal(size=300) for _ in range(2)])
    X = np.column_stack([X, rng.normal(size=(300, 3))])
    y = shared + rng.normal(size=300)
    r = np.corrcoef(np.column_stack([X, y]), rowvar=False)
    path = elastic_net_paths(r[None, :5, :5], r[None, :5, 5], np.array([[0.3]]), 0.5)[0, 0]
    lasso = elastic_net_paths(r[None, :5, :5], r[None, :5, 5], np.array([[0.3]]), 1.0)[0, 0]
    assert min(path[:2]) > 0.7 * max(path[:2])
    assert min(lasso[:2]) < 0.4 * max(lasso[:2])
    assert not path[2:].any()


@pytest.mark.lengthy
def test_true_predictors_are_selected_and_false_ones_within_the_bound() -> None:
    false, true = [], []
    for seed in range(25):
        X, y = cohort(200, 12, 2, seed=seed)
        found = stability_selection(X, y, expected_false=1.0, pairs=25, seed=seed)
        false.append(int(found.selected[2:].sum()))
        true.append(int(found.selected[:2].sum()))
    assert found.expected_false <= 1.0
    assert np.mean(false) <= found.expected_false
    assert np.mean(true) >= 1.6


def test_nothing_is_foretold_where_nothing_is_to_be() -> None:
    rng = np.random.default_rng(9)
    X, y = rng.normal(size=(150, 8)), rng.normal(size=150)
    assert held_out_r_squared(X, y) < 0.05


def test_held_out_r_squared_is_near_the_true_share() -> None:
    X, y = cohort(600, 5, 3, seed=1)
    signal = X[:, :3] @ np.full(3, 0.4)
    share = np.var(signal) / (np.var(signal) + 1)
    assert held_out_r_squared(X, y) == pytest.approx(share, abs=0.06)


def test_what_cannot_be_parted_is_refused() -> None:
    with pytest.raises(ModelError, match="too few"):
        stability_selection(np.ones((10, 2)), np.ones(10))
    with pytest.raises(ModelError, match="threshold"):
        stability_selection(*cohort(30, 2, 1, seed=1), threshold=0.4)


def test_groups_are_joined_through_others() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 5000))
    # The first and the third correlate with the second only; the fourth is told the other way.
    X = np.column_stack([a, a + b, b, -b + 0.1 * rng.normal(size=5000), rng.normal(size=5000)])
    assert correlated_groups(X, 0.6) == ((0, 1, 2, 3), (4,))
    assert correlated_groups(X, 0.9) == ((0,), (1,), (2, 3), (4,))
    assert correlated_groups(np.ones((50, 2)), 0.5) == ((0,), (1,))


def test_any_of_a_group_is_taken_in_the_halves_of_its_members() -> None:
    rng = np.random.default_rng(8)
    shared = rng.normal(size=120)
    X = np.column_stack([shared + 0.2 * rng.normal(size=120) for _ in range(2)]
                        + [rng.normal(size=120) for _ in range(4)])  # fmt: skip
    found = stability_selection(X, shared + rng.normal(size=120))
    together = float(np.mean(found.taken[:, 0] | found.taken[:, 1]))
    assert found.share_of_any([0, 1]) == together
    assert found.share_of_any([0]) == found.share[0]
    assert together >= 0.75
    assert found.expected_false_of(6) == pytest.approx(found.expected_false)
