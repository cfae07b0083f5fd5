"""Compiled small algebra of the profiled criterion, from sums over persons.

The matrices have a row per fixed term. NumPy's calls cost more on these than the arithmetic, at
each of the dozens of evaluations of a search; LAPACK inside numba takes ten times as long to
compile.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]


@njit(cache=True, nogil=True)
def products_left(total: Float, sums: Float) -> Float:
    """Cross-products of [X y] less what the random effects explain (c, c)."""
    c = total.shape[0]
    left = np.empty((c, c))
    place = 1
    for i in range(c):
        for j in range(i, c):
            left[i, j] = total[i, j] - sums[place]
            left[j, i] = left[i, j]
            place += 1
    return left


@njit(cache=True, nogil=True)
def decompose(left: Float, p: int, root: Float) -> bool:
    """Write the upper triangular root of the first p columns, root'root = left; False if none.

    Columns beyond them are carried along, and the last diagonal entry is what remains of it.
    """
    # A Cholesky factorisation with the outcome as its last column: it gives the determinant, the
    # coefficients' right-hand side and the residual sum of squares, its last pivot, in one go. The
    # columns are centred and orthonormal over all rows, so that few digits cancel.
    c = left.shape[0]
    for i in range(c):
        for j in range(i, c):
            root[i, j] = left[i, j]
    for i in range(c):
        for h in range(min(i, p)):
            root[i, i] -= root[h, i] * root[h, i]
        if not root[i, i] > 0.0:  # also where it is no number
            return False
        if i < p:
            root[i, i] = np.sqrt(root[i, i])
            for j in range(i + 1, c):
                for h in range(i):
                    root[i, j] -= root[h, i] * root[h, j]
                root[i, j] /= root[i, i]
    return True


@njit(cache=True, nogil=True)
def profile_products(
    left: Float, log_determinant: float, df: int, reml: bool, coefficients: Float
) -> tuple[float, float]:
    """Return −2 log-likelihood and the penalised residual sum of squares; write coefficients.

    Infinite where the fixed terms or the outcome leave nothing.
    """
    p = left.shape[0] - 1
    root = np.empty((p + 1, p + 1))
    if not decompose(left, p, root):
        return np.inf, 0.0
    rss = float(root[p, p])
    value = log_determinant + df * (1.0 + np.log(2.0 * np.pi * rss / df))
    for i in range(p):
        if reml:
            value += 2.0 * np.log(root[i, i])
    for step in range(p):
        i = p - 1 - step
        rest = root[i, p]
        for j in range(i + 1, p):
            rest -= root[i, j] * coefficients[j]
        coefficients[i] = rest / root[i, i]
    if not np.isfinite(value):
        return np.inf, 0.0
    return value, rss


@njit(cache=True, nogil=True)
def slope_by_factor(
    sums: Float, factor: Float, coefficients: Float, precision: Float, variance: float, reml: bool
) -> Float:
    """Derivatives (q, q) of −2 log-likelihood by the relative factor, from sums over persons."""
    # All that the derivative by G = [X y]'V⁻¹[X y] is: residual weights (1, −b) over σ², and under
    # REML (X'V⁻¹X)⁻¹ of the log-determinant. The persons' part was summed before b was known, so
    # that no second pass over them is needed.
    p = len(coefficients)
    c = p + 1
    q = factor.shape[0]
    weight = np.zeros((c, c))
    if reml:
        root = np.empty((p, p))
        decompose(precision, p, root)
        add_inverse(root, p, weight)
    for i in range(c):
        for j in range(c):
            left = 1.0 if i == p else -coefficients[i]
            right = 1.0 if j == p else -coefficients[j]
            weight[i, j] += left * right / variance
    slope = np.empty((q, q))
    place = 1 + c * (c + 1) // 2
    for a in range(q):
        for b in range(a, q):
            entry = sums[place]
            place += 1
            for i in range(c):
                for j in range(i, c):
                    entry -= weight[i, j] * sums[place]
                    place += 1
            slope[a, b] = entry
            slope[b, a] = entry
    # dS = dL L' + L dL': the slope by L is 2 (slope by S) L, which is zero with a column of L.
    out = np.zeros((q, q))
    for a in range(q):
        for b in range(q):
            for h in range(q):
                out[a, b] += 2.0 * slope[a, h] * factor[h, b]
    return out


@njit(cache=True, nogil=True)
def add_inverse(root: Float, p: int, out: Float) -> None:
    """Add (root' root)⁻¹ of an upper triangular (p, p) root to `out`."""
    inverse = np.zeros((p, p))
    for j in range(p):
        inverse[j, j] = 1.0 / root[j, j]
        for step in range(j):
            i = j - 1 - step
            value = 0.0
            for h in range(i + 1, j + 1):
                value -= root[i, h] * inverse[h, j]
            inverse[i, j] = value / root[i, i]
    for i in range(p):
        for j in range(p):
            for h in range(max(i, j), p):
                out[i, j] += inverse[i, h] * inverse[j, h]
