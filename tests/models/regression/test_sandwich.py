"""HC3 errors and Wald tests against statsmodels; coefficients that rest on one unit."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models import fit_least_squares
from salutogen.models.linear_algebra import Factored
from salutogen.models.regression.sandwich import (
    hc3_covariance,
    hc3_degrees_of_freedom,
    joint_degrees_of_freedom,
    wald_test,
)

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
    np.testing.assert_allclose(
        Factored.of(X).leverages, other.get_influence().hat_matrix_diag, rtol=1e-9
    )


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


def test_degrees_of_freedom_are_those_of_the_quadratic_form() -> None:
    """Satterthwaite's moments of the HC3 variance, from the matrices written out."""
    rng = np.random.default_rng(8)
    X = np.column_stack([np.ones(30), rng.gamma(1.0, 1.0, 30), rng.normal(size=30)])
    inverse = np.linalg.inv(X.T @ X)
    left = np.eye(30) - X @ inverse @ X.T
    for j, found in enumerate(hc3_degrees_of_freedom(X)):
        weights = (inverse @ X.T)[j] ** 2 / np.diag(left) ** 2
        form = left @ np.diag(weights) @ left
        assert found == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form), rel=1e-9)


def test_degrees_of_freedom_at_many_points_of_a_line_are_those_of_the_quadratic_form() -> None:
    _, X = curve(n=1300)
    maps = np.column_stack([np.ones(70), np.linspace(0, 12, 70), np.linspace(0, 12, 70) ** 2])
    rest = np.eye(1300) - X @ np.linalg.pinv(X)
    own = np.diag(rest)
    pull = maps @ np.linalg.pinv(X)
    expected = []
    for weights in (pull / own) ** 2:
        inner = np.sqrt(weights)[:, None] * rest * np.sqrt(weights)
        expected.append(np.trace(inner) ** 2 / np.sum(inner**2))
    found = hc3_degrees_of_freedom(X, maps=maps)
    np.testing.assert_allclose(found, np.clip(expected, 1, 1297), rtol=1e-9)


def test_a_joint_test_keeps_its_level_and_its_power() -> None:
    """A curve over skewed exposure: the fewest degrees of freedom alone would take its power."""
    rng = np.random.default_rng(12)
    false, found = 0, 0
    tested = np.array([False, True, True])
    for _ in range(400):
        E = rng.gamma(2.0, 1.5, 80)
        X = np.column_stack([np.ones(80), E, E**2])
        df = joint_degrees_of_freedom(X, tested)
        for effect in (0.0, 0.4):
            P = effect * E + 1.5 * rng.standard_normal(80)
            fit = fit_least_squares(P, X, names=NAMES)
            test = wald_test(fit.coefficients[1:], hc3_covariance(fit, X)[1:, 1:], df)
            assert test is not None
            false += effect == 0.0 and test.p < 0.05
            found += effect > 0.0 and test.p < 0.05
    assert false <= 0.07 * 400
    assert found >= 0.75 * 400


def test_intervals_hold_where_five_of_a_hundred_are_exposed() -> None:
    """With n - p degrees of freedom they would hold in about 88 of 100."""
    from scipy.special import stdtrit

    X = np.column_stack([np.ones(100), np.arange(100) < 5])
    df = hc3_degrees_of_freedom(X)[1]
    rng = np.random.default_rng(3)
    held, plain = 0, 0
    for _ in range(1000):
        fit = fit_least_squares(rng.standard_normal(100), X, names=["1", "E"])
        size = abs(fit.coefficients[1]) / np.sqrt(hc3_covariance(fit, X)[1, 1])
        held += size <= stdtrit(df, 0.975)
        plain += size <= stdtrit(98, 0.975)
    assert 0.93 <= held / 1000 <= 0.98
    assert plain / 1000 < 0.92


@pytest.mark.parametrize("seed", range(20))
def test_units_on_the_line_give_a_variance_of_nought_never_below(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 60))
    E = rng.integers(0, 2, n).astype(float)
    X = np.column_stack([np.ones(n), E])
    y = np.where(E > 0, rng.integers(0, 20, n), 6.0)  # nobody without exposure is off the line
    person = np.sort(rng.integers(0, n // 2, n))
    fit = fit_least_squares(y, X, names=("intercept", "E"))
    clustered = fit_least_squares(y, X, names=("intercept", "E"), cluster=person).covariance
    for covariance in (hc3_covariance(fit, X), np.asarray(clustered)):
        np.testing.assert_array_equal(covariance, covariance.T)
        assert 0 <= covariance[0, 0] < 1e-12
