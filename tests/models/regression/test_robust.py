"""Clustered errors of the robust line: rows of one person count once."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models import fit_huber

NAMES = ("intercept", "x")


def data(n: int = 400, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.gamma(2, 1, size=n)
    y = 2 + 0.5 * x + random.standard_t(3, size=n)
    return y, np.column_stack([np.ones(n), x])


def test_copies_of_rows_within_a_cluster_change_nothing() -> None:
    y, X = data()
    person = np.arange(y.size)
    once = fit_huber(y, X, names=NAMES, cluster=person)
    copied = fit_huber(
        np.repeat(y, 3), np.repeat(X, 3, axis=0), names=NAMES, cluster=np.repeat(person, 3)
    )
    np.testing.assert_allclose(copied.coefficients, once.coefficients, rtol=1e-8)
    np.testing.assert_allclose(copied.covariance, once.covariance, rtol=1e-6)
    naive = fit_huber(np.repeat(y, 3), np.repeat(X, 3, axis=0), names=NAMES)
    assert naive.covariance[1, 1] < 0.5 * copied.covariance[1, 1]


def test_clustered_errors_match_a_bootstrap_over_persons() -> None:
    random = np.random.default_rng(8)
    persons, waves = 120, 5
    level = np.repeat(random.normal(size=persons), waves)
    x = np.repeat(random.gamma(3, 1, size=persons), waves) + random.normal(size=level.size)
    y = 1 + 0.4 * x + level + random.standard_t(4, size=level.size)
    X = np.column_stack([np.ones(x.size), x])
    person = np.repeat(np.arange(persons), waves)
    fit = fit_huber(y, X, names=NAMES, cluster=person)
    rows = np.arange(persons * waves).reshape(persons, waves)
    slopes = []
    for _ in range(300):
        take = rows[random.integers(persons, size=persons)].ravel()
        slopes.append(fit_huber(y[take], X[take], names=NAMES).coefficients[1])
    assert np.sqrt(fit.covariance[1, 1]) == pytest.approx(np.std(slopes, ddof=1), rel=0.15)


def test_half_of_the_units_on_a_line_up_to_rounding_have_no_robust_scale() -> None:
    x = np.arange(40.0)
    y = 0.1 * x + 0.3
    y[::5] += 7.0
    with pytest.raises(ModelError, match="Half of the units lie exactly on a line"):
        fit_huber(y, np.column_stack([np.ones(40), x]), names=("intercept", "x"))
