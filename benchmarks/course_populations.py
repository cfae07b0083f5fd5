"""Made-up courses around an event: one continuous population of many shapes, or two classes.

Positions: one before the event, the event, and the rest after it. Levels of one population have
SD 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Generator = np.random.Generator

NOISE = 0.8  # SD of what is left within a person
JUMP = 1.2  # mean jump at the event
RETURN = 0.6  # share of the jump that is left one position later


def _return(positions: int) -> Float:
    """The course of a jump that all share: nothing before, all of it at the event, then less."""
    after = np.arange(positions) - 1.0
    return np.where(after < 0, 0.0, RETURN ** np.maximum(after, 0.0))


def _persons(generator: Generator, n: int, positions: int) -> Float:
    levels = generator.normal(size=(n, 1))
    course: Float = levels + NOISE * generator.normal(size=(n, positions))
    return course


def exponential_jump(generator: Generator, n: int, positions: int) -> Float:
    """Jumps from an exponential distribution (skewness 2), one course of return."""
    jumps = JUMP * generator.exponential(size=(n, 1))
    return _persons(generator, n, positions) + jumps * _return(positions)


def gamma_jump(generator: Generator, n: int, positions: int) -> Float:
    """Jumps from a gamma distribution of shape 2 (skewness 1.4), one course of return."""
    jumps = JUMP / 2 * generator.gamma(2.0, size=(n, 1))
    return _persons(generator, n, positions) + jumps * _return(positions)


def skewed_autoregression(generator: Generator, n: int, positions: int) -> Float:
    """Levels, and deviations that carry over by a half, moved by exponential shocks."""
    shocks = generator.exponential(size=(n, positions + 10)) - 1
    state, kept = np.zeros(n), np.empty((n, positions))
    for t in range(positions + 10):
        state = 0.5 * state + shocks[:, t]
        kept[:, max(t - 10, 0)] = state
    return generator.normal(size=(n, 1)) + kept


def skewed_slopes(generator: Generator, n: int, positions: int) -> Float:
    """Slopes from an exponential distribution, by the last position 3 points on average."""
    slopes = 3 / (positions - 2) * generator.exponential(size=(n, 1))
    return _persons(generator, n, positions) + slopes * (np.arange(positions) - 1.0)


def own_variances(generator: Generator, n: int, positions: int) -> Float:
    """A residual SD of each person's own: log-normal, its middle half from .6 to 1.1."""
    spread = NOISE * np.exp(0.5 * generator.normal(size=(n, 1)))
    return generator.normal(size=(n, 1)) + spread * generator.normal(size=(n, positions))


def two_classes(generator: Generator, n: int, positions: int, share: float = 0.4) -> Float:
    """Two kinds, from the event on 2 SD of a position within a class apart."""
    spread = np.sqrt(0.6**2 + NOISE**2)
    kind = generator.random((n, 1)) < share
    after = np.arange(positions) >= 1
    noise = NOISE * generator.normal(size=(n, positions))
    return 0.6 * generator.normal(size=(n, 1)) + 2 * spread * kind * after + noise


def two_small(generator: Generator, n: int, positions: int) -> Float:
    """As `two_classes`, the raised one being a fifth of the persons."""
    return two_classes(generator, n, positions, share=0.2)


POPULATIONS: dict[str, tuple[int, Callable[[Generator, int, int], Float]]] = {
    "exponential jump": (1, exponential_jump),
    "gamma jump": (1, gamma_jump),
    "skewed autoregression": (1, skewed_autoregression),
    "skewed slopes": (1, skewed_slopes),
    "own variances": (1, own_variances),
    "two classes 2 SD apart": (2, two_classes),
    "two classes 2 SD apart, one of a fifth": (2, two_small),
}
