"""Indices of fit: what can be said without a program."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, ncx2

from salutogen.models.sem.fit_indices import ChiSquare, noncentrality_interval


def test_limits_of_non_centrality_leave_five_percent_outside():
    low, high = noncentrality_interval(45.0, 21, 0.90)
    assert ncx2.sf(45.0, 21, low) == pytest.approx(0.05)
    assert ncx2.cdf(45.0, 21, high) == pytest.approx(0.05)
    assert noncentrality_interval(3.0, 21, 0.90) == (0.0, 0.0)
    low, high = noncentrality_interval(chi2.ppf(0.5, 21), 21, 0.90)
    assert low == 0
    assert high > 0


def test_chi_square_and_its_scaled_twin():
    test = ChiSquare(30.0, 20, 1.2)
    assert test.p == pytest.approx(chi2.sf(30, 20))
    assert test.scaled.value == pytest.approx(25)
    assert np.isnan(ChiSquare(0.0, 0, float("nan")).p)
