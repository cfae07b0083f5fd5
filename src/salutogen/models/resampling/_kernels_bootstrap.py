"""Compiled loops over persons: arrays in, arrays out.

Symmetric matrices are packed as their upper triangle, row by row. Kernels with `first, last`
work on these draws and write into `out`, so that threads can share the work.

A draw adds up some numbers per person instead of fitting rows; its matrices are so small that a
call of LAPACK costs more than the solution. Each draw has a random stream of its own (SplitMix64;
Steele, Lea & Flood 2014), so that it does not matter which thread makes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]

DEGENERATE = 1e-12  # a pivot below this share of its diagonal means collinear columns
REDRAWS = 100  # attempts at a bootstrap sample in which the columns are not collinear


@njit(cache=True, nogil=True)
def group_cross_products(columns: Float, codes: Int, n_groups: int) -> Float:
    """Sum the packed outer product of each row of `columns` (n, k) by its group."""
    # Rows as they come, scattered to their group: persons need not be sorted, and a group's sums
    # are made in the order of its rows.
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
        # What is left of a column beside those before it, as a share of itself: rounding leaves
        # about 1e-16 of a redundant one. `not >` is true of what is no number, too.
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
def add_resampled(state: np.uint64, sums: Float, total: Float) -> np.uint64:
    """Add up the sums of as many units as there are, drawn with replacement; the state after it.

    The stream is SplitMix64.
    """
    n, m = sums.shape
    total[:] = 0.0
    for _unit in range(n):
        state += np.uint64(0x9E3779B97F4A7C15)
        z = state
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        # Upper 32 bits times n, upper 32 bits of that: a place below n without a division
        # (Lemire 2019), even to one part in 2³²/n.
        index = np.int64(((z >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))
        for j in range(m):
            total[j] += sums[index, j]
    return state


@njit(cache=True, nogil=True)
def bootstrap_totals(
    first: int, last: int, sums: Float, states: NDArray[np.uint64], out: Float
) -> None:
    """Write the sums (units, m) of resampled units, a row per state of the generator."""
    for draw in range(first, last):
        add_resampled(states[draw], sums, out[draw])


@njit(cache=True, nogil=True)
def bootstrap_coefficients(
    first: int, last: int, moments: Float, k: int, states: NDArray[np.uint64], out: Float
) -> None:
    """Write least-squares coefficients of resampled persons, a row per state of the generator.

    Each draw runs its own stream; a degenerate sample is drawn again from it.
    """
    total = np.empty(moments.shape[1])
    work = np.empty((k, k))
    solution = np.empty(k - 1)
    for draw in range(first, last):
        out[draw, :] = np.nan
        state = states[draw]
        for _ in range(REDRAWS):
            state = add_resampled(state, moments, total)
            if solve_packed(total, k, work, solution):
                out[draw, :] = solution
                break
