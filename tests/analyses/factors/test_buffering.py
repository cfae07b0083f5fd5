"""Buffering: interaction, simple slopes and region against statsmodels; no buffer from SR alone."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.analyses.factors.buffering import Buffering, buffering, johnson_neyman
from salutogen.models.regression.stacked import stacked_regression

NAN = float("nan")


def data(n: int = 300, *, product: float = -0.3, seed: int = 2) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    E, F = rng.normal(10, 2, n), rng.normal(5, 1.5, n)
    P = 2 + 0.8 * E - 0.5 * F + product * (E - 10) * (F - 5) + rng.normal(size=n)
    return P, E, F


def fitted(P: np.ndarray, E: np.ndarray, F: np.ndarray) -> Buffering:
    found = buffering(P, np.column_stack([np.ones(E.size), E]), [False, True], F)
    assert found is not None
    return found


def test_product_and_simple_slopes_are_those_of_one_regression() -> None:
    P, E, F = data()
    found = fitted(P, E, F)
    X = sm.add_constant(np.column_stack([E, F, E * F]))
    other = sm.OLS(P, X).fit(cov_type="HC3")
    assert found.b == pytest.approx(other.params[3])
    assert found.se == pytest.approx(other.bse[3])
    for at in found.simple_slopes:
        contrast = np.array([0, 1, 0, at.factor])
        assert at.slope == pytest.approx(contrast @ other.params)
        width = (at.interval[1] - at.interval[0]) / 2
        se = np.sqrt(contrast @ other.cov_params() @ contrast)
        assert width == pytest.approx(1.97 * se, rel=0.02)
    assert found.simple_slopes[0].factor == pytest.approx(F.mean() - F.std(ddof=1))


def test_the_region_ends_where_the_interval_touches_0() -> None:
    rng = np.random.default_rng(5)
    E, F = rng.normal(size=(2, 200))
    P = 0.2 * E - 0.25 * E * F + rng.normal(size=200)
    X = np.column_stack([np.ones(200), E, F, E * F])
    fit = stacked_regression(P, X, names=("one", "E", "F", "EF"))
    ends = johnson_neyman(fit, (1, 3))
    assert len(ends) == 2
    found = fitted(P, E, F)
    for end in found.region:
        below, above = (
            [one for one in found.curve if (one.factor > end) == side] for side in (False, True)
        )
        holds = [one.interval[0] * one.interval[1] < 0 for one in (below[-1], above[0])]
        assert holds[0] != holds[1]
    assert found.region


def test_a_main_effect_is_no_buffer() -> None:
    false = sum((fitted(*data(120, product=0.0, seed=seed)).p or 1.0) < 0.05 for seed in range(200))
    assert 3 <= false <= 19


def test_several_terms_of_exposure_are_not_asked() -> None:
    P, E, F = data(50)
    X = np.column_stack([np.ones(50), E, E**2])
    assert buffering(P, X, [False, True, True], F) is None


def test_who_has_no_factor_stands_aside() -> None:
    P, E, F = data(100)
    some = F.copy()
    some[:10] = NAN
    assert fitted(P, E, some).b == pytest.approx(fitted(P[10:], E[10:], F[10:]).b)
