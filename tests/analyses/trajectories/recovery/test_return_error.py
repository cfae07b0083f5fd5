"""Intervals of shares that are back, against closed forms and known truth."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from salutogen.analyses.trajectories.placebo.returns import back_after, number_above
from salutogen.analyses.trajectories.recovery.return_error import (
    Returns,
    ShareBack,
    difference,
    shares_back,
    wilson,
)
from salutogen.analyses.trajectories.recovery.return_time import return_times
from salutogen.models.interval_censored.turnbull import turnbull


def seen(times: np.ndarray, last: np.ndarray | float, persons: np.ndarray | None = None) -> Returns:
    """Times of return seen at every visit up to the last."""
    right = np.where(np.ceil(times) <= last, np.maximum(np.ceil(times), 1.0), np.inf)
    left = np.where(np.isfinite(right), right - 1.0, last)
    return Returns(
        left=left, right=right, person=np.arange(times.size) if persons is None else persons
    )


def test_wilson_and_the_difference_are_those_of_statsmodels() -> None:
    low, high = wilson(0.3, 40.0)
    assert (low, high) == pytest.approx(proportion_confint(12, 40, method="wilson"))
    first, second = ((12, 40), (30, 50))
    one, two = (
        ShareBack(share=k / n, low=wilson(k / n, n)[0], high=wilson(k / n, n)[1])
        for k, n in (first, second)
    )
    expected = confint_proportions_2indep(*first, *second, method="newcomb")
    assert difference(one, two)[1:] == pytest.approx(expected, abs=1e-6)


def test_without_censoring_the_interval_is_that_of_a_binomial() -> None:
    times = np.repeat([0.5, 1.5, 2.5], [60, 30, 10])
    found = shares_back(seen(times, 9.0), np.asarray([1.0, 2.0, 3.0]), seed=1)
    assert [item.share for item in found] == pytest.approx([0.6, 0.9, 1.0])
    for item, k in zip(found, (60, 90, 100), strict=True):
        expected = proportion_confint(k, 100, method="wilson")
        assert (item.low, item.high) == pytest.approx(expected, abs=0.012)
    assert found[2].low < 1.0


def test_two_courses_of_a_person_that_go_together_count_once() -> None:
    times = np.repeat([0.5, 2.5], [40, 40])
    alone = shares_back(seen(times, 9.0), np.asarray([1.0]), seed=1)[0]
    pairs = seen(times, 9.0, np.repeat(np.arange(40), 2))
    together = shares_back(pairs, np.asarray([1.0]), seed=1)[0]
    assert together.share == alone.share == pytest.approx(0.5)
    wider = (together.high - together.low) / (alone.high - alone.low)
    assert wider == pytest.approx(np.sqrt(2.0), rel=0.06)


@pytest.mark.lengthy
def test_intervals_hold_the_true_share_where_visits_are_missed_and_follow_up_ends() -> None:
    """Exponential returns with a mean of two visits; three of ten visits are missed."""
    truth = 1.0 - np.exp(-np.asarray([1.0, 2.0]) / 2.0)
    held = np.zeros((80, 2))
    for sample in range(80):
        generator = np.random.default_rng(sample)
        times = generator.exponential(2.0, 50)
        change = np.zeros((50, 9))
        change[np.arange(9) < times[:, None]] = 5.0
        missed = generator.random((50, 9)) < 0.3
        missed[:, 0] = False
        change[missed] = np.nan
        change[generator.random(50) < 0.2, 5:] = np.nan
        found = return_times(change, np.zeros(50), 1.0, seed=sample)
        ends = [end for end, _ in found.curve]
        for place, at in enumerate((1.0, 2.0)):
            low, high = found.intervals[ends.index(at)]
            held[sample, place] = low <= truth[place] <= high
    assert (held.mean(axis=0) > 0.90).all()
    assert held.mean() > 0.93


def test_shares_and_their_intervals_belong_together() -> None:
    generator = np.random.default_rng(3)
    change = generator.normal(0.5, 1.0, (80, 7))
    change[generator.random(change.shape) < 0.2] = np.nan
    found = return_times(change, np.zeros(80), 1.0, np.repeat(np.arange(40), 2), seed=4)
    assert len(found.intervals) == len(found.curve)
    for (_, share), (low, high) in zip(found.curve, found.intervals, strict=True):
        assert 0.0 <= low <= share <= high <= 1.0
    again = Returns(left=found.left, right=found.right, person=np.arange(found.n_left))
    ends = np.asarray([end for end, _ in found.curve])
    starts, stops, mass = turnbull(found.left, found.right)
    assert starts.size == stops.size
    expected = [float(mass[stops <= end].sum()) for end in ends]
    shares = [item.share for item in shares_back(again, ends, seed=1)]
    assert shares == pytest.approx(expected, abs=1e-3)
    assert found.to_dict()["share_back_interval"] == [list(pair) for pair in found.intervals]


def test_returns_after_events_and_after_other_occasions_are_told_apart_only_where_they_differ() -> (
    None
):
    """Half are back after one visit in both; or all after other occasions."""
    generator = np.random.default_rng(5)

    def courses(share: float, n: int) -> np.ndarray:
        change = np.zeros((n, 6))
        change[:, 0] = 5.0
        change[generator.random(n) >= share, 1] = 5.0
        return change

    person = np.arange(60)
    own = courses(0.5, 60)
    of = np.repeat(person, 4)
    same, other = courses(0.5, 240), courses(1.0, 240)
    alike = back_after(own, same, of, 1.0, person, seed=1)["1"]
    apart = back_after(own, other, of, 1.0, person, seed=1)["1"]
    assert not alike.differs
    assert apart.differs
    assert apart.excess is not None
    assert apart.observed is not None
    assert apart.excess == pytest.approx(apart.observed - 1.0)
    nobody = back_after(np.zeros((60, 6)), other, of, 1.0, person, seed=1)["1"]
    assert (nobody.observed, nobody.excess, nobody.differs) == (None, None, False)


def test_occasions_beside_one_course_count_as_one() -> None:
    """One person with nine occasions, all back at once, and one with one, not back at once."""
    change = np.zeros((10, 4))
    change[:, 0] = 5.0
    change[9, 1] = 5.0
    of = np.repeat([0, 1], [9, 1])
    found = back_after(change[:2], change, of, 1.0, np.arange(2), seed=1)["1"]
    assert found.placebo == pytest.approx(0.5)
    assert number_above(change, of, 1.0) == pytest.approx(2.0)
