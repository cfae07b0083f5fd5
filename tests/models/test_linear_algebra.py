"""Sums in pieces give the digits of NumPy's own; factors multiply back to the columns."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.linear_algebra import (
    PIECE,
    combine,
    cross_products,
    orthonormalise,
    sum_in_pieces,
    sum_of_products,
)


@pytest.mark.parametrize("n", [0, 1, 7, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5, 500_003])
def test_sums_in_pieces_are_numpys_own_to_the_digit(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(50, 1e3, n), rng.normal(size=n)
    assert sum_of_products(a, b) == float(np.sum(a * b))
    assert sum_in_pieces(n, lambda piece: float(np.sum(a[piece]))) == float(np.sum(a))


def test_several_sums_are_added_up_entry_by_entry():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 2 * PIECE + 9))
    both = sum_in_pieces(a.size, lambda piece: np.array([np.sum(a[piece]), np.sum(b[piece])]))
    np.testing.assert_array_equal(both, [np.sum(a), np.sum(b)])


def test_factors_of_long_columns():
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(PIECE + 77), *rng.normal(3, 2, (3, PIECE + 77))])
    Q, R = orthonormalise(X, "abcd")
    np.testing.assert_allclose(cross_products(list(Q)), np.eye(4), atol=1e-13)
    np.testing.assert_allclose(Q.T @ R, X, atol=1e-11)
    np.testing.assert_array_equal(np.triu(R), R)
    np.testing.assert_allclose(combine(X, np.arange(4.0)), X @ np.arange(4.0), atol=1e-11)
