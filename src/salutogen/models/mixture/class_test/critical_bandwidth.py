"""How far a sample must be smoothed until it has one peak."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

TOLERATED = 0.1  # distance from one peak, in 1/√n: small bumps, as in any sample's tail
NARROW, WIDE = 0.02, 1.5  # bandwidths that are tried, in SD of the sample
HALVINGS = 12
GRID = 201  # places at which a smoothed distribution function is looked at
PARTED = 0.11  # bandwidth, in SD of the sample, that one heap of any shape hardly needs
THINNED = 2000  # quantiles that stand for a larger sample


def bandwidth_for_one_peak(values: Float, weights: Float) -> float:
    """Return the smallest bandwidth with which a smoothed sample has one peak (Silverman 1981).

    Parameters
    ----------
    values : array (n,)
        Sample.
    weights : array (n,)
        Weights, not negative.

    Returns
    -------
    float
        SD of the normal noise to be added to the values: little for samples with one peak, of
        any skewness or with a floor; about half of the gap where there are two heaps. Bumps are
        tolerated as long as the distribution function is within a tenth of 1/√n of one that
        rises ever faster up to a peak and ever more slowly after it.
    """
    from scipy.special import ndtr

    share, values = (part[weights > 0] for part in (weights / weights.sum(), values))
    tolerated = TOLERATED * np.sqrt(float(np.sum(share**2)))
    centre = float(share @ values)
    spread = float(np.sqrt(share @ (values - centre) ** 2))
    if values.min() == values.max():
        return 0.0
    if len(values) > THINNED:
        order = np.argsort(values)
        places = (np.arange(THINNED) + 0.5) / THINNED
        values = np.interp(places, np.cumsum(share[order]), values[order])
        share = np.full(THINNED, 1 / THINNED)

    def has_one_peak(bandwidth: float) -> bool:
        x = np.linspace(values.min() - 3 * bandwidth, values.max() + 3 * bandwidth, GRID)
        F = ndtr((x[:, None] - values) / bandwidth) @ share
        return bool(distance_from_one_peak(x, F) <= tolerated)

    low, high = NARROW * spread, WIDE * spread
    if has_one_peak(low):
        return low
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        if has_one_peak(middle):
            high = middle
        else:
            low = middle
    return high


def smoothing(values: Float, weights: Float, times: float, parted: float = PARTED) -> float:
    """Return the bandwidth for draws with one peak: so many times the least where heaps lie apart.

    The least one leaves the flat top of two heaps that only just touch, which a mixture still
    parts.
    """
    share = weights / weights.sum()
    spread = float(np.sqrt(share @ (values - share @ values) ** 2))
    smallest = bandwidth_for_one_peak(values, weights)
    return times * smallest if smallest > parted * spread else smallest


def distance_from_one_peak(x: Float, F: Float) -> float:
    """Largest distance of a distribution function from the closest one with one peak.

    That one is convex before the peak and concave after it, and equals F at both ends and at the
    peak, which is sought among the places x.
    """

    def sides(peak: int) -> tuple[float, float]:
        left = _above_convex(x[: peak + 1], F[: peak + 1])
        return left, _above_convex(-x[peak:][::-1], -F[peak:][::-1])

    first, last = 0, len(x) - 1
    while last - first > 1:  # a later peak fits worse on its left and better on its right
        middle = (first + last) // 2
        left, right = sides(middle)
        if left < right:
            first = middle
        else:
            last = middle
    return min(max(sides(first)), max(sides(last)))


def _above_convex(x: Float, F: Float) -> float:
    """Largest distance of points from the greatest convex function below them."""
    xs, Fs = x.tolist(), F.tolist()
    hull: list[int] = []
    for i in range(len(xs)):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (Fs[b] - Fs[a]) * (xs[i] - xs[a]) < (Fs[i] - Fs[a]) * (xs[b] - xs[a]):
                break
            hull.pop()
        hull.append(i)
    return float(np.max(F - np.interp(x, x[hull], F[hull])))
