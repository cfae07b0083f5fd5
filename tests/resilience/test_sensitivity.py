"""Sensitivity bands: formulas against published values and against simulated truth."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salutogen.norm import fit_norm
from salutogen.resilience import score_resilience
from salutogen.resilience.reliability import reliability_of_score
from salutogen.resilience.sensitivity import (
    exposure_error,
    factor_correlation,
    mood_reporting,
)
from tests.norm.cohorts import simulated

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


@pytest.mark.parametrize(("rP", "rE", "rho"), [(0.85, 0.8, 0.5), (0.9, 1.0, 0.3), (0.7, 0.6, 0.2)])
def test_reliability_of_a_residual_against_simulated_retest(
    rP: float, rE: float, rho: float
) -> None:
    rng = np.random.default_rng(4)
    true_E = rng.normal(size=N)
    true_P = rho * true_E + np.sqrt(1 - rho**2) * rng.normal(size=N)

    def form(true: np.ndarray, reliability: float) -> np.ndarray:
        noise = rng.normal(size=N)
        return np.sqrt(reliability) * true + np.sqrt(1 - reliability) * noise

    first = [form(true_P, rP), form(true_E, rE)]
    second = [form(true_P, rP), form(true_E, rE)]
    observed = r(first[0], first[1])
    retest = r(residual(*first), residual(*second))
    assert reliability_of_score(rP, observed, rE) == pytest.approx(retest, abs=0.005)


def test_tables_of_a_study() -> None:
    scores = simulated()
    result = score_resilience(scores, fit_norm(scores), bootstrap=0)
    errors = result.sensitivity["exposure_error"]
    assert set(errors["level"]) == {"occasion", "person"}
    person = errors.filter(pl.col("level") == "person")
    assert person["reliability_E"].to_list() == [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    refused = person.filter("refused")
    observed = person["r_observed"][0]
    assert refused["reliability_E"].to_list() == [
        value for value in person["reliability_E"] if value <= observed**2 / 0.86
    ]
    assert refused["r_SR_true_E"].null_count() == refused.height
    whole = person.filter(pl.col("reliability_E") == 1.0).row(0, named=True)
    assert whole["r_SR_true_E"] == pytest.approx(0.0, abs=1e-12)
    assert whole["corrected_slope"] == pytest.approx(result.norm.lines.person.slope)
    mood = result.sensitivity["mood_reporting"].filter(pl.col("g") == 0.0)
    assert mood["corrected_slope"].to_list() == pytest.approx(mood["slope"].to_list())
    factors = result.sensitivity["mood_factors"]
    at_zero = factors.filter(pl.col("g") == 0.0)["r_factor_SR"][0]
    optimism = scores.persons["optimism"].to_numpy()
    assert at_zero == pytest.approx(r(optimism, result.persons["SR"].to_numpy()))


def test_outlier_policies_score_everyone_with_their_own_line() -> None:
    scores = simulated()
    P = pl.when(pl.col("person") == 5).then(36.0).otherwise(pl.col("P"))
    scores = type(scores)(**{**vars(scores), "table": scores.table.with_columns(P=P)})
    table = score_resilience(scores, fit_norm(scores), bootstrap=0).sensitivity["outliers"]
    assert table["policy"].to_list() == ["as they are", "drop", "winsorise", "robust"]
    as_is, drop = table.row(0, named=True), table.row(1, named=True)
    assert as_is["r_with_primary"] == pytest.approx(1.0)
    assert as_is["largest_change"] == pytest.approx(0.0, abs=1e-10)
    assert drop["n"] < as_is["n"]


def test_skipped_answers_are_bounded() -> None:
    scores = simulated()
    table = scores.table.with_columns(
        E_high=pl.col("E") + pl.when(pl.col("person") < 40).then(60.0).otherwise(0.0)
    )
    scores = type(scores)(**{**vars(scores), "table": table})
    result = score_resilience(scores, fit_norm(scores), bootstrap=0)
    cases = {row["case"]: row for row in result.sensitivity["missing"].iter_rows(named=True)}
    assert cases["exposure lowest"]["n_changed"] == 0
    assert cases["exposure highest"]["n_changed"] == table.filter(pl.col("person") < 40).height
    assert cases["exposure highest"]["r_with_primary"] < 0.99
    assert "skipped-answers-matter" in [finding.code for finding in result.findings]
