"""Several tests of one question: p values that hold the error of all of them together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


def holm(p: ArrayLike) -> Float:
    """Adjust p values so that no true hypothesis is rejected in 95 of 100 studies (Holm 1979).

    Parameters
    ----------
    p : array (n,)
        NaN where there is no test; such a place stays NaN and does not count.
    """
    given = np.asarray(p, dtype=float)
    found = np.full(given.shape, np.nan)
    known = np.flatnonzero(np.isfinite(given))
    order = known[np.argsort(given[known], kind="stable")]
    steps = given[order] * np.arange(order.size, 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found
