"""Jump, change, area, and the exponential return."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.trajectories import Lock, fit_recovery
from salutogen.trajectories.response import area_above, enough_later, jump, mean_change

NAN = float("nan")


def lock_of(SR: list[list[float]]) -> Lock:
    values = np.asarray(SR)
    return Lock(
        occasion=np.zeros(values.shape, dtype=np.int64),
        SR=values,
        P=values,
        SR_z=values,
        SR_se=values,
    )


def test_jump_and_mean_change() -> None:
    lock = lock_of([[1, 4, 3, 2], [1, 4, NAN, 2], [1, NAN, NAN, NAN], [NAN, 1, 1, 1]])
    np.testing.assert_array_equal(jump(lock), [3, 3, NAN, NAN])
    np.testing.assert_array_equal(mean_change(lock), [1.5, 1, NAN, NAN])


@pytest.mark.parametrize(
    ("course", "area"),
    [
        ([2, 2, 2], 4.0),  # a rectangle, never back
        ([2, 1, 0], 2.0),  # a triangle
        ([2, -2, 5], 0.5),  # crosses half way; what follows the return is another episode
        ([2, NAN, 2], 4.0),  # a gap is bridged by the straight line
        ([-1, 3, 3], 0.0),  # not above at the event
        ([3, 0, 3], 1.5),
    ],
)
def test_area_of_hand_computed_polygons(course: list[float], area: float) -> None:
    assert area_above(np.asarray([course]))[0] == pytest.approx(area)


def test_area_needs_the_event_itself() -> None:
    assert np.isnan(area_above(np.asarray([[NAN, 1.0, 1.0]]))[0])


def test_enough_later_points_leave_the_event_out() -> None:
    change = np.asarray([[0, 1, 1, 1, 1.0], [0, 1, 1, 1, NAN], [NAN, 1, 1, 1, 1]])
    assert enough_later(change) == (2, 3)


@pytest.fixture(scope="module")
def seeded_return() -> tuple[np.ndarray, np.ndarray]:
    """400 persons, half-life 1.5 occasions, jump about 6, ending about 1 above the pre-level."""
    generator = np.random.default_rng(8)
    tau = np.arange(8)
    jumps = generator.normal(6.0, 2.0, size=400)
    ends = generator.normal(1.0, 1.0, size=400)
    decay = 0.5 ** (tau / 1.5)
    change = ends[:, None] + (jumps - ends)[:, None] * decay
    change = change + generator.normal(0.0, 1.0, size=change.shape)
    change[generator.random(change.shape) < 0.1] = np.nan
    return change, jumps


def test_the_seeded_half_life_is_found(seeded_return: tuple[np.ndarray, np.ndarray]) -> None:
    change, jumps = seeded_return
    curve = fit_recovery(change)
    assert curve.half_life == pytest.approx(1.5, abs=0.12)
    assert curve.interval[0] < curve.half_life < curve.interval[1]
    assert curve.interval[1] - curve.interval[0] < 0.6
    assert curve.jump == pytest.approx(6.0, abs=0.3)
    assert curve.asymptote == pytest.approx(1.0, abs=0.25)
    assert curve.residual_sd == pytest.approx(1.0, abs=0.06)
    assert np.corrcoef(curve.person_jump, jumps[curve.persons])[0, 1] > 0.85


def test_partial_pooling_shrinks_persons(seeded_return: tuple[np.ndarray, np.ndarray]) -> None:
    change, _ = seeded_return
    curve = fit_recovery(change)
    raw = change[curve.persons, 0]
    there = np.isfinite(raw)
    assert np.std(curve.person_jump[there]) < np.std(raw[there])
