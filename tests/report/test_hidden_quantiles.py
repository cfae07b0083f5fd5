"""Quantiles of SR do not tell the level of the line, nor anybody's exposure and problems."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.page.audience import SMALL_CELL, occurring_quantiles
from salutogen.report.context import quantiles
from salutogen.report.sections.sr_courses import BANDS

SLOPE, LEVEL = 0.23457, 5.12345
OCCASIONS, PERSONS, MOST = 13, 150, 90


def cohort(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole exposure and problems, shape (occasions, persons)."""
    rng = np.random.default_rng(seed)
    E = rng.integers(5, MOST, (OCCASIONS, PERSONS))
    P = np.rint(LEVEL + SLOPE * E + rng.normal(0, 5, E.shape)).astype(int)
    return E, P


def pairs_that_fit(told: float, half: float, levels: np.ndarray) -> list[set[int]]:
    """Exposures with which a value of SR leaves whole problems, by level of the line."""
    found = []
    for level in levels:
        P = level + told + SLOPE * np.arange(MOST)
        found.append(set(np.flatnonzero(np.abs(P - np.rint(P)) <= half).tolist()))
    return found


def halves(told: list[float]) -> list[float]:
    """How far each may be from what it was rounded from: three digits, or steps."""
    digits = [0.5 * 10.0 ** (np.floor(np.log10(abs(one))) - 2) for one in told]
    multiples = all(abs(one / 0.1 - round(one / 0.1)) < 1e-9 for one in told)
    return [0.05] * len(told) if multiples else digits


def solved(told: list[float]) -> tuple[np.ndarray, int]:
    """Levels with which most of the values fit, and values that are one exposure's alone there."""
    levels = LEVEL + np.arange(-250, 251) * 1e-4
    fits = [pairs_that_fit(one, half, levels) for one, half in zip(told, halves(told), strict=True)]
    score = np.array([[bool(one) for one in each] for each in fits]).sum(axis=0)
    best = np.flatnonzero(score == score.max())
    alone = sum(any(len(each[place]) == 1 for place in best) for each in fits)
    return levels[best], alone


def exact(SR: np.ndarray) -> list[float]:
    found = occurring_quantiles(SR, BANDS, SMALL_CELL, SR.size)
    return [float(f"{one:.3g}") for one in found]


@pytest.mark.parametrize("seed", range(3))
def test_the_attack_works_with_three_digits(seed: int) -> None:
    E, P = cohort(seed)
    told = [one for SR in P - LEVEL - SLOPE * E for one in exact(SR) if abs(one) > 0.1]
    levels, alone = solved(told)
    assert levels.size < 12
    assert np.abs(levels - LEVEL).min() < 2e-4
    assert alone > 20


@pytest.mark.parametrize("seed", range(3))
def test_told_quantiles_leave_level_and_persons_open(seed: int) -> None:
    E, P = cohort(seed)
    told = [one for SR in P - LEVEL - SLOPE * E for one in quantiles(SR, BANDS, 5)]
    assert None not in told
    levels, alone = solved([one for one in told if one])
    assert levels.size == 501, "all that the step of the level leaves"
    assert alone == 0


def test_quantiles_of_whole_scores_stay_values_that_occur() -> None:
    values = np.random.default_rng(1).integers(0, 37, 61).astype(float)
    assert set(quantiles(values, BANDS, 5)) <= set(values)


def test_shown_quantiles_have_every_digit() -> None:
    values = np.random.default_rng(1).normal(0, 5, 61)
    assert quantiles(values, BANDS, 1) == np.quantile(values, BANDS).tolist()


@pytest.mark.parametrize(("sd", "step"), [(5.0, 0.1), (40.0, 0.5), (0.05, 0.005)])
def test_steps_of_small_scores_are_small(sd: float, step: float) -> None:
    values = sd * np.random.default_rng(1).normal(0, 1, 200)
    for one in quantiles(values, BANDS, 5):
        assert one is not None
        assert abs(one / step - round(one / step)) < 1e-9
