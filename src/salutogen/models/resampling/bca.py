"""Bias-corrected and accelerated bootstrap intervals (Efron 1987)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.resampling.bootstrap import percentile_interval

Float = NDArray[np.float64]


def percentile_intervals(draws: Float, level: float = 0.95) -> Float:
    """Percentile intervals (2, q) of draws (n, q); NaN where a quantity has no draw."""
    found = np.full((2, draws.shape[1]), np.nan)
    for place, column in enumerate(draws.T):
        known = column[np.isfinite(column)]
        if known.size:
            found[:, place] = percentile_interval(known, level)
    return found


def bca_intervals(
    estimates: ArrayLike, draws: ArrayLike, without: ArrayLike, level: float = 0.95
) -> Float:
    """Return bias-corrected and accelerated intervals.

    The bias is read from the share of draws below the estimate, the acceleration from the skewness
    of the estimates without each unit in turn.

    Parameters
    ----------
    estimates : array (q,)
    draws : array (n_draws, q)
        Bootstrap replicates; NaN where a sample gave none.
    without : array (n_units, q)
        Estimates without each unit.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    array (2, q)
        NaN where all draws lie on one side of the estimate, or an estimate rests on one unit alone.
    """
    from scipy.special import ndtr, ndtri

    if not 0 < level < 1:
        raise ModelError(f"level: expected a number between 0 and 1, got {level}.")
    found = np.full((2, np.size(estimates)), np.nan)
    columns = zip(np.asarray(estimates), np.asarray(draws).T, np.asarray(without).T, strict=True)
    for place, (estimate, drawn, jackknifed) in enumerate(columns):
        known = drawn[np.isfinite(drawn)]
        if not known.size or not np.isfinite(jackknifed).all():
            continue
        below = float(np.mean(known < estimate) + np.mean(known == estimate) / 2)
        moved = np.mean(jackknifed) - jackknifed
        squares = float(np.sum(moved**2))
        if not 0 < below < 1 or squares == 0:
            continue
        bias = float(ndtri(below))
        acceleration = float(np.sum(moved**3)) / (6 * squares**1.5)
        z = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
        if (acceleration * z >= 1).any():
            continue
        found[:, place] = np.quantile(known, ndtr(bias + z / (1 - acceleration * z)))
    return found
