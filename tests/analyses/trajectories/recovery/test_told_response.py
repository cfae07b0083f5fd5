"""Jumps, changes and times after an event as they are told where persons are hidden."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from salutogen.analyses.trajectories.recovery.late_change import late_change
from salutogen.analyses.trajectories.recovery.response import MeanAndSD, jump_test, told_rise
from salutogen.page.audience import Audience

N = 30
HIDDEN = Audience(individuals=False, n_persons=N, seed=1)
SHOWN = Audience(individuals=True, n_persons=N, seed=1)
FAR = 12.0
WHO = np.arange(N)


def jumps_of(seed: int) -> np.ndarray:
    """Jumps of persons the first of whom, far from the others, has no comparator occasions."""
    jumps = np.random.default_rng(seed).normal(1.0, 2.0, N)
    jumps[0] = FAR
    return jumps


def of_record(jumps: np.ndarray, audience: Audience) -> float:
    mean = MeanAndSD.of(jumps, audience).mean
    assert mean is not None
    return mean


def of_test(jumps: np.ndarray, audience: Audience) -> float:
    raised = told_rise(jumps, WHO, audience)
    mean = jump_test(jumps, WHO, audience=audience, raised=raised).mean
    assert mean is not None
    return mean


def of_figure(jumps: np.ndarray, audience: Audience) -> float:
    mean = mean_of(jumps, WHO, audience).mean
    assert mean is not None
    return mean


@pytest.mark.parametrize("told", [of_record, of_test, of_figure])
def test_all_jumps_beside_those_with_a_comparator_do_not_give_who_has_none(
    told: Callable[[np.ndarray, Audience], float],
) -> None:
    """The mean of those compared is in steps; with all digits that of all gives the far one."""
    off: dict[str, list[float]] = {"exact": [], "three digits": [], "told": []}
    for seed in range(40):
        jumps = jumps_of(seed)
        others = HIDDEN.told_mean(float(jumps[1:].mean()), float(jumps[1:].std()), N - 1)
        exact = float(jumps[1:].mean())
        off["exact"].append(N * told(jumps, SHOWN) - (N - 1) * exact - FAR)
        off["three digits"].append(
            N * HIDDEN.with_few_digits(told(jumps, SHOWN)) - (N - 1) * exact - FAR
        )
        off["told"].append(N * told(jumps, HIDDEN) - (N - 1) * others - FAR)
    spread = {name: float(np.std(values)) for name, values in off.items()}
    assert spread["exact"] < 1e-9
    assert spread["three digits"] < 0.2
    assert spread["told"] > 1.0, "half an SD of the others, and more"


def test_all_ways_of_scoring_are_raised_alike() -> None:
    """With a rounding each, jumps by two slopes would tell the mean change of exposure apart."""
    jumps = jumps_of(3)
    E = np.random.default_rng(4).normal(2.0, 3.0, N)
    raised = told_rise(jumps, WHO, HIDDEN)
    assert raised != 0.0
    tests = {
        slope: jump_test(jumps - slope * E, WHO, audience=HIDDEN, raised=raised)
        for slope in (0.0, 0.2, 0.5)
    }
    for slope, found in tests.items():
        assert found.mean is not None
        assert found.mean - raised == pytest.approx((jumps - slope * E).mean())


def test_p_is_that_of_what_is_told_on_the_side_of_the_exact_one() -> None:
    """With all its digits p and the error would tell the mean, whatever is told for it."""
    apart = []
    for seed in range(60):
        jumps = np.random.default_rng(seed).normal(0.7, 2.0, N)
        exact = jump_test(jumps, WHO)
        raised = told_rise(jumps, WHO, HIDDEN)
        told = jump_test(jumps, WHO, audience=HIDDEN, raised=raised)
        assert exact.p is not None
        assert told.p is not None
        assert told.told is exact.told
        apart.append(abs(np.log(told.p / exact.p)))
    assert np.median(apart) > 0.02


def test_times_are_told_in_steps() -> None:
    times = np.array([1.0, 2.0, 1.0, 4.0, 3.0, 2.0, 2.0, 1.0, 5.0, 1.0, 2.0] * 3)
    told, exact = MeanAndSD.of(times, HIDDEN), MeanAndSD.of(times)
    assert (told.n, exact.n) == (33, 33)
    assert exact.mean == pytest.approx(times.mean())
    assert told.mean == HIDDEN.told_mean(float(times.mean()), float(times.std()), 33)
    assert told.sd == HIDDEN.told_sd(float(times.std(ddof=1)), 33)
    assert told.mean != exact.mean


def test_the_late_change_is_told_in_steps_by_every_way_of_scoring() -> None:
    rng = np.random.default_rng(5)
    change = rng.normal(1.0, 2.0, (N, 4))
    other = change + 0.37
    exact, told = (late_change(change, WHO, other, audience=one) for one in (SHOWN, HIDDEN))
    assert exact is not None
    assert told is not None
    assert told.other_mean is not None
    apart = told.mean - exact.mean
    assert apart == pytest.approx(told.raised)
    assert told.other_mean - (exact.other_mean or 0.0) == pytest.approx(apart)
    values = change[:, told.occasions] - change[:, 0]
    step_mean = HIDDEN.told_mean(float(values.mean()), float(values.std()), N)
    assert told.mean == pytest.approx(step_mean)
    assert exact.raised == 0.0
