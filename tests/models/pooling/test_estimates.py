"""Rubin's rules: formulas written anew, limits of no and of all scatter, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from salutogen.errors import ModelError
from salutogen.models import pool_estimates

Q = [1.10, 0.90, 1.30, 1.05, 0.75]
SE = [0.30, 0.28, 0.33, 0.31, 0.29]


def test_figures_by_hand():
    m = 5
    mean = sum(Q) / m
    within = sum(s * s for s in SE) / m
    between = sum((q - mean) ** 2 for q in Q) / (m - 1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    old = (m - 1) / share**2
    observed = (58 + 1) / (58 + 3) * 58 * (1 - share)
    df = old * observed / (old + observed)
    increase = (1 + 1 / m) * between / within
    found = pool_estimates(Q, SE, df_complete=58)
    assert found.estimate == pytest.approx(mean, rel=1e-14)
    assert found.standard_error == pytest.approx(math.sqrt(total), rel=1e-14)
    assert found.df == pytest.approx(df, rel=1e-12)
    assert found.variance_share == pytest.approx(share, rel=1e-12)
    assert found.fraction_missing == pytest.approx((increase + 2 / (df + 3)) / (1 + increase))
    half = stats.t.ppf(0.975, df) * math.sqrt(total)
    np.testing.assert_allclose(found.interval, [mean - half, mean + half], rtol=1e-10)
    assert pool_estimates(Q, SE).df == pytest.approx(old, rel=1e-12)


@pytest.mark.parametrize("m", [2, 5])
def test_limits_widen_as_t_does_where_sets_are_few_and_scatter(m):
    found = pool_estimates(Q[:m], SE[:m], df_complete=58)
    df = (m - 1) / found.variance_share**2  # whatever the persons are
    assert found.widening == pytest.approx(stats.t.ppf(0.975, df) / stats.norm.ppf(0.975))
    alike = pool_estimates(np.full((m, 1), 2.0), np.full((m, 1), 0.3))
    assert alike.widening.tolist() == [1.0]


def test_several_estimates_at_once_are_each_alone():
    q = np.column_stack([Q, np.array(Q) ** 2, np.full(5, 2.0)])
    se = np.column_stack([SE, SE, SE])
    found = pool_estimates(q, se, 40)
    for place in range(3):
        alone = pool_estimates(q[:, place], se[:, place], 40)
        for name in ("estimate", "standard_error", "df", "fraction_missing", "variance_share"):
            assert getattr(found, name)[place] == pytest.approx(getattr(alone, name), rel=1e-13)
        np.testing.assert_allclose(found.interval[:, place], alone.interval, rtol=1e-13)


def test_sets_that_agree_leave_the_complete_data_error():
    found = pool_estimates([2.0, 2.0, 2.0], [0.5, 0.5, 0.5])
    assert found.standard_error == 0.5
    assert (found.fraction_missing, found.variance_share) == (0.0, 0.0)
    assert math.isinf(found.df)
    np.testing.assert_allclose(found.interval, [2 - 0.979982, 2 + 0.979982], rtol=1e-6)
    assert pool_estimates([2.0, 2.0], [0.5, 0.5], 10).df == pytest.approx(11 / 13 * 10)


def test_intervals_hold_the_truth_where_half_is_missing():
    """Normal mean, half missing at random, drawn from its posterior: 95 % in 2,000 studies."""
    rng = np.random.default_rng(6)
    n, seen, m, held = 40, 20, 20, []
    for _ in range(2000):
        y = rng.normal(size=seen)
        spread = np.sqrt((seen - 1) * y.var(ddof=1) / rng.chisquare(seen - 1, m))
        centre = y.mean() + spread * rng.normal(size=m) / np.sqrt(seen)
        drawn = centre[:, None] + spread[:, None] * rng.normal(size=(m, n - seen))
        full = np.hstack([np.broadcast_to(y, (m, seen)), drawn])
        found = pool_estimates(full.mean(1), full.std(1, ddof=1) / np.sqrt(n), n - 1)
        held.append(found.interval[0] <= 0 <= found.interval[1])
    assert 0.935 < np.mean(held) < 0.965


def test_bad_input_is_refused():
    with pytest.raises(ModelError, match="at least 2 data sets"):
        pool_estimates([1.0], [0.2])
    with pytest.raises(ModelError, match="same shape"):
        pool_estimates([1.0, 2.0], [0.2, 0.2, 0.2])
    with pytest.raises(ModelError, match="above 0"):
        pool_estimates([1.0, 2.0], [0.2, 0.0])
    with pytest.raises(ModelError, match="df_complete"):
        pool_estimates([1.0, 2.0], [0.2, 0.1], 0)
    with pytest.raises(ModelError, match="expected numbers"):
        pool_estimates(["a", "b"], [0.2, 0.1])
