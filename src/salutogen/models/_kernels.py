"""Compiled loops over persons: arrays in, arrays out.

Symmetric matrices are packed as their upper triangle, row by row. Kernels with `first, last`
work on these chunks of persons (or draws) and write into `out`, so that threads can share the
work; each chunk has its own slot, so results do not depend on how many threads there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models._numba import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CHUNK = 1024  # persons per partial sum; part of the results' last digits, so it stays fixed
DEGENERATE = 1e-12  # a pivot below this share of its diagonal means collinear columns
REDRAWS = 100  # attempts at a bootstrap sample in which the columns are not collinear


@njit(cache=True, nogil=True)
def group_cross_products(columns: Float, codes: Int, n_groups: int) -> Float:
    """Sum the packed outer product of each row of `columns` (n, k) by its group."""
    n, k = columns.shape
    out = np.zeros((n_groups, k * (k + 1) // 2))
    for row in range(n):
        group = codes[row]
        position = 0
        for i in range(k):
            left = columns[row, i]
            for j in range(i, k):
                out[group, position] += left * columns[row, j]
                position += 1
    return out


@njit(cache=True, nogil=True)
def solve_packed(packed: Float, k: int, work: Float, solution: Float) -> bool:
    """Regress the last of k columns on the others; False where they are collinear.

    `packed` holds the cross-products; `work` (k, k) is overwritten; `solution` has k - 1.
    """
    p = k - 1
    position = 0
    for i in range(k):
        for j in range(i, k):
            work[i, j] = packed[position]
            position += 1
    for i in range(p):
        whole = work[i, i]
        pivot = whole
        for h in range(i):
            pivot -= work[h, i] * work[h, i]
        if not pivot > DEGENERATE * whole:
            return False
        root = np.sqrt(pivot)
        work[i, i] = root
        for j in range(i + 1, k):
            value = work[i, j]
            for h in range(i):
                value -= work[h, i] * work[h, j]
            work[i, j] = value / root
    for step in range(p):
        i = p - 1 - step
        value = work[i, p]
        for j in range(i + 1, p):
            value -= work[i, j] * solution[j]
        solution[i] = value / work[i, i]
    return True


@njit(cache=True, nogil=True)
def bootstrap_coefficients(
    first: int, last: int, moments: Float, k: int, states: NDArray[np.uint64], out: Float
) -> None:
    """Write least-squares coefficients of resampled persons, a row per state of the generator.

    Each draw runs its own SplitMix64 stream; a degenerate sample is drawn again from it.
    """
    n, m = moments.shape
    total = np.empty(m)
    work = np.empty((k, k))
    solution = np.empty(k - 1)
    for draw in range(first, last):
        out[draw, :] = np.nan
        state = states[draw]
        for _ in range(REDRAWS):
            total[:] = 0.0
            for _person in range(n):
                state += np.uint64(0x9E3779B97F4A7C15)
                z = state
                z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                z = z ^ (z >> np.uint64(31))
                index = np.int64(((z >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))
                for j in range(m):
                    total[j] += moments[index, j]
            if solve_packed(total, k, work, solution):
                out[draw, :] = solution
                break


@njit(cache=True, nogil=True)
def map_cross_products(
    first: int, last: int, packed: Float, k: int, left: Float, right: Float, out: Float
) -> None:
    """Write left' S right of each person's packed (k, k) cross-products S, flattened by rows."""
    n = packed.shape[0]
    a = left.shape[1]
    b = right.shape[1]
    square = np.empty((k, k))
    half = np.empty((k, b))
    for chunk in range(first, last):
        for person in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK)):
            position = 0
            for i in range(k):
                for j in range(i, k):
                    square[i, j] = packed[person, position]
                    square[j, i] = packed[person, position]
                    position += 1
            for i in range(k):
                for j in range(b):
                    value = 0.0
                    for h in range(k):
                        value += square[i, h] * right[h, j]
                    half[i, j] = value
            for i in range(a):
                for j in range(b):
                    value = 0.0
                    for h in range(k):
                        value += left[h, i] * half[h, j]
                    out[person, i * b + j] = value


@njit(cache=True, nogil=True)
def invert_precision(
    products: Float, person: int, q: int, width: int, factor: Float, root: Float, gain: Float
) -> float:
    """Write gain = L M⁻¹ of one person, M = I + L'AL, and return log|M|.

    A is the first q columns of the person's (q, width) products, L the relative factor.
    `root` (q, q) is scratch: the lower Cholesky factor of M.
    """
    for i in range(q):
        for j in range(i + 1):
            value = 1.0 if i == j else 0.0
            for g in range(q):
                if factor[g, i] != 0.0:
                    inner = 0.0
                    for h in range(q):
                        inner += products[person, g * width + h] * factor[h, j]
                    value += factor[g, i] * inner
            for h in range(j):
                value -= root[i, h] * root[j, h]
            if i == j:
                root[i, i] = np.sqrt(value)
            else:
                root[i, j] = value / root[j, j]
    log_determinant = 0.0
    for i in range(q):
        log_determinant += 2.0 * np.log(root[i, i])
    for row in range(q):
        for j in range(q):
            value = factor[row, j]
            for h in range(j):
                value -= gain[row, h] * root[j, h]
            gain[row, j] = value / root[j, j]
        for step in range(q):
            j = q - 1 - step
            value = gain[row, j]
            for h in range(j + 1, q):
                value -= gain[row, h] * root[h, j]
            gain[row, j] = value / root[j, j]
    return log_determinant


@njit(cache=True, nogil=True)
def explained_by_persons(
    first: int, last: int, products: Float, q: int, width: int, factor: Float, out: Float
) -> None:
    """Write partial sums over chunks of persons of B' P B (packed) and, last, of log|M|.

    B is a person's (q, width - q) part of the products beyond A, and P = L M⁻¹ L'.
    """
    n = products.shape[0]
    c = width - q
    m = c * (c + 1) // 2
    root = np.empty((q, q))
    gain = np.empty((q, q))
    shrink = np.empty((q, q))
    half = np.empty((q, c))
    total = np.empty(m + 1)
    for chunk in range(first, last):
        total[:] = 0.0
        for person in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK)):
            total[m] += invert_precision(products, person, q, width, factor, root, gain)
            multiply_transposed(gain, factor, q, shrink)
            for i in range(q):
                for j in range(c):
                    value = 0.0
                    for h in range(q):
                        value += shrink[i, h] * products[person, h * width + q + j]
                    half[i, j] = value
            position = 0
            for i in range(c):
                for j in range(i, c):
                    value = 0.0
                    for h in range(q):
                        value += products[person, h * width + q + i] * half[h, j]
                    total[position] += value
                    position += 1
        out[chunk, :] = total


@njit(cache=True, nogil=True)
def multiply_transposed(left: Float, right: Float, q: int, out: Float) -> None:
    """Write left right' of two (q, q) matrices."""
    for i in range(q):
        for j in range(q):
            value = 0.0
            for h in range(q):
                value += left[i, h] * right[j, h]
            out[i, j] = value


@njit(cache=True, nogil=True)
def gradient_by_persons(
    first: int,
    last: int,
    products: Float,
    q: int,
    width: int,
    factor: Float,
    weight: Float,
    out: Float,
) -> None:
    """Write partial sums over chunks of 2 (A − (I − A P) B W B') L M⁻¹, flattened (q, q).

    `weight` W (c, c) is the derivative of the criterion by the cross-products B explains.
    """
    n = products.shape[0]
    c = width - q
    root = np.empty((q, q))
    gain = np.empty((q, q))
    shrink = np.empty((q, q))
    half = np.empty((q, c))
    spread = np.empty((q, q))
    slope = np.empty((q, q))
    total = np.empty(q * q)
    for chunk in range(first, last):
        total[:] = 0.0
        for person in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK)):
            invert_precision(products, person, q, width, factor, root, gain)
            multiply_transposed(gain, factor, q, shrink)
            for i in range(q):
                for j in range(c):
                    value = 0.0
                    for h in range(c):
                        value += products[person, i * width + q + h] * weight[h, j]
                    half[i, j] = value
            for i in range(q):
                for j in range(q):
                    value = 0.0
                    for h in range(c):
                        value += half[i, h] * products[person, j * width + q + h]
                    spread[i, j] = value
            for i in range(q):  # slope = A − S + A P S
                for j in range(q):
                    value = 0.0
                    for h in range(q):
                        value += shrink[i, h] * spread[h, j]
                    root[i, j] = value
            for i in range(q):
                for j in range(q):
                    value = products[person, i * width + j] - spread[i, j]
                    for h in range(q):
                        value += products[person, i * width + h] * root[h, j]
                    slope[i, j] = value
            for i in range(q):
                for j in range(q):
                    value = 0.0
                    for h in range(q):
                        value += slope[i, h] * gain[h, j]
                    total[i * q + j] += 2.0 * value
        out[chunk, :] = total


@njit(cache=True, nogil=True)
def conditional_modes(
    first: int,
    last: int,
    products: Float,
    q: int,
    width: int,
    factor: Float,
    coefficients: Float,
    out: Float,
) -> None:
    """Write L M⁻¹ L' B v of each person (n, q), v = (−coefficients, 1)."""
    n = products.shape[0]
    c = width - q
    root = np.empty((q, q))
    gain = np.empty((q, q))
    shrink = np.empty((q, q))
    residual = np.empty(q)
    for chunk in range(first, last):
        for person in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK)):
            invert_precision(products, person, q, width, factor, root, gain)
            multiply_transposed(gain, factor, q, shrink)
            for i in range(q):
                value = products[person, i * width + q + c - 1]
                for j in range(c - 1):
                    value -= products[person, i * width + q + j] * coefficients[j]
                residual[i] = value
            for i in range(q):
                value = 0.0
                for h in range(q):
                    value += shrink[i, h] * residual[h]
                out[person, i] = value
