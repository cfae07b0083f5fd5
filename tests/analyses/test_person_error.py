"""Fluctuation of persons over occasions: variance of means by the full matrix, and truth."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.person_error import Fluctuation, fluctuation


def courses(n: int, occasions: int, *, sd: float, correlation: float, seed: int = 1) -> np.ndarray:
    """Levels of persons plus a stationary AR(1) process."""
    rng = np.random.default_rng(seed)
    shock = rng.normal(size=(n, occasions))
    state = shock.copy()
    for t in range(1, occasions):
        state[:, t] = correlation * state[:, t - 1] + np.sqrt(1 - correlation**2) * shock[:, t]
    return rng.normal(0, 3, (n, 1)) + sd * state


def test_variance_of_a_mean_is_that_of_the_whole_matrix() -> None:
    known = np.array([[1, 1, 1, 1], [1, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]], dtype=bool)
    found = Fluctuation(variance=4.0, correlation=0.6).variance_of_mean(known)
    for row, value in zip(known[:3], found[:3], strict=True):
        at = np.flatnonzero(row)
        whole = 4.0 * 0.6 ** np.abs(at[:, None] - at[None, :])
        assert value == pytest.approx(whole.sum() / len(at) ** 2)
    assert np.isnan(found[3])


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_truth_is_found_with_gaps_and_levels(correlation: float) -> None:
    values = courses(3000, 6, sd=2.0, correlation=correlation)
    values[np.random.default_rng(2).random(values.shape) < 0.2] = np.nan
    found = fluctuation(values)
    assert found is not None
    assert found.variance == pytest.approx(4.0, rel=0.12)
    assert found.correlation == pytest.approx(correlation, abs=0.06)


def test_two_occasions_tell_no_correlation_and_one_tells_nothing() -> None:
    values = courses(2000, 2, sd=2.0, correlation=0.0)
    found = fluctuation(values)
    assert found is not None
    assert (found.correlation, found.variance) == (0.0, pytest.approx(4.0, rel=0.1))
    assert found.variance == pytest.approx(np.mean(np.diff(values) ** 2) / 2)
    assert fluctuation(values[:, :1]) is None
