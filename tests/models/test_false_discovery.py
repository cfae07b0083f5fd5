"""Adjusted p values, against scipy's."""

from __future__ import annotations

import numpy as np
from scipy.stats import false_discovery_control

from salutogen.models.false_discovery import adjusted_p


def test_p_values_are_adjusted_as_by_scipy() -> None:
    p = np.random.default_rng(1).random(40) ** 2
    np.testing.assert_allclose(adjusted_p(p), false_discovery_control(p), rtol=1e-12)


def test_what_was_not_tested_does_not_count() -> None:
    found = adjusted_p([0.01, np.nan, 0.04])
    np.testing.assert_allclose(found, [0.02, np.nan, 0.04])
    assert adjusted_p([]).size == 0
