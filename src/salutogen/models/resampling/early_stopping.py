"""When a simulated p-value is clearly above or below a level, so that no more draws are needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]

SPENT_HALF_AT = 1000  # draws after which half of the allowed risk is spent


def stopping_bounds(draws: int, *, level: float = 0.05, risk: float = 1e-3) -> tuple[Int, Int]:
    """Return counts of draws at or above the statistic at which the verdict is clear (Gandy 2009).

    Parameters
    ----------
    draws : int
        Draws at most.
    level : float
        Level of the test.
    risk : float
        Largest probability of the other verdict than endless draws would give, on each side.

    Returns
    -------
    low, high : array (draws,)
        After n draws (place n − 1), a count at or below `low` means a p-value below the level, a
        count at or above `high` one above it. `low` is −1 where no count is low enough.
    """
    low, high = np.full(draws, -1), np.arange(1, draws + 1) + 1
    alive = np.ones(1)  # probabilities of the counts, should p be the level, without a stop
    spent_low = spent_high = 0.0
    for n in range(1, draws + 1):
        alive = np.append(alive * (1 - level), 0.0) + np.append(0.0, alive * level)
        allowed = risk * n / (n + SPENT_HALF_AT)
        from_below = spent_low + np.cumsum(alive)
        from_above = spent_high + np.cumsum(alive[::-1])[::-1]
        few = np.flatnonzero((from_below <= allowed) & (alive > 0))
        many = np.flatnonzero((from_above <= allowed) & (alive > 0))
        if few.size:
            low[n - 1] = few[-1]
            spent_low = float(from_below[few[-1]])
        if many.size:
            high[n - 1] = many[0]
            spent_high = float(from_above[many[0]])
        alive[few], alive[many] = 0.0, 0.0
    return low, high
