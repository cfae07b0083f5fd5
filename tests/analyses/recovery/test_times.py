"""The curve of recovery against Turnbull's own and closed forms; its check of the model."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.recovery.episodes import Episodes
from salutogen.analyses.recovery.times import STEP, curve_of, misfit_of, share_reacting
from salutogen.models import ExponentialTimes
from salutogen.models.interval_censored.turnbull import turnbull

INF = float("inf")


def found(
    left: np.ndarray, right: np.ndarray, person: np.ndarray, quiet: np.ndarray | None = None
) -> Episodes:
    none = np.zeros(left.size, dtype=np.int64)
    return Episodes(
        person=person, left=left, right=right, ending=none, unseen=none,
        quiet_person=np.zeros(0, dtype=np.int64) if quiet is None else quiet, unknown=0,
    )  # fmt: skip


def watched(times: np.ndarray, person: np.ndarray, *, every: float = 1.0) -> Episodes:
    """Times seen at regular prompts for nine hours."""
    seen = np.floor(times / every) * every
    right = np.where(seen < 9, seen + every, INF)
    return found(np.minimum(seen, 9.0), right, person)


def test_the_curve_is_turnbulls_at_the_ends_of_its_intervals() -> None:
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(40), 6)
    episodes = watched(rng.exponential(3, person.size), person)
    curve = curve_of(episodes, seed=1, resamples=100)
    _, ends, mass = turnbull(episodes.left, episodes.right)
    told = dict(zip(curve.hours.tolist(), curve.share.tolist(), strict=True))
    for end, share in zip(ends.tolist(), np.cumsum(mass).tolist(), strict=True):
        if end in told:
            assert told[end] == pytest.approx(share, abs=1e-4)
    assert told[0.5] == pytest.approx(told[1.0] / 2), "within an interval it rises evenly"
    assert (np.diff(curve.hours) == STEP).all()
    assert (np.diff(curve.share) >= -1e-9).all()
    assert (curve.low <= curve.share + 1e-6).all()
    assert (curve.share <= curve.high + 1e-6).all()


def test_the_median_is_where_half_are_over() -> None:
    """Ten persons: 4 back by 1, 2 between 1 and 2, 4 never: half by one and a half."""
    left = np.array([0.0] * 4 + [1] * 2 + [4] * 4)
    right = np.array([1.0] * 4 + [2] * 2 + [INF] * 4)
    curve = curve_of(found(left, right, np.arange(10)), seed=1, resamples=200)
    assert curve.median == pytest.approx(1.5, abs=1e-3)
    assert curve.median_low == pytest.approx(0.5, abs=0.5)
    assert curve.median_high is None, "in many samples fewer than half are over"


def test_a_median_that_is_not_seen_is_not_told() -> None:
    left = np.array([0.0] * 3 + [4] * 12)
    right = np.array([1.0] * 3 + [INF] * 12)
    curve = curve_of(found(left, right, np.arange(15)), seed=1, resamples=100)
    assert curve.median is None
    assert curve.hours.max() == 4
    assert curve.share.max() == pytest.approx(0.2, abs=1e-4)


def test_the_same_seed_gives_the_same_curve() -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(20), 4)
    episodes = watched(rng.exponential(3, person.size), person)
    one, two, other = (curve_of(episodes, seed=seed, resamples=100) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.resampled, two.resampled)
    assert not np.array_equal(one.resampled, other.resampled)


@pytest.mark.parametrize(("kind", "off"), [("exponential", False), ("after three hours", True)])
def test_the_model_is_checked_against_the_curve(kind: str, off: bool) -> None:
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(80), 8)
    times = rng.exponential(3, person.size)
    if off:
        times = 3 + 0.3 * times
    episodes = watched(times, person)
    fit = ExponentialTimes().fit(episodes.left, episodes.right, episodes.person)
    misfit = misfit_of(curve_of(episodes, seed=1, resamples=200), fit)
    assert (misfit.largest > misfit.expected) is off, kind
    assert 0 <= misfit.at <= 9


def test_the_share_reacting_has_an_interval_over_persons() -> None:
    """Half of 20 persons always react, half never: 4 stressors each."""
    always = np.repeat(np.arange(10), 4)
    zero = np.zeros(40)
    share, low, high = share_reacting(
        found(zero, zero + 1, always, quiet=always + 10), seed=1, resamples=2000
    )
    assert share == 0.5
    se = 0.5 / np.sqrt(20)
    assert low == pytest.approx(0.5 - 1.96 * se, abs=0.06)
    assert high == pytest.approx(0.5 + 1.96 * se, abs=0.06)
