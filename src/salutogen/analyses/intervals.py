"""What an interval tells of a difference or an effect, and the interval of a correlation."""

from __future__ import annotations

import math

import numpy as np

from salutogen.models.quantiles import NORMAL_95

FEWEST_OF_FISHER = 3
# Standard error of a 2.5 % quantile of normal draws, as a share of its distance from the middle,
# times the root of their number: sqrt(.025 * .975) / (density at 1.96 * 1.96).
END_ERROR = 1.363


def side_of_zero(low: float | None, high: float | None) -> int:
    """Return 1 where an interval lies above 0, -1 where it lies below, 0 where neither is told.

    None and NaN are ends that nobody knows.

    >>> side_of_zero(0.1, 0.4), side_of_zero(-0.1, 0.4), side_of_zero(None, 0.4)
    (1, 0, 0)
    """
    if low is None or high is None or low != low or high != high:
        return 0
    return 1 if low > 0 else -1 if high < 0 else 0


def settled_side(low: float | None, high: float | None, value: float | None, draws: int) -> int:
    """As `side_of_zero` of an interval by resamples, 0 where other draws could decide otherwise.

    The ends are percentiles of `draws` resamples, and have a Monte Carlo error of their own: two
    of these are added to the distance of either end from the estimate (normal in shape).

    Parameters
    ----------
    low, high : float or None
    value : float or None
        The estimate between them.
    draws : int

    Examples
    --------
    >>> settled_side(0.1, 2.1, 1.1, 1000), settled_side(0.05, 2.05, 1.05, 1000)
    (1, 0)
    >>> settled_side(0.05, 2.05, 1.05, 100_000)
    1
    """
    if low is None or high is None or value is None:
        return 0
    more = 1.0 + 2.0 * END_ERROR / math.sqrt(draws)
    return side_of_zero(value - more * (value - low), value + more * (high - value))


def fisher_interval(r: float | None, n: int) -> tuple[float | None, float | None]:
    """95 % interval of a correlation over so many persons (Fisher z).

    It follows from both alone: `n` is that of `Audience.told_size`. None for three persons or
    fewer, and where they lie on a line.

    >>> fisher_interval(0.5, 28)
    (0.15..., 0.73...)
    """
    if r is None or n <= FEWEST_OF_FISHER or abs(r) >= 1:
        return None, None
    z, half = np.arctanh(r), NORMAL_95 / np.sqrt(n - FEWEST_OF_FISHER)
    return float(np.tanh(z - half)), float(np.tanh(z + half))
