"""Random numbers by block of persons and purpose, so that nothing depends on chunks or threads."""

from __future__ import annotations

from enum import IntEnum, auto

import numpy as np
import numpy.typing as npt

BLOCK = 1024
"""Persons drawn together. Each block has streams of its own, whatever else is drawn."""


class Purpose(IntEnum):
    """What a stream of random numbers is for; a new purpose goes to the end."""

    EXPOSURE = auto()
    EVENT_LISTS = auto()
    EVENTS = auto()
    PERSONS = auto()
    PROBLEMS = auto()
    PROBLEM_ITEMS = auto()
    FACTORS = auto()
    FACTOR_ITEMS = auto()
    REPORTING = auto()
    PRESENCE = auto()
    SKIPPED = auto()
    BACKGROUND = auto()
    TIMING = auto()
    ARMS = auto()
    EVENT_DAYS = auto()
    BEFORE = auto()
    AFFECT_PERSONS = auto()
    AFFECT = auto()


def stream(seed: int, block: int, purpose: Purpose, *part: int) -> np.random.Generator:
    """Generator for one purpose in one block of persons, or for one part of it."""
    sequence = np.random.SeedSequence(seed, spawn_key=(block, int(purpose), *part))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


def autoregressive(
    rng: np.random.Generator, persons: int, occasions: int, correlation: float
) -> npt.NDArray[np.float64]:
    """Stationary first-order autoregression with SD 1: (persons, occasions)."""
    values = rng.standard_normal((persons, occasions))
    fresh = np.sqrt(1.0 - correlation**2)
    for occasion in range(1, occasions):
        values[:, occasion] *= fresh
        values[:, occasion] += correlation * values[:, occasion - 1]
    return values


def one_step_back(
    first: npt.NDArray[np.float64], fresh: npt.NDArray[np.float64], correlation: float
) -> npt.NDArray[np.float64]:
    """Value one occasion before `first` of such an autoregression, which runs alike either way.

    `fresh` is standard normal.
    """
    before: npt.NDArray[np.float64] = correlation * first + np.sqrt(1.0 - correlation**2) * fresh
    return before
