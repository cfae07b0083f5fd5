"""Bands over errors of exposure: closed forms, simulated truth, brute force, coverage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from salutogen.analyses.sensitivity import person_sums
from salutogen.analyses.sensitivity.assumptions import Assumptions, corrected_weights
from salutogen.analyses.sensitivity.bands import exposure_error, factor_correlation, mood_reporting
from salutogen.analyses.sensitivity.exposure_bands import (
    Band,
    Scored,
    factor_band,
    jump_band,
    lock_factor_band,
    slope_band,
)

Floats = np.ndarray


def exactly(reliability: float, g: float = 0.0, **more: Any) -> Assumptions:
    return Assumptions(reliability=(reliability, reliability), mood=(g, g), **more)


def cohort(
    seed: int, n: int, *, reliability: float = 0.7, g: float = 0.0, effect: float = 0.0
) -> tuple[Floats, Floats, Floats, Floats]:
    """P, observed E, true E and a factor that goes with fewer stressors (r = -.4)."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=n)
    true = -0.4 * factor + np.sqrt(0.84) * rng.normal(size=n)
    P = 20 + 3 * (0.5 * true + effect * factor + 0.8 * rng.normal(size=n))
    part = true + g * (P - 20) / np.std(P)
    error = np.sqrt(np.var(part) * (1 / reliability - 1)) * rng.normal(size=n)
    return P, 10 + 4 * (part + error), 10 + 4 * true, factor


def r(x: Floats, y: Floats) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def slope(P: Floats, E: Floats) -> float:
    return float(np.cov(P, E)[0, 1] / np.var(E, ddof=1))


@pytest.mark.parametrize(("reliability", "g"), [(0.6, 0.0), (1.0, 0.3), (0.6, 0.3), (0.8, -0.2)])
def test_weights_give_sr_by_true_exposure_in_a_large_cohort(reliability: float, g: float) -> None:
    P, E, true, factor = cohort(1, 400_000, reliability=reliability, g=g)
    weights = corrected_weights(r(E, P), np.std(P), np.std(E), reliability, g)
    assert weights.on_E == pytest.approx(slope(P, true), rel=0.02)
    SR = P - slope(P, true) * true
    ours = weights.on_P * P - weights.on_E * E
    left = np.cov(ours - SR, SR)  # error of E alone
    assert left[0, 1] / left[1, 1] == pytest.approx(0.0, abs=0.01)
    assert np.cov(ours, factor)[0, 1] == pytest.approx(np.cov(SR, factor)[0, 1], abs=0.02)
    assert weights.rho == pytest.approx(r(P, true), abs=0.005)


def test_weights_agree_with_the_single_assumptions() -> None:
    error, mood = exposure_error(0.5, 0.6), mood_reporting(0.5, 0.3)
    assert corrected_weights(0.5, 2.0, 4.0, 0.6, 0.0).on_E == pytest.approx(
        0.25 * (error.slope_factor or 0)
    )
    weights = corrected_weights(0.5, 2.0, 4.0, 1.0, 0.3)
    assert weights.rho == pytest.approx(mood.r_true)
    assert weights.on_E == pytest.approx(0.5 * (mood.r_true or 0) * (mood.spread or 0))
    plain = corrected_weights(0.5, 2.0, 4.0, 1.0, 0.0)
    assert (float(plain.on_P), float(plain.on_E)) == pytest.approx((1.0, 0.25))


@pytest.mark.parametrize(("reliability", "possible"), [(0.26, False), (0.3, True)])
def test_impossible_combinations_have_no_weights(reliability: float, possible: bool) -> None:
    weights = corrected_weights(0.5, 1.0, 1.0, reliability, 0.0, 0.9)
    assert np.isfinite(weights.on_E) == possible == (reliability > 0.25 / 0.9)


def test_a_band_at_known_assumptions_holds_the_truth_of_a_large_cohort() -> None:
    for g in (0.0, 0.3):
        P, E, true, factor = cohort(2, 60_000, reliability=0.6, g=g, effect=-0.2)
        truth = r(factor, P - slope(P, true) * true)
        band = factor_band(P, E, factor, exactly(0.6, g, draws=400))
        ends = (band.error_low, band.error_high) if g == 0 else (band.joint_low, band.joint_high)
        assert ends[0] - 0.005 < truth < ends[1] + 0.005
        line = slope_band(P, E, exactly(0.6, g, draws=400))
        assert line.joint_low < slope(P, true) < line.joint_high
        assert line.value == pytest.approx(slope(P, E))


def test_as_scored_it_is_the_plain_correlation_with_its_bootstrap_interval() -> None:
    P, E, _, factor = cohort(3, 300)
    band = factor_band(P, E, factor, Assumptions(draws=2000))
    SR = P - slope(P, E) * E
    assert band.value == pytest.approx(r(factor, SR))
    assert band.value == pytest.approx(
        factor_correlation(r(E, P), 0.0, r(factor, P), r(factor, E)), abs=1e-12
    )
    rng, drawn = np.random.default_rng(9), []
    for _ in range(2000):
        i = rng.integers(0, 300, 300)
        drawn.append(r(factor[i], P[i] - slope(P[i], E[i]) * E[i]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (band.low, band.high) == pytest.approx((low, high), abs=0.012)
    assert band.n == 300


def test_sums_of_many_persons_are_drawn_by_their_normal_approximation(monkeypatch: Any) -> None:
    P, E, _, factor = cohort(4, 2_000)
    drawn = factor_band(P, E, factor, Assumptions(draws=1500))
    monkeypatch.setattr(person_sums, "MANY", 100)
    near = factor_band(P, E, factor, Assumptions(draws=1500))
    for name in ("low", "high", "error_low", "error_high", "joint_low", "joint_high"):
        assert getattr(near, name) == pytest.approx(getattr(drawn, name), abs=0.012)
    assert near.value == drawn.value


def test_a_factor_of_fewer_stressors_is_claimed_as_scored_and_does_not_hold() -> None:
    """r(factor, SR given true E) is 0; as scored most of 60 cohorts claim it, with bands few."""
    bands = []
    for seed in range(60):
        P, E, _, factor = cohort(100 + seed, 250, reliability=0.6)
        bands.append(factor_band(P, E, factor, Assumptions(draws=200)))
    assert np.mean([band.claimed for band in bands]) > 0.3
    assert np.mean([band.holds_with_error for band in bands]) <= 0.07
    assert np.mean([band.holds_jointly for band in bands]) <= 0.07
    within = [band.error_low <= 0 <= band.error_high for band in bands]  # type: ignore[operator]
    assert np.mean(within) >= 0.93


def test_a_strong_factor_holds_and_bands_widen_with_what_is_plausible() -> None:
    P, E, _, factor = cohort(5, 400, reliability=0.9, effect=-0.6)
    narrow = factor_band(P, E, factor, Assumptions(reliability=(0.8, 1.0), mood=(0, 0)))
    wide = factor_band(P, E, factor, Assumptions(reliability=(0.5, 1.0), mood=(0, 0.4)))
    assert narrow.holds_with_error
    assert narrow.holds_jointly
    assert (narrow.error_low, narrow.error_high) == (narrow.joint_low, narrow.joint_high)
    assert wide.error_low <= narrow.error_low < narrow.error_high <= wide.error_high  # type: ignore[operator]
    assert wide.joint_low <= wide.error_low < wide.error_high <= wide.joint_high  # type: ignore[operator]


def test_a_band_on_the_other_side_of_zero_does_not_hold() -> None:
    band = Band(n=50, value=0.2, low=0.1, high=0.3, error_low=-0.4, error_high=-0.1)
    assert band.claimed
    assert not band.holds_with_error


def test_combinations_that_the_data_rule_out_are_counted_and_left_out() -> None:
    P, E, _, factor = cohort(6, 3_000, reliability=1.0)
    band = factor_band(P, E, factor, Assumptions(reliability=(0.1, 1.0), mood=(0, 0), draws=100))
    assert band.impossible == 1  # r² is about .25; the grid has .1, .28, .46, …
    assert band.error_low is not None


@pytest.mark.parametrize("values", ["constant", "few"])
def test_without_spread_or_persons_there_is_no_band(values: str) -> None:
    P, E, _, factor = cohort(7, 60)
    given = (
        np.full(60, 3.0) if values == "constant" else np.where(np.arange(60) < 12, factor, np.nan)
    )
    band = factor_band(P, E, given, Assumptions(draws=100))
    assert band == Band(n=60 if values == "constant" else 12)
    assert not band.claimed


def locked(seed: int, persons: int = 300, occasions: int = 6) -> tuple[Any, Any, Floats]:
    """Rows, and events that raise true exposure by 1.5 SD and nothing else; r_E = .6."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), occasions)
    true = rng.normal(size=(persons, occasions))
    true[:, 3] += 1.5
    P = true + 0.5 * rng.normal(size=true.shape) + rng.normal(size=(persons, 1))
    E = true + np.sqrt(np.var(true) * (1 / 0.6 - 1)) * rng.normal(size=true.shape)
    rows = (person, P.ravel(), E.ravel())
    jumps = (np.arange(persons), P[:, 3] - P[:, 2], E[:, 3] - E[:, 2])
    return rows, jumps, rng.normal(size=persons)


def test_a_jump_of_exposure_leaves_a_jump_of_sr_unless_its_error_is_taken_in() -> None:
    rows, jumps, _ = locked(1)
    band = jump_band(rows, jumps, Assumptions(draws=300))
    line = slope(rows[1], rows[2])
    assert band.value == pytest.approx(np.mean(jumps[1]) - line * np.mean(jumps[2]))
    assert band.claimed
    assert band.value > 0.4
    assert not band.holds_with_error
    at = jump_band(rows, jumps, exactly(0.6, draws=300))
    assert at.error_low < 0.0 < at.error_high  # type: ignore[operator]
    assert at.n == 300


def test_a_jump_is_resampled_with_its_line_and_missing_anchors_left_out() -> None:
    rows, jumps, _ = locked(2, persons=80)
    jumps[1][:10] = np.nan
    band = jump_band(rows, jumps, Assumptions(draws=1500))
    person = rows[0]
    rng, drawn = np.random.default_rng(3), []
    for _ in range(1500):
        chosen = rng.integers(0, 80, 80)
        own = (chosen[:, None] * 6 + np.arange(6)).ravel()
        assert (person[own[::6]] == chosen).all()
        drawn.append(
            np.nanmean(jumps[1][chosen])
            - slope(rows[1][own], rows[2][own]) * np.mean(jumps[2][chosen[chosen >= 10]])
        )
    assert band.n == 70
    assert (band.low, band.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.04)


def test_a_factor_around_an_event_is_correlated_with_sr_of_the_lock() -> None:
    rows, jumps, factor = locked(3)
    factor = factor + 0.8 * jumps[1]
    band = lock_factor_band(rows, (jumps[0], factor, *jumps[1:]), exactly(0.6, draws=400))
    b = slope(rows[1], rows[2])
    assert band.value == pytest.approx(r(factor, jumps[1] - b * jumps[2]))
    corrected = r(factor, jumps[1] - b / 0.6 * jumps[2])
    assert band.error_low < corrected < band.error_high  # type: ignore[operator]


def test_persons_places_by_brute_force() -> None:
    P, E, _, _ = cohort(8, 200)
    found = Scored(P, E).sides(0.7, 0.0, 1.0)
    b = slope(P, E)
    scored = P - np.mean(P) - b * (E - np.mean(E))
    corrected = P - np.mean(P) - b / 0.7 * (E - np.mean(E))
    assert found.rank_r == pytest.approx(spearmanr(scored, corrected).statistic)
    assert found.share_other_side == pytest.approx(np.mean(np.sign(scored) != np.sign(corrected)))
    same = Scored(P, E).sides(1.0, 0.0, 1.0)
    assert (same.rank_r, same.share_other_side) == (pytest.approx(1.0), 0.0)
    assert Scored(P, E).sides(0.01, 0.0, 1.0).rank_r is None
    assert Scored(P, np.ones(200)).sides(0.7, 0.0, 1.0).rank_r is None


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_moments_of_few_persons_are_unknown_below_two(n: int) -> None:
    x, y = np.array([[1.0, 4.0, 9.0], [2.0, 7.0, 3.0]])
    known = np.arange(3) < n
    columns = {"dx": np.where(known, x, np.nan), "dy": np.where(known, y, np.nan)}
    (sums, places), _ = person_sums.sums_by_person([(np.arange(3), columns)])
    at = person_sums.SumMoments(np.sum(sums, axis=0), places)
    mean, covariance = float(at.mean("dx").item()), float(at.covariance("dx", "dy").item())
    assert np.isnan(mean) if n == 0 else mean == pytest.approx(np.mean(x[:n]))
    assert (
        np.isnan(covariance) if n < 2 else covariance == pytest.approx(np.cov(x[:n], y[:n])[0, 1])
    )
