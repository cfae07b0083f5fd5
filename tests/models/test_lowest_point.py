"""The lowest point of one number's criterion, to all of its digits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.models.lowest_point import lowest_point, where_level


@given(st.floats(0.02, 0.97), st.floats(0.1, 50.0), st.floats(-1e6, 1e6))
def test_the_slope_tells_digits_that_the_criterion_does_not(
    place: float, bend: float, height: float
) -> None:
    def criterion(at: float) -> float:
        return height + math.cosh(bend * (at - place))

    def slope(at: float) -> float:
        return bend * math.sinh(bend * (at - place))

    near = lowest_point(criterion, 0.0, 1.0, settled=1e-4)[0]
    if abs(near - place) < 2e-3:  # a flat valley far above 0 has no more digits than that
        assert where_level(slope, near, 1e-4) == pytest.approx(place, rel=1e-11)


def test_a_slope_that_leads_elsewhere_is_not_followed() -> None:
    assert where_level(lambda at: at - 0.9, 0.2, 1e-4) == 0.2
    assert where_level(lambda at: 1.0, 0.2, 1e-4) == 0.2


@pytest.mark.filterwarnings("error")
@given(st.floats(0.05, 0.95), st.floats(0.0, 1.0), st.booleans())
def test_a_criterion_without_a_value_is_not_lowest(wall: float, place: float, beyond: bool) -> None:
    def criterion(at: float) -> float:
        return math.inf if (at > wall) == beyond else (at - place) ** 2

    found, value = lowest_point(criterion, 0.0, 1.0, settled=1e-6)
    assert value == criterion(found)
    assert lowest_point(lambda at: math.inf, 0.0, 1.0, settled=1e-6)[1] == math.inf
