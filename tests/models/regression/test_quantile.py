"""Lines through quantiles against statsmodels and by counting."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models.regression.quantile import fit_quantile_lines

QUANTILES = (0.1, 0.5, 0.9)


def data(n: int = 250) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    E = rng.gamma(3, 10, n)
    y = 5 + 0.2 * E + np.exp(0.5 + 0.02 * E) * rng.normal(size=n)
    return y, np.column_stack([np.ones(n), E])


def test_they_agree_with_statsmodels() -> None:
    y, X = data()
    found = fit_quantile_lines(y, X, QUANTILES, names=("intercept", "E"))
    for row, quantile in zip(found, QUANTILES, strict=True):
        theirs = sm.QuantReg(y, X).fit(q=quantile, max_iter=5000, p_tol=1e-10).params
        np.testing.assert_allclose(row, theirs, rtol=1e-4)


def test_the_share_below_is_the_quantile() -> None:
    y, X = data()
    for row, quantile in zip(
        fit_quantile_lines(y, X, QUANTILES, names=("intercept", "E")), QUANTILES, strict=True
    ):
        left = y - X @ row
        below, upto = np.mean(left < -1e-9), np.mean(left < 1e-9)
        assert below <= quantile <= upto
        assert upto - below == pytest.approx(2 / len(y)), "a line of two coefficients meets two"


def test_without_a_slope_it_is_the_quantile_of_the_values() -> None:
    y = np.array([3.0, 9.0, 4.0, 1.0, 7.0])
    found = fit_quantile_lines(y, np.ones((5, 1)), (0.5,), names=("intercept",))
    assert found.item() == pytest.approx(4.0)


def test_a_quantile_is_a_share() -> None:
    y, X = data()
    with pytest.raises(ModelError, match="between 0 and 1"):
        fit_quantile_lines(y, X, (50,), names=("intercept", "E"))
