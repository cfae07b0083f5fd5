"""Jump, change, area, and the exponential return."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories import Lock, fit_recovery
from salutogen.analyses.trajectories.recovery.curve import (
    enough_later,
    vary_rates,
)
from salutogen.analyses.trajectories.recovery.response import jump, mean_change
from salutogen.analyses.trajectories.recovery.return_model import (
    ReturnParameters,
    course_log_likelihoods,
    course_scores,
)

NAN = float("nan")


def lock_of(SR: list[list[float]]) -> Lock:
    values = np.asarray(SR)
    return Lock(
        occasion=np.zeros(values.shape, dtype=np.int64),
        SR=values,
        P=values,
        SR_z=values,
    )


def test_jump_and_mean_change() -> None:
    lock = lock_of([[1, 4, 3, 2], [1, 4, NAN, 2], [1, NAN, NAN, NAN], [NAN, 1, 1, 1]])
    np.testing.assert_array_equal(jump(lock), [3, 3, NAN, NAN])
    np.testing.assert_array_equal(mean_change(lock), [1.5, 1, NAN, NAN])


def test_enough_later_points_leave_the_event_out() -> None:
    change = np.asarray([[0, 1, 1, 1, 1.0], [0, 1, 1, 1, NAN], [NAN, 1, 1, 1, 1]])
    assert enough_later(change) == (2, 3)


@pytest.fixture(scope="module")
def seeded_return() -> tuple[np.ndarray, np.ndarray]:
    """400 persons, half-life 1.5 occasions, jump about 6, ending about 1 above the pre-level.

    SR fluctuates by 1 at every occasion, before the event too, and lasts by .4 to the next.
    """
    generator = np.random.default_rng(8)
    tau = np.arange(8)
    jumps = generator.normal(6.0, 2.0, size=400)
    ends = generator.normal(1.0, 1.0, size=400)
    decay = 0.5 ** (tau / 1.5)
    change = ends[:, None] + (jumps - ends)[:, None] * decay
    moods = generator.standard_normal((400, 9))
    for place in range(1, 9):
        moods[:, place] = 0.4 * moods[:, place - 1] + np.sqrt(1 - 0.16) * moods[:, place]
    change = change + moods[:, 1:] - moods[:, :1]
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
    assert curve.autocorrelation == pytest.approx(0.4, abs=0.06)
    assert curve.autocorrelation_p < 0.001
    assert curve.fall_interval[0] > 4.0
    assert curve.settled
    assert np.corrcoef(curve.courses.jump, jumps[curve.persons])[0, 1] > 0.75
    inside = np.abs(curve.courses.jump - jumps[curve.persons]) < 1.96 * curve.courses.jump_se
    assert inside.mean() == pytest.approx(0.95, abs=0.03)


def test_partial_pooling_shrinks_persons(seeded_return: tuple[np.ndarray, np.ndarray]) -> None:
    change, _ = seeded_return
    curve = fit_recovery(change)
    raw = change[curve.persons, 0]
    there = np.isfinite(raw)
    assert np.std(curve.courses.jump[there]) < np.std(raw[there])


def test_the_integral_over_rates_agrees_with_a_dense_sum() -> None:
    """Each course's density summed over 4,001 rates, with the covariance matrix written out."""
    parameters = ReturnParameters(
        mean=np.asarray([1.0, 4.0]),
        factor=np.asarray([0.8, -0.3, 1.5]),
        log_sd=0.1,
        log_rate=-0.7,
        log_rate_sd=-0.5,
        lag=0.3,
    )
    change = np.asarray([[6.0, 4.0, 2.5, NAN, 1.0, 0.5], [3.0, 3.5, NAN, 2.0, 1.0, 1.5]])
    spread = np.exp(parameters.log_rate_sd)
    offsets = np.linspace(-6, 6, 4001)
    weights = np.exp(-0.5 * offsets**2) / np.sqrt(2 * np.pi) * (offsets[1] - offsets[0])
    factor = np.asarray([[0.8, 0.0], [-0.3, 1.5]])
    # SR at pre and six occasions, correlated by .3 ** gap; each minus that at pre.
    gaps = np.abs(np.subtract.outer(np.arange(7), np.arange(7)))
    minus_pre = np.column_stack([-np.ones(6), np.eye(6)])
    moods = np.exp(0.2) * minus_pre @ 0.3**gaps @ minus_pre.T
    for course, mine in zip(change, course_log_likelihoods(change, parameters), strict=True):
        there = np.isfinite(course)
        density = 0.0
        for offset, weight in zip(offsets, weights, strict=True):
            rate = np.exp(parameters.log_rate + spread * offset)
            Z = np.column_stack([np.ones(there.sum()), np.exp(-rate * np.flatnonzero(there))])
            V = Z @ factor @ factor.T @ Z.T + moods[np.ix_(there, there)]
            r = course[there] - Z @ parameters.mean
            log_density = -0.5 * (r @ np.linalg.solve(V, r) + np.linalg.slogdet(2 * np.pi * V)[1])
            density += weight * np.exp(log_density)
        assert mine == pytest.approx(np.log(density), abs=2e-4)


def varying_return(spread: float, seed: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """300 persons, median half-life 1.5 occasions, SD of log rates `spread`; moods that last."""
    generator = np.random.default_rng(seed)
    log_rate = np.log(np.log(2.0) / 1.5) + spread * generator.standard_normal(300)
    jumps, ends = generator.normal(6.0, 2.0, 300), generator.normal(1.0, 1.0, 300)
    decay = np.exp(-np.exp(log_rate)[:, None] * np.arange(8))
    change = ends[:, None] + (jumps - ends)[:, None] * decay
    moods = generator.standard_normal((300, 9))
    for place in range(1, 9):
        moods[:, place] = 0.4 * moods[:, place - 1] + np.sqrt(1 - 0.16) * moods[:, place]
    return change + moods[:, 1:] - moods[:, :1], log_rate


def test_half_lives_that_differ_between_persons_are_found() -> None:
    change, log_rate = varying_return(0.6)
    curve = fit_recovery(change)
    varying = vary_rates(change, curve)
    assert varying is not None
    assert varying.told
    assert np.log(2.0) / np.exp(varying.parameters.log_rate) == pytest.approx(1.5, abs=0.15)
    assert np.exp(varying.parameters.log_rate_sd) == pytest.approx(0.6, abs=0.15)
    middle, low, high = varying.half_lives
    truth = np.log(2.0) / np.exp(log_rate)
    assert np.corrcoef(np.log(middle), np.log(truth))[0, 1] > 0.55
    assert ((low < truth) & (truth < high)).mean() == pytest.approx(0.95, abs=0.03)


def test_one_speed_for_all_is_not_split_among_persons() -> None:
    change, _ = varying_return(0.0)
    varying = vary_rates(change, fit_recovery(change))
    assert varying is not None
    assert not varying.told


def test_copies_of_persons_make_no_interval_narrower(
    seeded_return: tuple[np.ndarray, np.ndarray],
) -> None:
    """Each course twice under one person: the interval is that of each once."""
    change, who = seeded_return[0][:150], np.arange(150)
    once = fit_recovery(change, who)
    twice = fit_recovery(np.repeat(change, 2, axis=0), np.repeat(who, 2))
    np.testing.assert_allclose(twice.interval, once.interval, rtol=2e-3)
    np.testing.assert_allclose(twice.fall_interval, once.fall_interval, rtol=2e-3)
    assert twice.half_life == pytest.approx(once.half_life, rel=1e-3)
    assert twice.n_persons == 150


@pytest.mark.parametrize("log_rate_sd", [-np.inf, -0.4])
def test_scores_are_the_slopes_of_the_likelihood(log_rate_sd: float) -> None:
    parameters = ReturnParameters(
        mean=np.asarray([0.7, 4.5]),
        factor=np.asarray([0.9, -0.4, 1.3]),
        log_sd=0.2,
        log_rate=-0.6,
        log_rate_sd=log_rate_sd,
        lag=0.4,
    )
    change = varying_return(0.5)[0][:12]
    change[3, 2:4] = np.nan
    scores = course_scores(change, parameters)
    at = parameters.packed()
    for place in range(at.size):
        step = np.zeros(at.size)
        step[place] = 1e-6
        ahead, behind = (
            course_log_likelihoods(change, ReturnParameters.unpacked(at + way * step, 0.4))
            for way in (1, -1)
        )
        np.testing.assert_allclose(scores[:, place], (ahead - behind) / 2e-6, atol=1e-5)
