"""The mean return: likelihood and errors against direct formulas, and what is told by chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, t

from salutogen.analyses.trajectories.recovery.covariance import (
    CourseCovariance,
    Patterns,
    fit_covariance,
    likelihood_and_slopes,
    log_likelihood,
)
from salutogen.analyses.trajectories.recovery.curve import fit_recovery
from salutogen.analyses.trajectories.recovery.mean_return import fit_mean_return

COVARIANCE = CourseCovariance(
    log_sd=0.4, lag=0.5, factor=np.asarray([0.9, -0.4, 1.2]), log_rate=-0.5
)


def courses(seed: int, lag: float, n: int = 150, fall: float = 0.0) -> np.ndarray:
    """Changes from pre over eight occasions, some missing; half-life 1.5."""
    generator = np.random.default_rng(seed)
    moods = generator.standard_normal((n, 9))
    for place in range(1, 9):
        moods[:, place] = lag * moods[:, place - 1] + np.sqrt(1 - lag**2) * moods[:, place]
    change = moods[:, 1:] - moods[:, :1] + fall * 0.5 ** (np.arange(8) / 1.5)
    change[generator.random(change.shape) < 0.1] = np.nan
    return change


def test_the_covariance_is_that_of_SR_minus_SR_before() -> None:
    gaps = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    minus_pre = np.column_stack([-np.ones(5), np.eye(5)])
    moods = np.exp(0.8) * minus_pre @ 0.5**gaps @ minus_pre.T
    Z = np.column_stack([np.ones(5), np.exp(-np.exp(-0.5) * np.arange(5))])
    factor = np.asarray([[0.9, 0.0], [-0.4, 1.2]])
    np.testing.assert_allclose(COVARIANCE.matrix(5), moods + Z @ factor @ factor.T @ Z.T)


def test_the_likelihood_is_that_of_normal_courses_at_the_best_mean() -> None:
    change = courses(1, 0.5, n=12)
    V = COVARIANCE.matrix(8)
    Z = np.column_stack([np.ones(8), np.exp(-np.exp(-0.5) * np.arange(8))])
    left, right = np.zeros((2, 2)), np.zeros(2)
    for row in change:
        there = np.isfinite(row)
        W = np.linalg.inv(V[np.ix_(there, there)])
        left += Z[there].T @ W @ Z[there]
        right += Z[there].T @ W @ row[there]
    mean = Z @ np.linalg.solve(left, right)
    total = sum(
        multivariate_normal(mean[there], V[np.ix_(there, there)]).logpdf(row[there])
        for row in change
        if (there := np.isfinite(row)).any()
    )
    assert log_likelihood(COVARIANCE, Patterns.of_courses(change)) == pytest.approx(total)


def test_slopes_are_those_of_the_likelihood() -> None:
    patterns = Patterns.of_courses(courses(1, 0.5, n=40))
    _, slopes = likelihood_and_slopes(COVARIANCE, patterns)
    names = ("log_sd", 0, 1, 2, "log_rate", "lag")
    for slope, name in zip(slopes, names, strict=True):
        ends = []
        for way in (1e-5, -1e-5):
            if isinstance(name, str):
                moved = replace(COVARIANCE, **{name: getattr(COVARIANCE, name) + way})
            else:
                step = np.eye(3)[name] * way
                moved = replace(COVARIANCE, factor=COVARIANCE.factor + step)
            ends.append(log_likelihood(moved, patterns))
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-5)


def test_the_ends_of_the_interval_are_where_the_derivative_is_just_told() -> None:
    """At each end, the robust t of the derivative by the rate is that of 97.5 %, by plain sums."""
    change = courses(2, 0.4, fall=3.0)
    patterns = Patterns.of_courses(change)
    covariance = fit_covariance(patterns)
    found = fit_mean_return(patterns, covariance, np.arange(150))
    V = covariance.matrix(8)
    for log_rate in found.log_rate_interval:
        decay = np.exp(-np.exp(log_rate) * np.arange(8))
        X = np.column_stack([np.ones(8), decay, np.arange(8) * decay])
        left, right, weighed = np.zeros((3, 3)), np.zeros(3), []
        for row in change:
            there = np.isfinite(row)
            W = np.linalg.inv(V[np.ix_(there, there)])
            left += X[there].T @ W @ X[there]
            right += X[there].T @ W @ row[there]
            weighed.append((X[there].T @ W, row[there], X[there]))
        line = np.linalg.solve(left, right)
        scores = np.stack([XW @ (y - mine @ line) for XW, y, mine in weighed])
        bread = np.linalg.inv(left)
        robust = bread @ scores.T @ scores @ bread * 150 / 149
        told = abs(line[2]) / np.sqrt(robust[2, 2])
        assert told == pytest.approx(t(149).ppf(0.975), abs=0.02)


@pytest.mark.lengthy
def test_moods_that_last_are_no_return() -> None:
    """No effect, correlation .6: a half-life is told in few of 20 studies."""
    settled = [fit_recovery(courses(seed, 0.6)).settled for seed in range(20)]
    assert sum(settled) <= 2


def test_a_fall_that_is_there_is_told_though_moods_last() -> None:
    found = [fit_recovery(courses(seed, 0.5, fall=3.0)) for seed in range(8)]
    assert all(curve.settled for curve in found)
    assert np.mean([curve.half_life for curve in found]) == pytest.approx(1.5, abs=0.3)
    inside = [curve.interval[0] < 1.5 < curve.interval[1] for curve in found]
    assert sum(inside) >= 7
