"""HC3 errors and Wald tests against statsmodels; coefficients that rest on one unit."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models import fit_least_squares
from salutogen.models.regression.sandwich import hc3_covariance, leverages, wald_test

NAMES = ["intercept", "E", "E^2"]


def curve(n: int = 80, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    E = rng.gamma(2, 2, n)
    P = 3 + 0.5 * E + rng.normal(0, 1, n) * (1 + 0.3 * E)
    return P, np.column_stack([np.ones(n), E, E**2])


def test_hc3_is_that_of_statsmodels() -> None:
    P, X = curve()
    fit = fit_least_squares(P, X, names=NAMES)
    other = sm.OLS(P, X).fit(cov_type="HC3")
    np.testing.assert_allclose(hc3_covariance(fit, X), other.cov_params(), rtol=1e-9)
    np.testing.assert_allclose(leverages(X), other.get_influence().hat_matrix_diag, rtol=1e-9)


def test_wald_test_is_that_of_statsmodels() -> None:
    P, X = curve()
    fit = fit_least_squares(P, X, names=NAMES)
    other = sm.OLS(P, X).fit(cov_type="HC3", use_t=True).wald_test(np.eye(3)[1:], scalar=True)
    found = wald_test(fit.coefficients[1:], hc3_covariance(fit, X)[1:, 1:], fit.df)
    assert found is not None
    assert pytest.approx(float(other.statistic), rel=1e-9) == found.F
    assert found.p == pytest.approx(float(other.pvalue), rel=1e-7)
    assert (found.df1, found.df2) == (2, fit.df)


def test_a_coefficient_that_rests_on_one_unit_has_no_error() -> None:
    P, X = curve()
    alone = np.zeros(len(P))
    alone[7] = 1.0
    wide = np.column_stack([X[:, :2], alone])
    covariance = hc3_covariance(fit_least_squares(P, wide, names=["a", "E", "site"]), wide)
    assert np.isnan(covariance[2]).all()
    rest = np.delete(X[:, :2], 7, axis=0)
    other = sm.OLS(np.delete(P, 7), rest).fit(cov_type="HC3").cov_params()
    np.testing.assert_allclose(covariance[:2, :2], other, rtol=1e-8)
    assert wald_test([1.0], covariance[2:, 2:], 10) is None


def test_singular_and_foreign_matrices_are_refused() -> None:
    P, X = curve()
    assert wald_test([1.0, 1.0], np.ones((2, 2)) * 0.0, 10) is None
    with pytest.raises(ModelError, match="80 units"):
        hc3_covariance(fit_least_squares(P, X, names=NAMES), X[:50])
