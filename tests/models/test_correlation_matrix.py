"""Correlations of many columns at once: those of SciPy, pair by pair, ties and gaps included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from salutogen.models.correlation_matrix import Order, correlation_matrix, rank_correlation_matrix
from salutogen.models.linear_algebra import PIECE


def columns(n: int) -> list[np.ndarray]:
    """Four columns that go together: complete, with ties, and two with gaps of their own."""
    rng = np.random.default_rng(4)
    common = rng.normal(0, 1, n)
    found = [common + rng.normal(0, 1, n) for _ in range(4)]
    found[1] = np.round(found[1])
    found[2][rng.random(n) < 0.3] = np.nan
    found[3][rng.random(n) < 0.1] = np.nan
    return found


@pytest.mark.parametrize("n", [40, 2 * PIECE + 17])
def test_each_pair_is_correlated_over_the_rows_that_both_know(n: int) -> None:
    given = columns(n)
    plain = correlation_matrix(given)
    ranked = rank_correlation_matrix([Order.of(one) for one in given])
    for i, left in enumerate(given):
        for j, right in enumerate(given):
            both = np.isfinite(left) & np.isfinite(right)
            expected = stats.pearsonr(left[both], right[both]).statistic
            assert plain[i][j] == pytest.approx(expected, rel=1e-11)
            expected = stats.spearmanr(left[both], right[both]).statistic
            assert ranked[i][j] == pytest.approx(expected, rel=1e-11)


def test_ranks_in_a_set_of_rows_are_those_of_its_values_alone() -> None:
    values = np.array([2.0, np.nan, -1.0, 2.0, 7.0, 0.0, np.inf, 2.0])
    order = Order.of(values)
    assert order.known.tolist() == [True, False, True, True, True, True, False, True]
    assert order.ranks().tolist() == stats.rankdata(values[order.known]).tolist()
    some = np.array([True, False, False, True, True, True, False, False])
    assert order.ranks(some).tolist() == [2.5, 2.5, 4.0, 1.0]
    assert order.ranks(np.zeros(8, dtype=bool)).size == 0


def test_what_does_not_vary_or_is_known_to_few_has_no_correlation() -> None:
    x = np.array([1.0, 2.0, 4.0, 3.0])
    few = np.array([1.0, 2.0, np.nan, np.nan])
    found = correlation_matrix([x, np.full(4, 0.1), few])
    assert found == [[1.0, None, None], [None, 1.0, None], [None, None, 1.0]]


def test_what_differs_by_rounding_has_the_same_rank() -> None:
    values = np.array([0.1 + 0.2, 0.3, -5.0, np.nan, 0.3 + 1e-6])
    assert Order.of(values).code.tolist() == [1, 1, 0, -1, 2]
