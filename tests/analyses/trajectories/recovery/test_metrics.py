"""Area, depth and speed of hand-computed polygons; censoring; against a fine grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.analyses.trajectories.recovery.metrics import course_metrics
from salutogen.analyses.trajectories.recovery.return_time import kaplan_meier

NAN = float("nan")


@pytest.mark.parametrize(
    ("course", "area", "worst", "back", "rapidity"),
    [
        ([2, 2, 2], 4.0, 0.0, NAN, 0.0),  # a rectangle, never back
        ([2, 1, 0], 2.0, 0.0, 2.0, 1.0),  # a triangle
        ([1, 3, 1, -1], 4.25, 1.0, 2.5, 2.0),  # two trapezoids of 2 and a triangle of .5 x 1 / 2
        ([2, NAN, 2], 4.0, 0.0, NAN, 0.0),  # a gap is bridged by the straight line
        ([2, -2, 5], 0.5 + 25 / 14, 2.0, NAN, NAN),  # crosses twice, worst at the end
        ([-1, 3, 3], 0.5 * 3 * 0.75 + 3, 1.0, NAN, 0.0),  # crosses upwards at .25
        ([3, 0, 3], 1.5, 0.0, 1.0, 3.0),  # what follows the return is another episode
        ([-1, -2, 0], 0.0, NAN, NAN, NAN),  # never above
    ],
)
def test_hand_computed_polygons(
    course: list[float], area: float, worst: float, back: float, rapidity: float
) -> None:
    found = course_metrics(np.asarray([course], dtype=float))
    assert found.area[0] == pytest.approx(area)
    np.testing.assert_allclose(found.time_to_worst[0], worst)
    np.testing.assert_allclose(found.return_time[0], back)
    np.testing.assert_allclose(found.rapidity[0], rapidity)
    assert found.depth[0] == max(np.nanmax(course), 0.0)
    assert found.censored[0] == (np.nanmax(course) > 0 and np.isnan(back))
    assert found.end_state[0] == course[-1]


def test_the_event_must_be_seen() -> None:
    found = course_metrics(np.asarray([[NAN, 1.0, 1.0]]))
    assert np.isnan(found.area[0])
    assert np.isnan(found.depth[0])
    assert not found.censored[0]


def test_days_instead_of_occasions_stretch_areas_and_slow_returns() -> None:
    course = np.asarray([[4.0, 2, -2, 1]])
    plain = course_metrics(course)
    days = course_metrics(course, np.asarray([[3.0, 10, 17, 24]]))
    assert days.area[0] == pytest.approx(7 * plain.area[0])
    assert days.return_time[0] == pytest.approx(7 * plain.return_time[0])
    assert days.rapidity[0] == pytest.approx(plain.rapidity[0] / 7)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=8))
def test_areas_agree_with_a_fine_grid_and_never_overlap(course: list[float]) -> None:
    """Riemann sums of max(course, 0) until the return, and of max(-course, 0) over everything."""
    values = np.asarray(course)
    found = course_metrics(values[None])
    grid = (np.arange(40_000) + 0.5) / 40_000 * (values.size - 1)
    line = np.interp(grid, np.arange(values.size), values)
    end = found.return_time[0] if np.isfinite(found.return_time[0]) else np.inf
    step = (values.size - 1) / 40_000
    if found.depth[0] > 0:
        above = np.maximum(line, 0)[grid <= end].sum() * step
        assert found.area[0] == pytest.approx(above, abs=2e-3)
    assert found.area_below[0] == pytest.approx(np.maximum(-line, 0).sum() * step, abs=2e-3)
    assert found.area[0] + found.area_below[0] <= np.abs(line).sum() * step + 4e-3


def test_kaplan_meier_by_hand() -> None:
    """Ten persons: 2 back at 1, 3 lost at 1, 2 back at 2, 3 lost at 3: 1 - .8, 1 - .8 x 3/5."""
    time = np.asarray([1.0, 1, 1, 1, 1, 2, 2, 3, 3, 3])
    back = np.asarray([True, True, False, False, False, True, True, False, False, False])
    assert kaplan_meier(time, back) == [
        (1.0, pytest.approx(0.2)),
        (2.0, pytest.approx(0.52)),
    ]
    assert kaplan_meier(np.zeros(0), np.zeros(0, dtype=bool)) == []
