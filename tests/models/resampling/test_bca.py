"""Bias-corrected and accelerated intervals: scipy's, and where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from salutogen.errors import ModelError
from salutogen.models.resampling.bca import bca_intervals, percentile_intervals


def test_limits_are_those_of_scipy_for_the_same_draws():
    """scipy takes its own draws; the same seed and an index draw make them known."""
    values = np.random.default_rng(3).gamma(1.5, 2.0, 40)
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=2000, method="BCa", random_state=np.random.default_rng(8)
    )
    draws = found.bootstrap_distribution[:, None]
    without = np.array([np.delete(values, i).mean() for i in range(40)])[:, None]
    own = bca_intervals([values.mean()], draws, without)
    np.testing.assert_allclose(own[:, 0], found.confidence_interval, rtol=1e-6)
    # A skewed mean: both limits lie above those of the percentiles.
    assert (own[:, 0] > percentile_intervals(draws)[:, 0]).all()


def test_symmetric_draws_without_skewness_give_the_percentiles():
    draws = np.linspace(-1, 1, 2001)[:, None]
    without = np.array([-1.0, 1.0, -2.0, 2.0])[:, None]
    np.testing.assert_allclose(
        bca_intervals([0.0], draws, without), percentile_intervals(draws), atol=1e-12
    )


def test_no_limits_where_all_draws_lie_on_one_side_or_an_estimate_rests_on_one_unit():
    draws = np.random.default_rng(1).normal(size=(500, 3))
    draws[3, 2] = np.nan
    without = np.random.default_rng(2).normal(size=(20, 3))
    without[4, 1] = np.nan
    limits = bca_intervals([99.0, 0.0, 0.0], draws, without)
    assert np.isnan(limits[:, :2]).all()
    assert np.isfinite(limits[:, 2]).all()
    assert np.isfinite(percentile_intervals(draws)).all()
    assert np.isnan(percentile_intervals(np.full((9, 1), np.nan))).all()


def test_a_level_is_a_share():
    with pytest.raises(ModelError, match="level"):
        bca_intervals([0.0], np.zeros((5, 1)), np.zeros((5, 1)), level=95)
