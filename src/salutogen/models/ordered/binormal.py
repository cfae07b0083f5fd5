"""Probabilities of two standard normal variables that go together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]


def binormal_density(h: ArrayLike, k: ArrayLike, correlation: ArrayLike) -> Float:
    """Return the density at (h, k); |correlation| < 1."""
    h, k, r = (np.asarray(one, dtype=float) for one in (h, k, correlation))
    left = 1 - r * r
    found: Float = np.exp(-(h * h - 2 * r * h * k + k * k) / (2 * left)) / (
        2 * np.pi * np.sqrt(left)
    )
    return found


def binormal_probability(h: ArrayLike, k: ArrayLike, correlation: ArrayLike) -> Float:
    """Return the probability that one variable is below h and the other below k.

    By Owen's (1956) function T, which is exact to rounding for every correlation below 1 in size.

    Parameters
    ----------
    h, k, correlation : array
        Finite; shapes that go together.

    Examples
    --------
    >>> round(float(binormal_probability(0.0, 0.0, 0.5)), 12)  # 1/4 + asin(.5)/(2π)
    0.333333333333
    """
    from scipy.special import ndtr, owens_t

    h, k, r = np.broadcast_arrays(*(np.asarray(one, dtype=float) for one in (h, k, correlation)))
    root = np.sqrt(1 - r * r)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_h = owens_t(h, (k - r * h) / (h * root))
        of_k = owens_t(k, (h - r * k) / (k * root))
    apart = (h * k < 0) | ((h * k == 0) & (h + k < 0))
    found: Float = (ndtr(h) + ndtr(k)) / 2 - of_h - of_k - np.where(apart, 0.5, 0.0)
    # At the origin the slope of T is 0/0.
    centre = (h == 0) & (k == 0)
    found = np.where(centre, 0.25 + np.arcsin(r) / (2 * np.pi), found)
    return np.clip(found, 0.0, 1.0)
