"""Omega, alpha and composite reliability against closed forms, statsmodels, simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.models.descriptive import covariance
from salutogen.scores.internal_consistency import (
    _profile,
    composite_reliability,
    cronbach_alpha,
    one_factor,
)

LOADINGS = np.array([0.9, 0.7, 1.1, 0.5, 0.8, 0.6])
UNIQUE = np.array([0.5, 0.8, 0.4, 1.0, 0.6, 0.9])
CORRELATIONS = np.array(
    [
        [1.00, 0.52, 0.61, 0.30, 0.48, 0.35],
        [0.52, 1.00, 0.50, 0.28, 0.44, 0.33],
        [0.61, 0.50, 1.00, 0.37, 0.55, 0.41],
        [0.30, 0.28, 0.37, 1.00, 0.29, 0.19],
        [0.48, 0.44, 0.55, 0.29, 1.00, 0.36],
        [0.35, 0.33, 0.41, 0.19, 0.36, 1.00],
    ]
)
OMEGA = LOADINGS.sum() ** 2 / (LOADINGS.sum() ** 2 + UNIQUE.sum())


def congeneric() -> np.ndarray:
    return np.outer(LOADINGS, LOADINGS) + np.diag(UNIQUE)


def test_exact_one_factor_covariance_gives_its_loadings_and_omega() -> None:
    factor = one_factor(congeneric())
    assert factor is not None
    assert factor.converged
    assert not factor.at_bound
    np.testing.assert_allclose(factor.loadings, LOADINGS, rtol=1e-7)
    np.testing.assert_allclose(factor.uniquenesses, UNIQUE, rtol=1e-7)
    assert factor.omega == pytest.approx(OMEGA, rel=1e-8)


def test_parallel_items_follow_spearman_and_brown() -> None:
    k, r = 8, 0.3
    matrix = np.full((k, k), r) + np.eye(k) * (1 - r)
    expected = k * r / (1 + (k - 1) * r)
    factor = one_factor(matrix)
    assert factor is not None
    assert cronbach_alpha(matrix) == pytest.approx(expected, rel=1e-12)
    assert factor.omega == pytest.approx(expected, rel=1e-8)


def test_alpha_is_below_omega_for_unequal_loadings() -> None:
    alpha = cronbach_alpha(congeneric())
    assert alpha is not None
    assert alpha < OMEGA


def test_agrees_with_statsmodels() -> None:
    """statsmodels 0.15.0: Factor(corr=CORRELATIONS, n_factor=1, method="ml", nobs=500).fit()."""
    factor = one_factor(CORRELATIONS)
    assert factor is not None
    expected = [0.74611244, 0.65089515, 0.81053560, 0.43024449, 0.67120329, 0.49880023]
    np.testing.assert_allclose(factor.loadings, expected, atol=1e-7)


def test_gradient_agrees_with_differences() -> None:
    unique, step = np.array([0.4, 0.5, 0.3, 0.8, 0.5, 0.7]), 1e-6
    above = [_profile(unique + move, CORRELATIONS).value for move in np.eye(6) * step]
    below = [_profile(unique - move, CORRELATIONS).value for move in np.eye(6) * step]
    differences = (np.array(above) - np.array(below)) / (2 * step)
    np.testing.assert_allclose(_profile(unique, CORRELATIONS).gradient, differences, rtol=1e-6)


def test_simulated_scale_recovers_the_share_of_true_variance() -> None:
    rng = np.random.default_rng(20)
    trait = rng.normal(size=4000)
    items = trait[:, None] * LOADINGS + rng.normal(size=(4000, 6)) * np.sqrt(UNIQUE)
    matrix = covariance(list(items.T))[1]
    np.testing.assert_allclose(matrix, np.cov(items.T), rtol=1e-10)
    factor = one_factor(matrix)
    assert factor is not None
    assert factor.omega == pytest.approx(OMEGA, abs=0.01)
    squared = np.corrcoef(trait, items.sum(axis=1))[0, 1] ** 2
    assert factor.omega == pytest.approx(squared, abs=0.01)


def test_units_of_the_items_matter_to_the_sum_but_not_to_the_fit() -> None:
    scale = np.array([1.0, 10.0, 0.1, 2.0, 3.0, 0.5])
    factor = one_factor(congeneric() * np.outer(scale, scale))
    assert factor is not None
    np.testing.assert_allclose(factor.loadings, LOADINGS * scale, rtol=1e-6)


def test_reversed_sign_of_all_loadings_is_mended() -> None:
    factor = one_factor(congeneric())
    assert factor is not None
    assert factor.loadings.sum() > 0


def test_heywood_case_is_named() -> None:
    loadings = np.array([1.0, 0.6, 0.5, 0.4])
    matrix = np.outer(loadings, loadings) + np.diag([0.0, 0.6, 0.7, 0.8]) + np.eye(4) * 1e-9
    factor = one_factor(matrix)
    assert factor is not None
    assert factor.at_bound


@pytest.mark.parametrize("matrix", [np.eye(2), np.diag([1.0, 0.0, 1.0])])
def test_too_few_or_constant_items_have_no_factor(matrix: np.ndarray) -> None:
    assert one_factor(matrix) is None


def test_one_item_has_no_alpha() -> None:
    assert cronbach_alpha(np.array([[2.0]])) is None


def test_composite_of_parallel_halves_is_spearman_brown() -> None:
    r = 0.7
    matrix = np.array([[1.0, r], [r, 1.0]])
    assert composite_reliability([1, 1], matrix, [r, r]) == pytest.approx(2 * r / (1 + r))


@settings(max_examples=25)
@given(st.lists(st.floats(0.3, 1.5), min_size=3, max_size=8), st.floats(0.2, 2.0))
def test_omega_of_any_congeneric_scale(loadings: list[float], unique: float) -> None:
    load = np.array(loadings)
    factor = one_factor(np.outer(load, load) + np.eye(len(load)) * unique)
    assert factor is not None
    expected = load.sum() ** 2 / (load.sum() ** 2 + unique * len(load))
    assert factor.omega == pytest.approx(expected, rel=1e-4)
