"""Sums that every room needs: closed forms, NumPy's own, and what does not vary."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.descriptive import (
    centre_and_spread,
    covariance,
    first_component,
    group_means,
    leading_component,
    least_squares_slope,
    line_residual,
    mean_of_z,
    pearson,
    pearson_of_sums,
    present_means,
    z_scores,
)
from salutogen.models.linear_algebra import cross_products

NAN = np.nan
X = np.array([1.0, 2.0, 3.0, 4.0])
GENERATOR = np.random.default_rng(4)
WIDE = GENERATOR.normal(size=(3, 200)) + GENERATOR.normal(size=200)


def test_centre_and_spread_of_four_numbers():
    assert centre_and_spread(X) == (2.5, pytest.approx(np.sqrt(5 / 3), rel=1e-15))


def test_z_scores_leave_out_what_is_unknown():
    found = z_scores(np.array([1.0, NAN, 3.0]))
    np.testing.assert_allclose(found, [-np.sqrt(0.5), NAN, np.sqrt(0.5)], rtol=1e-15)
    assert z_scores(np.array([2.0, 2.0, NAN])) is None
    assert z_scores(np.array([2.0, NAN])) is None


def test_mean_of_z_weighs_columns_alike():
    np.testing.assert_allclose(mean_of_z([X, 10 * X + 3]), z_scores(X), rtol=1e-14)
    np.testing.assert_allclose(mean_of_z([X, -X]), np.zeros(4), atol=1e-15)
    assert mean_of_z([X, np.ones(4)]) is None


def test_pearson_is_exact_on_lines_and_numpys_elsewhere():
    assert pearson(X, 2 * X - 7) == 1.0
    assert pearson(X, -X) == -1.0
    assert pearson(WIDE[0], WIDE[1]) == pytest.approx(np.corrcoef(WIDE[:2])[0, 1], rel=1e-13)
    with_gap = np.append(X, NAN)
    assert pearson(with_gap, np.array([2.0, 1.0, 4.0, 3.0, 9.0])) == pytest.approx(0.6, rel=1e-15)


def test_pearson_says_nothing_of_what_does_not_vary():
    assert pearson(X[:2], X[:2]) is None
    assert pearson(X, np.full(4, 0.1)) is None
    assert pearson(X, 1e8 + np.array([0.0, 1e-9, 0.0, 1e-9])) is None
    assert pearson(np.array([1.0, NAN, 3.0, NAN]), X) is None


def test_correlations_of_sums_are_those_of_rows():
    x, y = WIDE[0] - WIDE[0].mean(), WIDE[1] - WIDE[1].mean()
    rows = np.stack([np.ones(200), x, y, x * x, y * y, x * y], axis=1)
    weight = GENERATOR.integers(0, 3, size=(5, 200))
    drawn = pearson_of_sums(weight @ rows)
    for one, times in zip(drawn, weight, strict=True):
        repeated = np.repeat(np.arange(200), times)
        assert one == pytest.approx(np.corrcoef(x[repeated], y[repeated])[0, 1], rel=1e-11)
    assert np.isnan(pearson_of_sums(np.array([5.0, 0.0, 1.0, 0.0, 3.0, 0.0])))


def test_slope_and_residual_of_a_line():
    y = np.array([1.0, 3.0, 2.0, 6.0])
    assert least_squares_slope(y, X) == pytest.approx(1.4, rel=1e-15)
    np.testing.assert_allclose(line_residual(y, X), y - 3.0 - 1.4 * (X - 2.5), rtol=1e-14)
    assert least_squares_slope(y, np.full(4, 0.1)) is None
    assert line_residual(y, np.full(4, 0.1)) is None
    assert line_residual(y[:2], X[:2]) is None


def test_residual_is_unknown_where_a_value_is():
    found = line_residual(np.array([1.0, 3.0, 2.0, 6.0, NAN]), np.append(X, 9.0))
    assert np.isnan(found[4])
    np.testing.assert_allclose(found[:4].sum(), 0.0, atol=1e-14)


def test_means_by_group_and_of_groups_that_occur():
    values, group = np.array([1.0, 2.0, 6.0, 5.0]), np.array([0, 0, 2, 2])
    np.testing.assert_array_equal(group_means(values, group, 4), [1.5, NAN, 5.5, NAN])
    np.testing.assert_array_equal(present_means(values, group, 4), [1.5, 5.5])
    np.testing.assert_array_equal(group_means(np.array([NAN, 1.0]), np.array([0, 0]), 1), [NAN])


def test_covariance_and_products_are_numpys():
    means, matrix = covariance(list(WIDE))
    np.testing.assert_allclose(means, WIDE.mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(matrix, np.cov(WIDE), rtol=1e-12)
    np.testing.assert_allclose(cross_products(list(WIDE)), WIDE @ WIDE.T, rtol=1e-12)


def test_leading_component_of_two_variables_is_their_sum():
    weights, largest = leading_component(np.array([[1.0, 0.6], [0.6, 1.0]]))
    np.testing.assert_allclose(weights, np.sqrt([0.5, 0.5]), rtol=1e-14)
    assert largest == pytest.approx(1.6, rel=1e-14)


def test_first_component_of_two_columns_is_the_sum_of_their_z():
    a, b = WIDE[:2]
    np.testing.assert_allclose(
        first_component([a, b]), (z_scores(a) + z_scores(b)) / np.sqrt(2), rtol=1e-12
    )
    np.testing.assert_array_equal(first_component([a, np.ones(200)]), z_scores(a))
    assert first_component([np.ones(5), np.ones(5)]) is None
    assert first_component([np.array([1.0, NAN, 2.0, NAN]), X[::-1]]) is None


def test_first_component_is_unknown_where_a_column_is():
    found = first_component([np.append(WIDE[0], NAN), np.append(WIDE[1], 1.0)])
    assert np.isnan(found[200])
    assert np.isfinite(found[:200]).all()


def test_first_component_has_a_fixed_sign():
    rng = np.random.default_rng(5)
    base = rng.normal(size=200)
    columns = [base + rng.normal(size=200) * 0.5 for _ in range(3)]
    component = first_component(columns)
    assert component is not None
    assert np.corrcoef(component, base)[0, 1] > 0.8
    z = np.column_stack([(c - c.mean()) / c.std(ddof=1) for c in columns])
    _, _, V = np.linalg.svd(z, full_matrices=False)
    assert abs(np.corrcoef(component, z @ V[0])[0, 1]) == pytest.approx(1.0)
