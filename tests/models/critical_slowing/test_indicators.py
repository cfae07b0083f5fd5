"""Indicators against what is computed row by row, and against what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.models.critical_slowing.indicators import (
    AUTOCORRELATION,
    CROSS_CORRELATION,
    SKEWNESS,
    SPREAD,
    indicators_of,
    rise_of,
    window_rows,
)
from tests.models.critical_slowing.bursts import person


def windows(made: dict, trends: np.ndarray | None = None, longest: float = 3.0) -> list:
    trends = np.empty((made["values"].size, 0)) if trends is None else trends
    return [
        window_rows(np.array(rows), made["day"], made["hours"], trends, longest)
        for rows in made["windows"]
    ]


def test_they_are_those_computed_row_by_row() -> None:
    made = person(1)
    other = np.random.default_rng(9).normal(size=made["values"].size)
    found = indicators_of(windows(made), made["values"], other)
    for place, rows in enumerate(made["windows"]):
        x = made["values"][rows] - made["values"][rows].mean()
        y = other[rows] - other[rows].mean()
        pairs = [
            (x[i - 1], x[i])
            for i in range(1, len(rows))
            if made["day"][rows[i]] == made["day"][rows[i - 1]]
            and made["hours"][rows[i]] - made["hours"][rows[i - 1]] <= 3.0
        ]
        before, after = np.array(pairs).T
        r = (before * after).sum() / np.sqrt((before**2).sum() * (after**2).sum())
        assert found[AUTOCORRELATION][place] == pytest.approx(r)
        assert found[SPREAD][place] == pytest.approx(x.std(ddof=1))
        assert found[SKEWNESS][place] == pytest.approx((x**3).mean() / (x**2).mean() ** 1.5)
        assert found[CROSS_CORRELATION][place] == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_a_night_and_a_missed_answer_are_not_bridged() -> None:
    hours = np.array([9.0, 11, 13, 33, 35, 41])
    day = np.array([1, 1, 1, 2, 2, 2])
    window = window_rows(np.arange(6), day, hours, np.empty((6, 0)), 3.0)
    assert list(zip(window.before, window.after, strict=True)) == [(0, 1), (1, 2), (3, 4)]


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.1, 10))
def test_a_trend_that_is_removed_and_the_unit_change_nothing(
    slope: float, of_day: float, unit: float
) -> None:
    made = person(2)
    trends = np.column_stack([made["hours"], made["hours"] % 24])
    plain = indicators_of(windows(made, trends), made["values"])
    moved = unit * (made["values"] + trends @ [slope, of_day])
    found = indicators_of(windows(made, trends), moved)
    np.testing.assert_allclose(found[AUTOCORRELATION], plain[AUTOCORRELATION], atol=1e-8)
    np.testing.assert_allclose(found[SKEWNESS], plain[SKEWNESS], atol=1e-7)
    np.testing.assert_allclose(found[SPREAD], unit * plain[SPREAD], rtol=1e-8)


def test_a_window_that_does_not_vary_has_none() -> None:
    made = person(3)
    values = made["values"].copy()
    values[made["windows"][2]] = 7.0
    found = indicators_of(windows(made), values)
    for indicator in found.values():
        assert np.flatnonzero(~np.isfinite(indicator)).tolist() == [2]


def test_a_rise_is_the_weighted_line_from_end_to_end() -> None:
    rng = np.random.default_rng(4)
    at, weight, y = np.array([2.0, 30, 61, 95]), np.array([10.0, 25, 30, 12]), rng.normal(size=4)
    slope = np.polyfit(at, y, 1, w=np.sqrt(weight))[0]
    assert rise_of(y, at, weight) == pytest.approx(slope * 93)
    y[1] = np.nan
    known = [0, 2, 3]
    slope = np.polyfit(at[known], y[known], 1, w=np.sqrt(weight[known]))[0]
    assert rise_of(y, at, weight) == pytest.approx(slope * 93)
    y[0] = np.nan
    assert np.isnan(rise_of(y, at, weight))
