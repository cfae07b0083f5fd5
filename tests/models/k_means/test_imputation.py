"""copyMean: cases worked by hand, and what holds for any table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.errors import ModelError
from salutogen.models import copy_mean

nan = math.nan
# Two complete persons with the mean course 2 4 8 6 2, and the person to fill; the course changes
# with the third person's values, so the tables below carry 2 persons who pull it back.
COURSE = np.array([2.0, 4, 8, 6, 2])


def filled(row, variant):
    """Fill one row beside others that keep the mean course at COURSE where the row was seen."""
    row = np.array(row, dtype=float)
    seen = ~np.isnan(row)
    mirror = np.where(seen, 2 * COURSE - row, COURSE)
    table = np.vstack([row, mirror, COURSE - 50, COURSE + 50])
    np.testing.assert_allclose(np.nanmean(table, axis=0), COURSE)
    return copy_mean(table, variant=variant)[0]


@pytest.mark.parametrize(
    "row, variant, expected",
    [
        # Deviations from the course 3 . . 6 .: across the gap 4 and 5, then held at 6.
        ([5, nan, nan, 12, nan], "locf", [5, 8, 13, 12, 8]),
        # Line through (1, 3) and (4, 6) goes on to 7.
        ([5, nan, nan, 12, nan], "global", [5, 8, 13, 12, 9]),
        ([5, nan, nan, 12, nan], "local", [5, 8, 13, 12, 9]),
        # Deviations . 1 2 5 .: held; line (2, 1)–(4, 5): −1 and 7; by ends: 0 and 8.
        ([nan, 5, 10, 11, nan], "locf", [3, 5, 10, 11, 7]),
        ([nan, 5, 10, 11, nan], "global", [1, 5, 10, 11, 9]),
        ([nan, 5, 10, 11, nan], "local", [2, 5, 10, 11, 10]),
        # One value: held at its deviation of 3, whatever the variant.
        ([nan, nan, 11, nan, nan], "locf", [5, 7, 11, 9, 5]),
        ([nan, nan, 11, nan, nan], "global", [5, 7, 11, 9, 5]),
        ([nan, nan, 11, nan, nan], "local", [5, 7, 11, 9, 5]),
    ],
)
def test_worked_by_hand(row, variant, expected):
    np.testing.assert_allclose(filled(row, variant), expected, rtol=1e-12)


def test_bounds_are_the_smallest_and_largest_value_seen():
    table = np.array([[0, 5, 10.0], [0, 5, 10], [9, 9.5, nan]])
    assert copy_mean(table)[2, 2] == 10
    free = copy_mean(table, bounded=False)[2, 2]
    assert free == pytest.approx(10 + 9.5 - 6.5)


def test_an_occasion_without_anyone_lies_on_the_course_of_the_others():
    table = np.array([[1, nan, 3.0], [3, nan, 7]])
    np.testing.assert_allclose(copy_mean(table), [[1, 2, 3], [3, 5, 7]])
    last = copy_mean([[1.0, 2, nan], [3, 4, nan]], variant="global", bounded=False)
    np.testing.assert_allclose(last, [[1, 2, 3], [3, 4, 5]])


@given(st.integers(0, 10_000), st.sampled_from(["locf", "global", "local"]))
def test_what_was_seen_stays_and_the_rest_is_filled(seed, variant):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(8, 6))
    table[rng.random((8, 6)) < 0.5] = nan
    table[np.isnan(table).all(axis=1), 3] = 0.5
    before = table.copy()
    complete = copy_mean(table, variant=variant)
    seen = ~np.isnan(table)
    np.testing.assert_array_equal(table, before)
    np.testing.assert_array_equal(complete[seen], table[seen])
    assert np.isfinite(complete).all()
    assert complete.min() >= np.nanmin(table)
    assert complete.max() <= np.nanmax(table)
    shifted = copy_mean(table + 5, variant=variant)
    np.testing.assert_allclose(shifted, complete + 5, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "table, message",
    [
        ([[nan, nan], [1, 2]], "1 persons without any value, rows 1"),
        ([[1, math.inf], [1, 2]], "infinite"),
        ([1, 2], "shape"),
        ([["a", 1]], "numbers"),
    ],
)
def test_bad_tables_are_refused(table, message):
    with pytest.raises(ModelError, match=message):
        copy_mean(table)


def test_unknown_variant_is_refused():
    with pytest.raises(ModelError, match="'bisector'"):
        copy_mean([[1.0, 2]], variant="bisector")
