"""Item tables: the sum of the items has the expected score as its mean, at every level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from salutogen.simulation.item_tables import binomial_tail, event_items, graded_items

CODES = np.arange(6.0)


def test_tail_is_the_binomial_survival_function():
    chance = np.linspace(0.0, 1.0, 11)
    ours = binomial_tail(7, chance)
    assert np.allclose(ours, [binom.sf(count - 1, 7, chance) for count in range(1, 8)], atol=1e-12)


@settings(max_examples=25)
@given(items=st.integers(1, 40), steps=st.integers(1, 10), spread=st.floats(0.0, 2.5))
def test_graded_items_add_up_to_the_expected_score(items, steps, spread):
    table = graded_items(items, steps, 1.0, spread)
    expected = table.at_least.astype(np.float64).sum(axis=(0, 1))
    assert np.allclose(expected, table.levels, atol=2e-4 * table.highest + 1e-5)
    assert table.codes[0] == 1.0
    assert table.codes[-1] == 1.0 + steps


@settings(max_examples=25)
@given(items=st.integers(1, 40), spread=st.floats(0.0, 2.5), degree=st.floats(0.05, 0.95))
def test_events_add_up_to_the_expected_score(items, spread, degree):
    table = event_items(items, CODES, CODES, spread, degree)
    expected = table.occurrence.astype(np.float64).sum(axis=0) * table.mean_rating
    assert np.allclose(expected, table.levels, atol=2e-4 * table.highest + 1e-5)


@pytest.mark.parametrize("family", ["graded", "events"])
def test_drawn_items_have_the_stated_mean_and_scatter(family):
    table = (
        graded_items(12, 3, 0.0, 1.0)
        if family == "graded"
        else event_items(12, CODES, CODES, 1.0, 0.4)
    )
    level = 0.3 * table.highest
    drawn = table.draw(np.full(200_000, level), np.random.default_rng(5))
    score = table.values[drawn].sum(axis=0)
    assert score.mean() == pytest.approx(level, rel=0.01)
    assert score.var() == pytest.approx(np.interp(level, table.levels, table.noise), rel=0.02)


def test_count_of_events_ignores_their_rating():
    counted = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    table = event_items(20, CODES, counted, 1.0, 0.4)
    assert table.highest == pytest.approx(20.0)
    assert table.mean_rating == pytest.approx(1.0)


def test_ends_of_the_scale_are_reached():
    table = graded_items(5, 3, 0.0, 1.0)
    drawn = table.draw(np.array([-4.0, 0.0, 15.0, 99.0]), np.random.default_rng(1))
    assert (drawn.sum(axis=0) == [0, 0, 15, 15]).all()
