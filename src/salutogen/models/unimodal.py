"""The distribution with one peak that comes closest to a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def with_one_peak(values: Float, weights: Float) -> Float:
    """Move values, keeping their order, so that they are spread with one peak.

    Parameters
    ----------
    values : array (n,)
        Sample.
    weights : array (n,)
        Positive weights.

    Returns
    -------
    array (n,)
        Quantiles of the distribution function that rises ever faster up to a peak and ever more
        slowly after it, and whose largest distance from the sample's is the least (Hartigan &
        Hartigan 1985): skewed values stay nearly where they are, two heaps are spread into one.
    """
    x, place = np.unique(values, return_inverse=True)
    mass = np.bincount(place, weights)
    F = (np.cumsum(mass) - mass / 2) / mass.sum()
    if len(x) < 4:
        return values
    first, last = 0, len(x) - 1
    while last - first > 1:  # a later peak fits worse on its left and better on its right
        middle = (first + last) // 2
        if _distance(x[: middle + 1], F[: middle + 1]) < _distance(-x[middle:][::-1],
                                                                   -F[middle:][::-1]):  # fmt: skip
            first = middle
        else:
            last = middle
    peak = min((first, last), key=lambda m: max(_distance(x[: m + 1], F[: m + 1]),
                                                _distance(-x[m:][::-1], -F[m:][::-1])))  # fmt: skip
    left = _lower_hull(x[: peak + 1], F[: peak + 1])
    right = len(x) - 1 - _lower_hull(-x[peak:][::-1], -F[peak:][::-1])[::-1]
    knots = np.union1d(left, right)
    moved: Float = np.interp(F, F[knots], x[knots])[place]
    return moved


def _distance(x: Float, F: Float) -> float:
    """Largest distance of points from the greatest convex function below them."""
    knots = _lower_hull(x, F)
    return float(np.max(F - np.interp(x, x[knots], F[knots])))


def _lower_hull(x: Float, F: Float) -> NDArray[np.int64]:
    """Places of the corners of the greatest convex function below points of rising x."""
    xs, Fs = x.tolist(), F.tolist()
    hull: list[int] = []
    for i in range(len(xs)):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (Fs[b] - Fs[a]) * (xs[i] - xs[a]) < (Fs[i] - Fs[a]) * (xs[b] - xs[a]):
                break
            hull.pop()
        hull.append(i)
    return np.array(hull)
