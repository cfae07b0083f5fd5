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
def group_sums(columns: Float, weights: Float, codes: Int, n_groups: int) -> Float:
    """Sum each column of `columns` (n, k), times the weights (n,), by group."""
    n, k = columns.shape
    out = np.zeros((n_groups, k))
    for row in range(n):
        for j in range(k):
            out[codes[row], j] += weights[row] * columns[row, j]
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
def solve_and_invert(packed: Float, k: int, work: Float, solution: Float, inverse: Float) -> bool:
    """Regress as `solve_packed` does, and invert the cross-products (p, p) of the predictors."""
    p = k - 1
    if not solve_packed(packed, k, work, solution):
        return False
    for column in range(p):  # R of R'R = X'X stands in the upper triangle of `work`
        for i in range(p):
            value = 1.0 if i == column else 0.0
            for h in range(i):
                value -= work[h, i] * inverse[h, column]
            inverse[i, column] = value / work[i, i]
        for step in range(p):
            i = p - 1 - step
            value = inverse[i, column]
            for j in range(i + 1, p):
                value -= work[i, j] * inverse[j, column]
            inverse[i, column] = value / work[i, i]
    return True


@njit(cache=True, nogil=True)
def leave_one_out(moments: Float, k: int, out: Float) -> None:
    """Write the coefficients without each person in turn; NaN where these are collinear."""
    n, m = moments.shape
    whole = np.zeros(m)
    for person in range(n):
        for j in range(m):
            whole[j] += moments[person, j]
    rest = np.empty(m)
    work = np.empty((k, k))
    solution = np.empty(k - 1)
    for person in range(n):
        for j in range(m):
            rest[j] = whole[j] - moments[person, j]
        found = solve_packed(rest, k, work, solution)
        for j in range(k - 1):
            out[person, j] = solution[j] if found else np.nan


@njit(cache=True, nogil=True)
def sandwich_errors(
    moments: Float,
    counts: NDArray[np.int32],
    solution: Float,
    inverse: Float,
    maps: Float,
    meat: Float,
    errors: Float,
) -> None:
    """Write robust standard errors of maps (r, p) times the coefficients.

    The scores of each person count as often as he or she was drawn.
    """
    n = moments.shape[0]
    p = solution.size
    scores = np.empty(p)
    meat[:, :] = 0.0
    for person in range(n):
        if counts[person] == 0:
            continue
        scores[:] = 0.0
        position = 0
        for i in range(p):
            for j in range(i, p + 1):
                value = moments[person, position]
                position += 1
                if j == p:
                    scores[i] += value
                else:
                    scores[i] -= value * solution[j]
                    if j > i:
                        scores[j] -= value * solution[i]
        for i in range(p):
            weighted = counts[person] * scores[i]
            for j in range(i, p):
                meat[i, j] += weighted * scores[j]
    pull = np.empty(p)
    for row in range(maps.shape[0]):
        for i in range(p):
            pull[i] = 0.0
            for j in range(p):
                pull[i] += maps[row, j] * inverse[j, i]
        variance = 0.0
        for i in range(p):
            for j in range(p):
                middle = meat[i, j] if i <= j else meat[j, i]
                variance += pull[i] * middle * pull[j]
        errors[row] = np.sqrt(max(variance, 0.0))


@njit(cache=True, nogil=True)
def add_resampled(
    state: np.uint64, sums: Float, total: Float, counts: NDArray[np.int32]
) -> np.uint64:
    """Add up the sums of as many units as there are, drawn with replacement; the state after it.

    The stream is SplitMix64. Where `counts` has a place for each unit, it says how often each was
    drawn.
    """
    n, m = sums.shape
    total[:] = 0.0
    counts[:] = 0
    counted = counts.size == n
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
        if counted:
            counts[index] += 1
    return state


@njit(cache=True, nogil=True)
def bootstrap_totals(
    first: int, last: int, sums: Float, states: NDArray[np.uint64], out: Float
) -> None:
    """Write the sums (units, m) of resampled units, a row per state of the generator."""
    uncounted = np.zeros(0, dtype=np.int32)
    for draw in range(first, last):
        add_resampled(states[draw], sums, out[draw], uncounted)


@njit(cache=True, nogil=True)
def bootstrap_coefficients(
    first: int,
    last: int,
    moments: Float,
    k: int,
    states: NDArray[np.uint64],
    maps: Float,
    out: Float,
    errors: Float,
) -> None:
    """Write maps (r, p) times the coefficients of resampled persons, a row per state.

    Each draw runs its own SplitMix64 stream; a degenerate sample is drawn again from it. Where
    `errors` has as many rows as `out`, robust standard errors of each draw are written as well.
    """
    n, m = moments.shape
    p = k - 1
    total = np.empty(m)
    work = np.empty((k, k))
    solution = np.empty(p)
    inverse = np.empty((p, p))
    meat = np.empty((p, p))
    with_errors = errors.shape[0] == out.shape[0]
    counts = np.zeros(n if with_errors else 0, dtype=np.int32)
    for draw in range(first, last):
        out[draw, :] = np.nan
        state = states[draw]
        for _ in range(REDRAWS):
            state = add_resampled(state, moments, total, counts)
            if solve_and_invert(total, k, work, solution, inverse):
                for row in range(maps.shape[0]):
                    out[draw, row] = 0.0
                    for j in range(p):
                        out[draw, row] += maps[row, j] * solution[j]
                if with_errors:
                    sandwich_errors(moments, counts, solution, inverse, maps, meat, errors[draw])
                break
