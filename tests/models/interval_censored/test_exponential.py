"""Exponential times in intervals: likelihood against integration, gradient, known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from salutogen.errors import ModelError
from salutogen.models import ExponentialTimes
from salutogen.models.interval_censored.exponential import ALIKE
from salutogen.models.interval_censored.exponential_likelihood import ExponentialLikelihood
from salutogen.models.interval_censored.turnbull import turnbull

INF = float("inf")
LEFT = np.array([0.0, 1.5, 3.0, 0.0, 2.0, 5.5, 0.0])
RIGHT = np.array([2.0, 3.0, INF, 1.0, INF, INF, 9.0])
PERSON = np.array([4, 4, 4, 7, 7, 9, 9])
STARTS = np.array([0, 3, 5])


def simulated(
    n: int, episodes: int, *, spread: float, half_life: float = 2.0, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times seen every hour and a half, for seven and a half hours."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n), episodes)
    middle = half_life / np.log(2) * np.exp(spread * rng.standard_normal(n))
    seen = np.floor(rng.exponential(middle[person]) / 1.5) * 1.5
    return np.minimum(seen, 7.5), np.where(seen < 7.5, seen + 1.5, np.inf), person


@pytest.mark.parametrize("point", [(-1.0, 0.6), (0.3, 1.2), (-0.5, 0.0)])
def test_the_likelihood_is_the_integral_over_the_person_effect(point: tuple[float, float]) -> None:
    def given(u: float, rows: np.ndarray) -> float:
        rate = np.exp(point[0] + point[1] * u)
        chance = np.exp(-rate * LEFT[rows]) - np.exp(-rate * RIGHT[rows])
        return float(np.prod(chance) * norm.pdf(u))

    plain = sum(
        np.log(quad(given, -9, 9, args=(np.flatnonzero(person == PERSON),), epsabs=1e-13)[0])
        for person in (4, 7, 9)
    )
    told, _ = ExponentialLikelihood(LEFT, RIGHT, STARTS).negative(np.array(point))
    assert -told == pytest.approx(plain, abs=1e-8)


def test_persons_with_many_times_are_integrated_as_well() -> None:
    """400 times of one person: a peak that is narrow beside the prior."""
    left, right, person = simulated(1, 400, spread=0.0)
    point = np.array([-1.0, 1.0])

    def log_given(u: float) -> float:
        rate = np.exp(point[0] + point[1] * u)
        return float(np.log(np.exp(-rate * left) - np.exp(-rate * right)).sum())

    grid = np.linspace(-2, 2, 4001)
    logs = np.array([log_given(u) for u in grid])
    total = np.trapezoid(np.exp(logs - logs.max()) * norm.pdf(grid), grid)
    told, _ = ExponentialLikelihood(left, right, np.array([0])).negative(point)
    assert -told == pytest.approx(np.log(total) + logs.max(), abs=1e-6)
    assert person.max() == 0


@pytest.mark.parametrize("point", [(-1.0, 0.6), (0.5, 1.5), (-2.0, 0.05)])
def test_the_gradient_is_that_of_differences(point: tuple[float, float]) -> None:
    likelihood = ExponentialLikelihood(LEFT, RIGHT, STARTS)
    _, gradient = likelihood.negative(np.array(point))
    for j in range(2):
        step = 1e-5 * np.eye(2)[j]
        up, down = (likelihood.negative(np.array(point) + side * step)[0] for side in (1, -1))
        assert gradient[j] == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-8)


def test_truth_lies_in_the_intervals() -> None:
    left, right, person = simulated(150, 8, spread=0.5, seed=11)
    fit = ExponentialTimes().fit(left, right, person)
    low, high = fit.half_life_interval
    assert low < 2.0 < high
    assert fit.half_life == pytest.approx(2.0, rel=0.1)
    assert abs(fit.spread - 0.5) < 2.6 * np.sqrt(fit.covariance[1, 1])
    assert fit.converged
    assert not fit.messages
    np.testing.assert_allclose(-np.asarray(fit.path)[-1], fit.log_likelihood, atol=1e-8)


def test_the_mean_over_studies_is_near_the_truth() -> None:
    fits = [
        ExponentialTimes().fit(*simulated(60, 6, spread=0.4, seed=seed)) for seed in range(1, 41)
    ]
    logs = np.log([fit.half_life for fit in fits])
    error = logs.std(ddof=1) / np.sqrt(len(fits))
    assert abs(logs.mean() - np.log(2.0)) < 3 * error
    assert np.mean([fit.spread for fit in fits]) == pytest.approx(0.4, abs=0.06)


def test_persons_are_told_with_the_reliability_that_they_have() -> None:
    """Reliability is the squared correlation of what is told with what is true."""
    n, spread = 600, 0.6
    left, right, person = simulated(n, 12, spread=spread, seed=3)
    truth = spread * np.random.default_rng(3).standard_normal(n)
    fit = ExponentialTimes().fit(left, right, person)
    told = np.log(fit.persons["half_life"].to_numpy())
    r = np.corrcoef(told, truth[fit.persons["person"].to_numpy()])[0, 1]
    assert fit.reliability == pytest.approx(r**2, abs=0.06)
    middle = np.log(2.0) + truth[fit.persons["person"].to_numpy()]
    inside = (np.log(fit.persons["low"].to_numpy()) < middle) & (
        middle < np.log(fit.persons["high"].to_numpy())
    )
    assert 0.92 < inside.mean() < 0.98


def test_the_curve_is_turnbulls_where_the_model_holds() -> None:
    left, right, person = simulated(1500, 5, spread=0.4)
    fit = ExponentialTimes().fit(left, right, person)
    _, ends, mass = turnbull(left, right)
    seen = np.isfinite(ends)
    np.testing.assert_allclose(fit.share_back(ends[seen]), np.cumsum(mass)[seen], atol=0.02)
    assert fit.half_life_of(0.5) == pytest.approx(fit.half_life)
    assert fit.half_life_of(0.9) > fit.half_life > fit.half_life_of(0.1)


def test_persons_that_are_alike_are_said_to_be() -> None:
    left, right, person = simulated(40, 6, spread=0.0, seed=3)
    fit = ExponentialTimes().fit(left, right, person)
    assert fit.spread == 0
    assert fit.messages == (ALIKE,)
    assert fit.reliability == 0
    assert np.isnan(fit.covariance[1, 1])
    # The rate of all together: a closed form where every width is the same.
    ended, waited = np.isfinite(right).sum(), left.sum()
    rate = np.log1p(1.5 * ended / waited) / 1.5
    assert fit.half_life == pytest.approx(np.log(2) / rate, rel=1e-6)


def test_order_labels_and_units_do_not_matter() -> None:
    left, right, person = simulated(50, 6, spread=0.5)
    fit = ExponentialTimes().fit(left, right, person)
    turned = np.random.default_rng(1).permutation(left.size)
    again = ExponentialTimes().fit(left[turned] * 60, right[turned] * 60, 1000 - person[turned])
    assert again.half_life == pytest.approx(60 * fit.half_life, rel=1e-5)
    assert again.spread == pytest.approx(fit.spread, rel=1e-4)
    assert again.persons["person"][0] == 1000 - fit.persons["person"][-1]


def test_what_says_nothing_is_not_counted() -> None:
    fit = ExponentialTimes().fit(np.append(LEFT, 0), np.append(RIGHT, INF), np.append(PERSON, 11))
    assert (fit.n_persons, fit.n_obs) == (3, 7)


def test_wrong_input_is_refused() -> None:
    model = ExponentialTimes()
    with pytest.raises(ModelError, match="0 ≤ left < right; not so in rows 2"):
        model.fit([0, 2], [1, 2], [1, 2])
    with pytest.raises(ModelError, match="2 with informative times are needed, got 1"):
        model.fit([0, 0], [1, INF], [1, 2])
    with pytest.raises(ModelError, match="nobody was seen back"):
        model.fit([1, 2], [INF, INF], [1, 2])
    with pytest.raises(ModelError, match="one length"):
        model.fit([1, 2], [INF, INF], [1])
