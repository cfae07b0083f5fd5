"""Calibration against brute-force simulation and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.simulation.calibration import (
    Persistence,
    calibrate,
    calibrate_once,
    mean_autocorrelation,
    moments,
)
from salutogen.simulation.item_tables import event_items, graded_items, number_items
from tests.simulation.measures import icc

CODES = np.arange(8.0)


def test_moments_agree_with_brute_force():
    table = event_items(58, CODES, CODES, 1.0, 0.3)
    spread = moments(table, 40.0, 22.0, 25.0)
    rng = np.random.default_rng(2)
    hidden = (
        40.0 + 22.0 * rng.standard_normal((60_000, 1)) + 25.0 * rng.standard_normal((60_000, 6))
    )
    score = table.values[table.draw(hidden, rng)].sum(axis=0)
    assert score.mean() == pytest.approx(spread.mean, rel=0.01)
    assert score.std() == pytest.approx(spread.sd, rel=0.01)
    assert icc(score) == pytest.approx(spread.icc, abs=0.01)


@settings(max_examples=25)
@given(
    mean=st.floats(15.0, 35.0),
    sd=st.floats(8.0, 12.0),
    target=st.floats(0.1, 0.7),
    share=st.floats(0.0, 0.1),
)
def test_targets_are_met(mean, sd, target, share):
    table = graded_items(28, 3, 0.0, 1.0)
    spread = calibrate(table, mean, sd, target, Persistence(share))
    assert spread is not None
    assert spread.mean == pytest.approx(mean, abs=0.01 * sd)
    assert spread.sd == pytest.approx(sd, rel=0.006)
    assert spread.icc == pytest.approx(target, abs=0.006)


def test_impossible_targets_are_said_to_be():
    table = graded_items(10, 3, 0.0, 1.0)
    assert calibrate(table, 10.0, 0.5, 0.5) is None
    assert calibrate(table, 10.0, 4.0, 0.99) is None
    assert calibrate_once(table, 10.0, 0.5) is None


def test_numbers_are_not_bounded_without_a_range():
    table = number_items(1, 0.0, 0.0)
    spread = moments(table, 50.0, 6.0, 8.0)
    assert (spread.mean, spread.sd) == (pytest.approx(50.0), pytest.approx(10.0))
    assert spread.icc == pytest.approx(0.36)


@pytest.mark.parametrize(("phi", "count"), [(0.0, 5), (0.3, 12), (0.9, 4), (0.5, 1)])
def test_mean_autocorrelation_by_brute_force(phi, count):
    pairs = [phi ** abs(i - j) for i in range(count) for j in range(count) if i != j]
    expected = np.mean(pairs) if pairs else 0.0
    assert mean_autocorrelation(phi, count) == pytest.approx(expected)
