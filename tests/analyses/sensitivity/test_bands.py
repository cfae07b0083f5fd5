"""Sensitivity bands: formulas against published values and against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salutogen.analyses.sensitivity.bands import (
    exposure_error,
    factor_correlation,
    mood_reporting,
)

N = 400_000


def z(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


def residual(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    slope = np.cov(x, y)[0, 1] / np.var(x, ddof=1)
    return y - slope * x


def r(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1])


@pytest.mark.parametrize(("reliability", "expected"), [(0.7, 0.269), (0.44, 0.633)])
def test_published_effect_of_error_in_exposure(reliability: float, expected: float) -> None:
    result = exposure_error(0.6, reliability)
    assert result.correlation == pytest.approx(expected, abs=5e-4)


def test_error_in_exposure_against_simulated_truth() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=N)
    P = 0.6 * true + rng.normal(size=N) * 0.8
    for reliability in (0.5, 0.7, 0.9):
        observed = np.sqrt(reliability) * true + np.sqrt(1 - reliability) * rng.normal(size=N)
        SR = residual(P, observed)
        result = exposure_error(r(observed, P), reliability)
        assert result.correlation == pytest.approx(r(SR, true), abs=0.006)
        slope = np.cov(observed, P)[0, 1] / np.var(observed)
        corrected = P - slope * result.slope_factor * observed
        assert abs(r(corrected, true)) < 0.02
        assert result.agreement == pytest.approx(r(SR, corrected), abs=0.006)
        assert result.corrected_with_observed == pytest.approx(r(corrected, observed), abs=0.006)
        assert result.corrected_with_observed is not None
        assert result.corrected_with_observed < 0


@given(st.floats(0.05, 0.95), st.floats(0.05, 1.0), st.floats(0.3, 1.0))
def test_impossible_reliabilities_are_refused_not_computed(
    correlation: float, reliability_E: float, reliability_P: float
) -> None:
    result = exposure_error(correlation, reliability_E, reliability_P)
    assert result.possible == (reliability_E > correlation**2 / reliability_P)
    if result.possible:
        assert result.correlation is not None
        assert -1e-12 <= result.correlation < 1
    else:
        assert result.correlation is None
        assert result.slope_factor is None


@pytest.mark.parametrize(("g", "expected"), [(0.2, -0.156), (0.4, -0.279)])
def test_published_effect_of_mood_reporting(g: float, expected: float) -> None:
    observed = (0.5 + g) / np.sqrt(1 + g * g + 2 * g * 0.5)
    result = mood_reporting(observed, g)
    assert result.r_true == pytest.approx(0.5)
    assert result.correlation == pytest.approx(expected, abs=2e-3)


@given(st.floats(-0.9, 0.9), st.floats(0, 0.6))
def test_mood_reporting_is_inverted_exactly(rho: float, g: float) -> None:
    assume(rho + g > 0.01)
    observed = (rho + g) / np.sqrt(1 + g * g + 2 * g * rho)
    assume(1 + g * rho > abs(g) * np.sqrt(max(1 - rho**2, 0)) * 0 + 0.2)
    result = mood_reporting(observed, g)
    assert result.r_true == pytest.approx(rho, abs=1e-6)


def test_band_of_a_factor_contains_the_truth_for_g_in_range() -> None:
    rng = np.random.default_rng(2)
    factor = rng.normal(size=N)
    true = z(0.2 * factor + rng.normal(size=N))
    P = z(0.5 * true - 0.3 * factor + rng.normal(size=N) * 0.7)
    target = r(residual(P, true), factor)
    strengths = np.linspace(0, 0.4, 9)
    for g in (0.0, 0.15, 0.3, 0.4):
        observed = true + g * P
        numbers = (r(observed, P), r(factor, P), r(factor, observed))
        band = [factor_correlation(numbers[0], s, numbers[1], numbers[2]) for s in strengths]
        assert min(band) - 0.003 <= target <= max(band) + 0.003
        exact = factor_correlation(numbers[0], g, numbers[1], numbers[2])
        assert exact == pytest.approx(target, abs=0.004)


def test_agreement_of_corrected_and_observed_scores_under_mood_reporting() -> None:
    rng = np.random.default_rng(3)
    true = rng.normal(size=N)
    P = z(0.5 * true + rng.normal(size=N) * 0.8)
    observed = true + 0.3 * P
    result = mood_reporting(r(observed, P), 0.3)
    SR, corrected = residual(P, observed), residual(P, true)
    assert result.agreement == pytest.approx(r(SR, corrected), abs=0.005)
    assert result.correlation == pytest.approx(r(SR, true), abs=0.005)
