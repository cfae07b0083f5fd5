"""Whether values are skewed or heaped at an end: then a mixture finds classes in one kind."""

from __future__ import annotations

import numpy as np

from salutogen.analyses.trajectories.courses.locks import FloatArray

SKEWED = 0.5  # size of skewness of persons' levels or of what is left within persons
HEAPED = 0.05  # share of values at the lowest or at the highest


def is_heaped(values: FloatArray) -> bool:
    """Tell whether persons' levels or what is left within persons are skewed, or values heaped.

    Parameters
    ----------
    values : ndarray, shape (n, T)
        NaN where missing; every person has some.
    """
    if np.isfinite(stops(values)).any():
        return True
    left = values - np.nanmean(values, axis=0)
    levels = np.nanmean(left, axis=1)
    within = (left - levels[:, None])[np.isfinite(left)]
    return bool(max(abs(skewness(levels)), abs(skewness(within))) >= SKEWED)


def stops(values: FloatArray) -> tuple[float, float]:
    """Lowest and highest value where values heap there, otherwise minus and plus infinity."""
    there = values[np.isfinite(values)]
    if not there.size:
        return -np.inf, np.inf
    low, high = float(there.min()), float(there.max())
    return (
        low if np.mean(there == low) >= HEAPED else -np.inf,
        high if np.mean(there == high) >= HEAPED else np.inf,
    )


def skewness(values: FloatArray) -> float:
    """Third standardised moment; 0 where nothing varies."""
    centred = values - values.mean()
    spread = float(np.mean(centred**2))
    return float(np.mean(centred**3)) / spread**1.5 if spread > 0 else 0.0
