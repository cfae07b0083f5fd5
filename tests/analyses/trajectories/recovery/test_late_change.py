"""The fall after the event apart from its speed, against scipy and made courses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from salutogen.analyses.trajectories.recovery.late_change import late_change


def courses(fall: float, n: int = 90, k: int = 8) -> np.ndarray:
    generator = np.random.default_rng(5)
    change = 7.0 - fall * np.arange(k) / (k - 1) + generator.normal(0, 2, (n, k))
    change[60:, 5:] = np.nan  # two thirds reach the end
    change[10:, 7] = np.nan  # too few for the last occasion
    return change


def test_it_is_the_paired_contrast_of_the_last_occasion_that_enough_courses_reach() -> None:
    change = courses(6.0)
    found = late_change(change, np.arange(90))
    assert found is not None
    own = (change[:, 6] - change[:, 0])[:60]
    interval = stats.ttest_1samp(own, 0.0).confidence_interval(0.95)
    assert (found.occasions, found.n_at_event, found.n) == (6, 90, 60)
    assert found.mean == pytest.approx(own.mean())
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.way == -1


def test_a_way_holds_under_both_backgrounds() -> None:
    falling, flat, rising = (courses(fall) for fall in (6.0, 0.0, -6.0))
    person = np.arange(90)
    ways = {
        name: found.way
        for name, (own, other) in {
            "both fall": (falling, falling),
            "one falls": (falling, flat),
            "both rise": (rising, rising),
        }.items()
        if (found := late_change(own, person, other)) is not None
    }
    assert ways == {"both fall": -1, "one falls": 0, "both rise": 1}


def test_a_way_holds_with_the_slope_within_persons_too() -> None:
    falling, flat = courses(6.0), courses(0.0)
    person = np.arange(90)
    both = late_change(falling, person, None, falling + 3.0)
    one = late_change(falling, person, None, flat)
    assert both is not None
    assert one is not None
    assert (both.within_mean, both.within_low) == pytest.approx((both.mean, both.low))
    assert "With the slope within persons it is" in both.within_words
    assert (both.way, one.way) == (-1, 0)
    assert (both.told_by_some, one.told_by_some) == (False, True)
    nothing = late_change(flat, person, None, flat)
    assert nothing is not None
    assert not nothing.told_by_some


def test_few_courses_have_none() -> None:
    assert late_change(courses(6.0)[:15], np.arange(15)) is None
    only = courses(6.0)
    only[:, 1:] = np.nan
    assert late_change(only, np.arange(90)) is None
