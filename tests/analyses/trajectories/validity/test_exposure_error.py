"""Factors that merely go with exposure, where exposure is measured with error."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories.validity.exposure_error import (
    LockedExposure,
    reliability_bands,
)

N = 1500


def test_a_factor_of_exposure_relates_to_SR_by_error_alone() -> None:
    """P = E + noise, E measured with reliability .7: at .7 the relation is gone."""
    generator = np.random.default_rng(1)
    calm = generator.standard_normal(N)
    true = -0.7 * calm[:, None] + np.sqrt(0.51) * generator.standard_normal((N, 4))
    E = true + np.sqrt(3.0 / 7.0) * generator.standard_normal((N, 4))
    P = true + 0.5 * generator.standard_normal((N, 4))
    slope, intercept = np.polyfit(E.ravel(), P.ravel(), 1)
    r = float(np.corrcoef(E.ravel(), P.ravel())[0, 1])
    SR = P - intercept - slope * E
    exposure = LockedExposure(E=E, slope=float(slope), r=r)
    band = reliability_bands(SR, exposure, {"calm": calm}, np.arange(N), draws=200, seed=1)["calm"]
    plain, mended = band.level["1"], band.level["0.7"]
    level = SR[:, 2:].mean(axis=1)
    assert plain.value == pytest.approx(np.corrcoef(level, calm)[0, 1])
    assert plain.high is not None
    assert plain.high < -0.1
    assert mended.value == pytest.approx(0.0, abs=0.06)
    assert band.last_told("level") in ("0.9", "0.8")
    again = (P - slope / 0.7 * E)[:, 2:].mean(axis=1)
    assert mended.value == pytest.approx(np.corrcoef(again, calm)[0, 1])


def test_impossible_reliabilities_are_left_out() -> None:
    generator = np.random.default_rng(2)
    SR, E = generator.standard_normal((2, 40, 4))
    exposure = LockedExposure(E=E, slope=1.0, r=0.87)
    band = reliability_bands(
        SR, exposure, {"x": generator.standard_normal(40)}, np.arange(40), draws=60, seed=1
    )["x"]
    assert list(band.level) == ["1", "0.9", "0.8"]
