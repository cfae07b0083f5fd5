"""Several estimates of the same persons, judged together: stepdown max-t (Romano and Wolf 2005).

The chance of one or more false claims is held, whatever the correlation of the estimates: persons
are drawn with replacement, and the largest t of the draws is what an estimate must exceed. The
draws are of the estimating functions, not of refitted models (Hu and Kalbfleisch 2000), so that
thousands of draws cost no more than sums over persons.
"""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.resampling.bootstrap import bootstrap_sums

Float = NDArray[np.float64]


def romano_wolf(
    estimates: ArrayLike,
    pulls: ArrayLike,
    *,
    draws: int = 2000,
    seed: int = 1,
    executor: Executor | None = None,
) -> Float:
    """Adjust p values of several estimates for each other.

    Parameters
    ----------
    estimates : array (k,)
        Each tested against 0; NaN where there is none.
    pulls : array (persons, k)
        What each person adds to the error of each estimate, so that the sum of squares over
        persons is its variance.
    draws, seed : int
        Samples of persons.
    executor : concurrent.futures.Executor, optional
        As in `bootstrap_sums`.

    Returns
    -------
    array (k,)
        Adjusted p; NaN where there is no estimate, or nobody pulls on it.
    """
    b, each = np.asarray(estimates, dtype=float), np.asarray(pulls, dtype=float)
    if b.ndim != 1 or each.ndim != 2 or each.shape[1] != b.size:
        raise ModelError(f"Expected k estimates and pulls (n, k), got {b.shape}, {each.shape}.")
    found = np.full(b.size, np.nan)
    spread = np.sqrt(np.sum(each**2, axis=0))
    own = np.flatnonzero(np.isfinite(b) & (spread > 0))
    if not own.size:
        return found
    n, k = each.shape[0], own.size
    unit = each[:, own] / spread[own]
    unit = unit - unit.mean(axis=0)
    sums = bootstrap_sums(np.hstack([unit, unit**2]), draws=draws, seed=seed, executor=executor)
    variance = sums[:, k:] - sums[:, :k] ** 2 / n
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = np.where(variance > 0, np.abs(sums[:, :k]) / np.sqrt(variance), 0.0)
    t = np.abs(b[own]) / spread[own]
    order = np.argsort(-t, kind="stable")
    # The largest over what is not yet claimed: from the last in order to the first.
    largest = np.maximum.accumulate(drawn[:, order][:, ::-1], axis=1)[:, ::-1]
    p = (1 + np.sum(largest >= t[order], axis=0)) / (draws + 1)
    found[own[order]] = np.maximum.accumulate(p)
    return found
