"""Stepdown max-t: what it holds under nothing at all, and what it claims."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models.resampling.stepdown import romano_wolf


def means_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values.mean(axis=0), (values - values.mean(axis=0)) / len(values)


def test_one_estimate_needs_no_adjustment() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0.2, 1, (120, 1))
    b, pulls = means_of(values)
    found = romano_wolf(b, pulls, draws=20_000, seed=2)[0]
    t = b[0] / np.sqrt(np.sum(pulls**2))
    from scipy.stats import norm

    assert found == pytest.approx(2 * norm.sf(t), abs=0.015)


def test_unrelated_estimates_are_adjusted_as_by_sidak_and_copies_not_at_all() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(400, 5))
    values[:, 0] += 2.5 / 20 - values[:, 0].mean()
    copies = np.repeat(values[:, :1], 5, axis=1)
    alone = romano_wolf(*means_of(values[:, :1]), draws=10_000)[0]
    apart = romano_wolf(*means_of(values), draws=10_000)[0]
    same = romano_wolf(*means_of(copies), draws=10_000)
    assert apart == pytest.approx(1 - (1 - alone) ** 5, abs=0.02)
    np.testing.assert_allclose(same, alone, atol=1e-12)


def test_adjusted_p_follow_the_order_of_t_and_skip_what_is_missing() -> None:
    rng = np.random.default_rng(7)
    b, pulls = means_of(rng.normal([0.6, 0.1, 0.3, 0.0], 1, (80, 4)))
    b[3] = np.nan
    found = romano_wolf(b, pulls, draws=500)
    assert np.isnan(found[3])
    t = np.abs(b) / np.sqrt(np.sum(pulls**2, axis=0))
    assert np.all(np.diff(found[np.argsort(-t[:3])]) >= 0)
    assert found[0] < 0.01


def test_familywise_error_is_held_among_correlated_estimates() -> None:
    rng = np.random.default_rng(11)
    shared = np.linalg.cholesky(0.5 * np.eye(6) + 0.5)
    false = 0
    for study in range(200):
        values = rng.normal(size=(80, 6)) @ shared.T
        false += romano_wolf(*means_of(values), draws=300, seed=study).min() < 0.05
    assert 2 <= false <= 20


def test_shapes_are_checked() -> None:
    with pytest.raises(ModelError, match="pulls"):
        romano_wolf(np.ones(2), np.ones((5, 3)))
