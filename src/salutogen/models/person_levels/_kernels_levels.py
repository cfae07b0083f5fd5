"""Compiled passes over the rows of persons: what a level's likelihood needs of each person.

Rows are sorted by person and occasion; `gap` is the number of occasions since the person's row
before. With a correlation of rho between adjacent occasions the fluctuations are a Markov chain, so
that products with the inverse of their correlation matrix R are sums over neighbouring rows.
"""

from __future__ import annotations

import math

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
                log += math.log(d)
                d = 1.0
        out[0, person], out[1, person], out[2, person] = a, b, c
        out[3, person] = log + math.log(d)


@njit(cache=True, nogil=True)
def totals(sums: Float, ratio: float) -> tuple[float, float, float, float]:
    """Sum over persons for tau² = ratio · sigma², with V = cov(y) / sigma².

    `1'V^-1 1`, the GLS mean, `y'V^-1 y` about it, and `log det V`.
    """
    one, oney, yy, log, product = 0.0, 0.0, 0.0, 0.0, 1.0
    for person in range(sums.shape[1]):
        a, b = sums[0, person], sums[1, person]
        whole = 1.0 + ratio * a
        one += a / whole
        oney += b / whole
        yy += sums[2, person] - ratio * b * b / whole
        log += sums[3, person]
        product *= whole
        if product > 1e200:
            log += math.log(product)
            product = 1.0
    return one, oney / one, yy - oney * oney / one, log + math.log(product)


@njit(cache=True, nogil=True)
def criterion(sums: Float, free: int, between: float, at: float) -> float:
    """−2 restricted log-likelihood, up to a constant.

    With `between` below 0 it is the best over sigma² where tau² is the share `at` of both;
    otherwise that of tau² = `between` and log sigma² = `at`.
    """
    if between < 0:
        one, _, rest, log = totals(sums, at / (1.0 - at))
        fit = free * (math.log(max(rest, 1e-300) / free) + 1.0)
    else:
        within = math.exp(at)
        one, _, rest, log = totals(sums, between / within)
        fit = free * at + rest / within
    return fit + log + math.log(one)


@njit(cache=True, nogil=True)
def lowest_criterion(
    sums: Float, free: int, between: float, low: float, high: float, settled: float
) -> float:
    """Where `criterion` is lowest from `low` to `high`: Brent's search (1973, chapter 5)."""
    golden = 0.3819660112501051
    a, b = low, high
    x = a + golden * (b - a)
    w = v = x
    fx = criterion(sums, free, between, x)
    fw = fv = fx
    step = before = 0.0
    for _ in range(80):
        middle = 0.5 * (a + b)
        tolerance = settled + 1e-9 * abs(x)
        if abs(x - middle) <= 2.0 * tolerance - 0.5 * (b - a):
            break
        parabolic = False
        if abs(before) > tolerance:
            r = (x - w) * (fx - fv)
            q = (x - v) * (fx - fw)
            p = (x - v) * q - (x - w) * r
            q = 2.0 * (q - r)
            if q > 0:
                p = -p
            q = abs(q)
            last, before = before, step
            if abs(p) < abs(0.5 * q * last) and q * (a - x) < p < q * (b - x):
                step = p / q
                parabolic = True
                if x + step - a < 2.0 * tolerance or b - x - step < 2.0 * tolerance:
                    step = tolerance if x < middle else -tolerance
        if not parabolic:
            before = b - x if x < middle else a - x
            step = golden * before
        move = step if abs(step) >= tolerance else (tolerance if step > 0 else -tolerance)
        u = x + move
        fu = criterion(sums, free, between, u)
        if fu <= fx:
            if u < x:
                b = x
            else:
                a = x
            v, fv, w, fw, x, fx = w, fw, x, fx, u, fu
        else:
            if u < x:
                a = u
            else:
                b = u
            if fu <= fw or w == x:
                v, fv, w, fw = w, fw, u, fu
            elif fu <= fv or v in (x, w):
                v, fv = u, fu
    return low if criterion(sums, free, between, low) <= fx else x


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
