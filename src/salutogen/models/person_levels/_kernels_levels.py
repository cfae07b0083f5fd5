"""Compiled passes over the rows of persons: what a level's likelihood needs of each person.

Rows are sorted by person and occasion; `gap` is the number of occasions since the person's row
before. With a correlation of rho between adjacent occasions the fluctuations are a Markov chain, so
that products with the inverse of their correlation matrix R are sums over neighbouring rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@njit(cache=True, nogil=True)
def sums_by_person(y: Float, gap: Int, start: Int, rho: float, powers: Float, out: Float) -> None:
    """Write `1'R^-1 1, 1'R^-1 y, y'R^-1 y, log det R` of each person into `out` (4, n).

    `powers` holds rho to the power of 0, 1, … up to the largest gap.
    """
    for person in range(start.size - 1):
        first, last = start[person], start[person + 1]
        a, b, c, d = 1.0, y[first], y[first] * y[first], 1.0
        log = 0.0
        for row in range(first + 1, last):
            phi = powers[gap[row]]
            rest = 1.0 - phi * phi
            one = 1.0 - phi
            new = y[row] - phi * y[row - 1]
            a += one * one / rest
            b += one * new / rest
            c += new * new / rest
            d *= rest
            if d < 1e-200:
                log += np.log(d)
                d = 1.0
        out[0, person], out[1, person], out[2, person] = a, b, c
        out[3, person] = log + np.log(d)


@njit(cache=True, nogil=True)
def profile_sums(sums: Float, ratio: float, out: Float) -> None:
    """Write sums over persons for tau² = ratio · sigma² into `out` (4,).

    `1'V^-1 1, 1'V^-1 y, y'V^-1 y` and `log det V`, all with sigma² = 1.
    """
    one, oney, yy, log = 0.0, 0.0, 0.0, 0.0
    product = 1.0
    for person in range(sums.shape[1]):
        a, b, c = sums[0, person], sums[1, person], sums[2, person]
        whole = 1.0 + ratio * a
        one += a / whole
        oney += b / whole
        yy += c - ratio * b * b / whole
        log += sums[3, person]
        product *= whole
        if product > 1e200:
            log += np.log(product)
            product = 1.0
    out[0], out[1], out[2], out[3] = one, oney, yy, log + np.log(product)


@njit(cache=True, nogil=True)
def spread_of_means(gap: Int, start: Int, powers: Float, out: Float) -> None:
    """Write `1'R 1 / n²` of each person into `out` (n,): what a mean keeps of the variance."""
    for person in range(start.size - 1):
        first, last = start[person], start[person + 1]
        n = last - first
        total, before = 1.0 * n, 0.0
        for row in range(first + 1, last):
            before = powers[gap[row]] * (1.0 + before)
            total += 2.0 * before
        out[person] = total / (n * n)
