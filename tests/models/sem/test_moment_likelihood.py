"""Likelihood with missing values: densities one by one, derivatives by differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from salutogen.models.sem.moment_likelihood import likelihood_at, pack, unpack
from salutogen.models.sem.patterns import patterns_of

P = 4


@pytest.fixture
def values():
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(80, P)) @ rng.normal(size=(P, P)) + np.arange(P)
    rows[rng.random(rows.shape) < 0.25] = np.nan
    return rows[np.isfinite(rows).any(axis=1)]


@pytest.fixture
def moments():
    rng = np.random.default_rng(6)
    root = rng.normal(size=(P, P))
    return pack(rng.normal(size=P), root @ root.T + np.eye(P))


def likelihood(patterns, packed):
    return likelihood_at(patterns, *unpack(packed, P))


def differences(function, at, step=1e-5):
    return np.array(
        [(function(at + step * e) - function(at - step * e)) / (2 * step) for e in np.eye(len(at))]
    )


def test_patterns_keep_every_person(values):
    patterns = patterns_of(values)
    np.testing.assert_array_equal(patterns.observed[patterns.pattern], np.isfinite(values))
    assert patterns.counts.sum() == patterns.n_persons == len(values)
    present = np.isfinite(values).astype(int)
    np.testing.assert_array_equal(patterns.coverage, present.T @ present)
    some = patterns.pattern == patterns.pattern[0]
    known = patterns.observed[patterns.pattern[0]]
    rows = values[some][:, known]
    np.testing.assert_allclose(patterns.means[patterns.pattern[0]][known], rows.mean(axis=0))
    np.testing.assert_allclose(
        patterns.scatters[patterns.pattern[0]][np.ix_(known, known)],
        np.atleast_2d(np.cov(rows.T, ddof=0)) if len(rows) > 1 else 0 * np.outer(rows[0], rows[0]),
        atol=1e-12,
    )


def test_likelihood_is_that_of_each_persons_values(values, moments):
    mean, covariance = unpack(moments, P)
    expected = sum(
        multivariate_normal.logpdf(row[known], mean[known], covariance[np.ix_(known, known)])
        for row, known in zip(values, np.isfinite(values), strict=True)
    )
    assert likelihood(patterns_of(values), moments).log_likelihood == pytest.approx(expected)


def test_derivatives_are_those_of_differences(values, moments):
    patterns = patterns_of(values)
    at = likelihood(patterns, moments)
    slopes = differences(lambda m: likelihood(patterns, m).log_likelihood, moments)
    np.testing.assert_allclose(at.gradient, slopes, rtol=1e-6, atol=1e-6)
    curves = differences(lambda m: likelihood(patterns, m).gradient, moments)
    np.testing.assert_allclose(at.information(observed=True), -curves, rtol=1e-6, atol=1e-5)


def test_scores_are_persons_own_gradients(values, moments):
    scores = likelihood(patterns_of(values), moments).scores()
    for person in (0, 7, 40):
        alone = likelihood(patterns_of(values[[person]]), moments)
        np.testing.assert_allclose(scores[person], alone.gradient, rtol=1e-10, atol=1e-12)


def test_expected_information_is_the_mean_of_the_observed(moments):
    """Over drawn samples, given who has what."""
    rng = np.random.default_rng(9)
    mean, covariance = unpack(moments, P)
    holes = rng.random((60, P)) < 0.2
    holes[holes.all(axis=1)] = False
    total, draws = 0.0, 400
    for _ in range(draws):
        rows = rng.multivariate_normal(mean, covariance, size=60)
        rows[holes] = np.nan
        total = total + likelihood(patterns_of(rows), moments).information(observed=True) / draws
    expected = likelihood(patterns_of(rows), moments).information(observed=False)
    scale = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(total / np.outer(scale, scale),
                               expected / np.outer(scale, scale), atol=0.06)  # fmt: skip


def test_no_likelihood_where_covariances_are_not_definite(values):
    assert likelihood_at(patterns_of(values), np.zeros(P), np.ones((P, P))) is None
