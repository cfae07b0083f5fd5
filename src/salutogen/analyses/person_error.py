"""How far a person's mean over the period may lie off their level: fluctuation over occasions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
LAGS = 8
CORRELATIONS = np.linspace(0.0, 0.9, 91)


@dataclass(frozen=True, kw_only=True)
class Fluctuation:
    """Variance within persons over occasions, and its correlation from one occasion to the next."""

    variance: float
    correlation: float

    def variance_of_mean(self, known: NDArray[np.bool_]) -> Float:
        """Variance of each person's mean over their occasions.

        Parameters
        ----------
        known : array of bool (persons, occasions)

        Returns
        -------
        array (persons,)
            ``variance / n² · sum over pairs of occasions of correlation^distance``; NaN without
            any occasion.
        """
        n = known.sum(axis=1).astype(float)
        total = n.copy()
        for lag in range(1, known.shape[1]):
            pairs = (known[:, lag:] & known[:, :-lag]).sum(axis=1)
            total += 2 * pairs * self.correlation**lag
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.variance * total / n**2)


def fluctuation(values: Float) -> Fluctuation | None:
    """Estimate it from differences within persons, so that no person mean is taken off.

    Half the mean squared difference of two occasions k apart is ``variance (1 - correlation^k)``
    for a stationary AR(1) process around a level of the person's own. Both are fitted to the first
    eight k, each weighted with its number of pairs. With pairs of one distance alone the
    correlation is taken as 0.

    Parameters
    ----------
    values : array (persons, occasions)
        NaN where missing.

    Returns
    -------
    Fluctuation or None
        None where nobody has two occasions.
    """
    halves, pairs, lags = [], [], []
    for lag in range(1, min(values.shape[1], LAGS + 1)):
        apart = values[:, lag:] - values[:, :-lag]
        known = np.isfinite(apart)
        if known.any():
            halves.append(float(np.mean(apart[known] ** 2)) / 2)
            pairs.append(int(known.sum()))
            lags.append(lag)
    if not lags:
        return None
    half, weight, k = np.array(halves), np.array(pairs, dtype=float), np.array(lags)
    if len(lags) == 1:
        return Fluctuation(variance=float(half[0]), correlation=0.0)
    shape = 1 - CORRELATIONS[:, None] ** k
    variance = (weight * shape * half).sum(axis=1) / (weight * shape**2).sum(axis=1)
    loss = (weight * (half - variance[:, None] * shape) ** 2).sum(axis=1)
    best = int(np.argmin(loss))
    return Fluctuation(variance=float(variance[best]), correlation=float(CORRELATIONS[best]))
