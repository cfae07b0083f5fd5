"""Moments without a model: closed forms of complete and of monotone data."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.sem.patterns import patterns_of
from salutogen.models.sem.saturated import dependence, independent_moments, saturated


@pytest.fixture
def rows():
    rng = np.random.default_rng(3)
    return rng.normal(size=(120, 3)) @ np.array([[1, 0.5, 0.2], [0, 1, 0.6], [0, 0, 1]]) + 2


def test_complete_moments_are_the_samples(rows):
    found = saturated(patterns_of(rows))
    assert found is not None
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(rows.T, ddof=0), rtol=1e-12)
    assert found.converged


def test_monotone_moments_are_those_of_regressions(rows):
    """Where all who have the second have the first, the likelihood factors (Anderson 1957)."""
    rows = rows[:, :2].copy()
    gone = rows[:, 0] > 2.6
    rows[gone, 1] = np.nan
    found = saturated(patterns_of(rows))
    assert found is not None
    assert found.converged
    first, both = rows[:, 0], rows[~gone]
    slope, intercept = np.polyfit(both[:, 0], both[:, 1], 1)
    spread = np.mean((both[:, 1] - intercept - slope * both[:, 0]) ** 2)
    mean, variance = first.mean(), first.var()
    np.testing.assert_allclose(found.mean, [mean, intercept + slope * mean], rtol=1e-8)
    np.testing.assert_allclose(
        found.covariance,
        [[variance, slope * variance], [slope * variance, spread + slope**2 * variance]],
        rtol=1e-7,
    )


def test_scattered_holes_end_at_a_maximum(rows):
    rows = rows.copy()
    rows[np.random.default_rng(4).random(rows.shape) < 0.3] = np.nan
    found = saturated(patterns_of(rows[np.isfinite(rows).any(axis=1)]))
    assert found is not None
    assert np.max(np.abs(found.likelihood.gradient)) < 1e-6
    assert np.linalg.eigvalsh(found.likelihood.information(observed=True))[0] > 0


def test_independent_moments_are_each_variables_own(rows):
    rows = rows.copy()
    rows[::3, 1] = np.nan
    mean, covariance = independent_moments(patterns_of(rows))
    np.testing.assert_allclose(mean, np.nanmean(rows, axis=0))
    np.testing.assert_allclose(covariance, np.diag(np.nanvar(rows, axis=0)))


@pytest.mark.parametrize("holes", [False, True])
def test_variables_that_follow_from_each_other_have_none(rows, holes):
    rows = np.column_stack([rows, rows[:, 0] - 2 * rows[:, 1]])
    if holes:
        rows[::4, 2] = np.nan
    patterns = patterns_of(rows)
    assert saturated(patterns) is None
    np.testing.assert_array_equal(dependence(patterns), [True, True, False, True])


def test_two_variables_that_nobody_has_both_of_have_none(rows):
    rows = rows.copy()
    rows[:60, 0] = np.nan
    rows[60:, 2] = np.nan
    assert saturated(patterns_of(rows)) is None
