"""Logistic regression against statsmodels, and where nothing can be estimated."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models.regression.logistic import logistic_fit


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_estimates_and_clustered_errors_are_those_of_statsmodels(seed: int) -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(seed)
    clusters = rng.integers(0, 40, 300)
    X = np.column_stack([np.ones(300), rng.normal(size=(300, 2))])
    happened = rng.random(300) < 1 / (1 + np.exp(-X @ [-1.0, 0.7, -0.3]))
    own = logistic_fit(X, happened, clusters)
    assert own is not None
    other = statsmodels.Logit(happened.astype(float), X).fit(
        disp=False,
        tol=1e-12,
        cov_type="cluster",
        cov_kwds={"groups": clusters, "use_correction": False},
    )
    groups = np.unique(clusters).size
    np.testing.assert_allclose(own.coefficients, other.params, rtol=1e-8)
    np.testing.assert_allclose(
        own.covariance, other.cov_params() * groups / (groups - 1), rtol=1e-7, atol=1e-12
    )
    assert (own.n, own.n_happened, own.n_clusters) == (300, int(happened.sum()), groups)


def test_long_columns_give_the_same_in_pieces() -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(70_000), rng.normal(size=(70_000, 2))])
    happened = rng.random(70_000) < 1 / (1 + np.exp(-X @ [-1.0, 0.7, -0.3]))
    own = logistic_fit(X, happened, np.arange(70_000) // 7)
    assert own is not None
    other = statsmodels.Logit(happened.astype(float), X).fit(disp=False, tol=1e-12)
    np.testing.assert_allclose(own.coefficients, other.params, rtol=1e-9)
    assert own.n_clusters == 10_000


def test_nothing_is_given_where_estimates_are_at_infinity_or_not_single() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=100)
    X = np.column_stack([np.ones(100), x])
    assert logistic_fit(X, x > 0.2, np.arange(100)) is None
    assert logistic_fit(X, np.zeros(100, dtype=bool), np.arange(100)) is None
    doubled = np.column_stack([X, x])
    assert logistic_fit(doubled, rng.random(100) < 0.4, np.arange(100)) is None
    assert logistic_fit(X, rng.random(100) < 0.4, np.zeros(100, dtype=int)) is None


def test_a_row_for_each_outcome() -> None:
    with pytest.raises(ModelError, match="a row for each of 5 outcomes"):
        logistic_fit(np.ones((4, 1)), np.ones(5), np.arange(5))
