"""What an interval tells of a difference or an effect, and the interval of a correlation."""

from __future__ import annotations

import numpy as np

from salutogen.models.quantiles import NORMAL_95

FEWEST_OF_FISHER = 3


def side_of_zero(low: float | None, high: float | None) -> int:
    """Return 1 where an interval lies above 0, -1 where it lies below, 0 where neither is told.

    None and NaN are ends that nobody knows.

    >>> side_of_zero(0.1, 0.4), side_of_zero(-0.1, 0.4), side_of_zero(None, 0.4)
    (1, 0, 0)
    """
    if low is None or high is None or low != low or high != high:
        return 0
    return 1 if low > 0 else -1 if high < 0 else 0


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
