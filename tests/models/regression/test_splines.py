"""Restricted cubic splines: Harrell's formula, linear tails, smoothness."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models import RestrictedCubicSpline


def test_knots_are_the_published_quantiles():
    x = np.random.default_rng(1).gamma(4, 5, 500)
    spline = RestrictedCubicSpline.learn(x)
    assert spline.knots == tuple(np.quantile(x, [0.05, 0.35, 0.65, 0.95]))
    assert spline.transform(x).shape == (500, spline.n_columns)


def test_values_by_hand():
    """Harrell (2001), equation 2.25, knots 0 1 2 4, at x = 3; divided by (4 - 0)^2."""
    basis = RestrictedCubicSpline(knots=(0.0, 1.0, 2.0, 4.0)).transform([3.0])[0]
    first = (27 - 1 * (4 - 0) / (4 - 2)) / 16
    second = (8 - 1 * (4 - 1) / (4 - 2)) / 16
    np.testing.assert_allclose(basis, [3, first, second], rtol=1e-14)


def test_is_linear_beyond_the_outer_knots_and_smooth_between():
    spline = RestrictedCubicSpline(knots=(0.0, 1.0, 2.0, 4.0))
    for grid in (np.linspace(-9, 0, 30), np.linspace(4, 30, 30)):
        np.testing.assert_allclose(np.diff(spline.transform(grid), 2, axis=0), 0, atol=1e-9)
    step = 1e-3
    bend = np.diff(spline.transform(np.arange(-1, 5, step)), 2, axis=0) / step**2
    assert np.abs(np.diff(bend, axis=0)).max() < 0.01


def test_too_many_ties_are_refused():
    with pytest.raises(ModelError, match="rising knots"):
        RestrictedCubicSpline.learn([0] * 90 + list(range(10)))
    with pytest.raises(ModelError, match="finite"):
        RestrictedCubicSpline.learn([np.nan, 1])
