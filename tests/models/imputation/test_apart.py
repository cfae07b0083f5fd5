"""Columns that nearly give each other: the same sets in other coordinates, and chains that move."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models import ChainedImputation
from salutogen.models.imputation.apart import Apart

NAMES = ("factor", "E", "E^2", "2 E + E^2")


def later(n=400, *, exact=True):
    """A factor of all, and exposure with its square and a sum of both that some lack."""
    rng = np.random.default_rng(6)
    factor = rng.normal(size=n)
    E = 40 + 8 * (0.6 * factor + 0.8 * rng.normal(size=n))
    square = E**2 + rng.normal(0, 40, n)
    both = 2 * E + square + (0 if exact else rng.normal(0, 1, n))
    values = np.column_stack([factor, E, square, both])
    values[factor + rng.normal(size=n) > 0.5, 1:] = np.nan
    return values


def drawn(apart, **given):
    made = ChainedImputation(imputations=6, seed=3, **given)
    return made.fit(apart.beside[:, apart.drawn])


def test_sets_are_what_was_drawn_in_the_columns_as_they_are():
    values = later()
    apart = Apart.of(values, (1, 2, 3))
    assert apart.drawn.tolist() == [0, 1, 2], "the sum follows from the others"
    sets = drawn(apart)
    whole = apart.together(sets, NAMES)
    assert whole.columns == NAMES
    assert whole.n_missing == int(np.isnan(values).sum())
    known = np.isfinite(values[:, 1])
    slope, constant = np.polyfit(values[known, 1], values[known, 2], 1)
    for number in range(sets.n_sets):
        own, full = sets.array(number), whole.array(number)
        assert np.array_equal(full[known], values[known])
        np.testing.assert_array_equal(full[:, :2], own[:, :2])
        np.testing.assert_allclose(
            full[:, 2] - (constant + slope * full[:, 1]), own[:, 2], atol=1e-8
        )
        np.testing.assert_allclose(full[:, 3], 2 * full[:, 1] + full[:, 2], rtol=1e-10)


def test_chains_move_that_would_keep_apart():
    values = later(exact=False)
    apart = Apart.of(values, (1, 2, 3))
    assert apart.drawn.size == 4
    together = apart.together(drawn(apart), NAMES)
    assert together.converged
    assert not ChainedImputation(imputations=6, seed=3).fit(values).converged
    # Who lacks exposure has more of the factor, and so more exposure.
    means = together.arrays().mean(axis=(0, 1))
    assert means[1] == pytest.approx(40, abs=1)
    assert means[2] == pytest.approx(40**2 + 8**2, abs=100)
    assert np.nanmean(values[:, 1]) < 38.5


def test_what_is_missing_in_other_rows_or_is_alone_is_left_as_it_is():
    values = later()
    values[0, 2] = np.nan if np.isfinite(values[0, 2]) else 1600.0
    apart = Apart.of(values, (1, 2))
    assert np.array_equal(apart.beside, values, equal_nan=True)
    for related in ((), (1,)):
        one = Apart.of(values, related)
        assert np.array_equal(one.beside, values, equal_nan=True)
        sets = ChainedImputation(imputations=2, iterations=2).fit(values[:, :2])
        assert one.together(sets, NAMES[:2]) is sets
