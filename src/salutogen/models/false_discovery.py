"""False-discovery rate over several tests (Benjamini and Hochberg 1995)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def adjusted_p(p: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values so that those under a level hold the false-discovery rate at that level.

    Parameters
    ----------
    p : array (n,)
        NaN where there is no test; such a place stays NaN and does not count.

    Returns
    -------
    array (n,)
    """
    given = np.asarray(p, dtype=float)
    found = np.full(given.shape, np.nan)
    known = np.flatnonzero(np.isfinite(given))
    order = known[np.argsort(given[known], kind="stable")]
    m = order.size
    steps = given[order] * (m / np.arange(1, m + 1))
    found[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return found


def discoveries(p: ArrayLike, rate: float = 0.05) -> NDArray[np.bool_]:
    """Which tests are called at a false-discovery rate; NaN is never called.

    Examples
    --------
    >>> discoveries([0.001, 0.6, 0.024, float("nan"), 0.2]).tolist()
    [True, False, True, False, False]
    """
    return adjusted_p(p) <= rate
