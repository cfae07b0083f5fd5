"""Compiled rounds of chained equations: each column that has gaps is drawn given the others.

A regression is made from cross-products. Those of all rows, completed, are kept up to date as
columns change; those of the rows in which a column was seen are the whole less the rows in which it
was not, or the other way round where fewer were seen. Random numbers are drawn outside, a stream to
each chain, so that it does not matter which thread runs it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

COLLINEAR = 1e-9  # a pivot below this share of its diagonal: the column follows from those before
RIDGE = 1e-5  # of the diagonal, where predictors are collinear


@njit(cache=True, nogil=True)
def add_products(
    values: Float, rows: Int, columns: Int, sign: float, room: Float, out: Float
) -> None:
    """Add sign × products of some columns, summed over some rows, to an upper triangle (q, q).

    `room` is (4, q): four rows at a time save three of four passes over `out`.
    """
    q, n = columns.size, rows.size
    for start in range(0, n, 4):
        for k in range(4):
            for c in range(q):
                room[k, c] = values[rows[start + k], columns[c]] if start + k < n else 0.0
        for i in range(q):
            a, b = sign * room[0, i], sign * room[1, i]
            d, e = sign * room[2, i], sign * room[3, i]
            for c in range(i, q):
                out[i, c] += a * room[0, c] + b * room[1, c] + d * room[2, c] + e * room[3, c]


@njit(cache=True, nogil=True)
def factor(products: Float, ridge: float, work: Float) -> bool:
    """Write the upper Cholesky factor of cross-products (q, q) whose last column is the outcome.

    The last pivot is left as it is: the residual sum of squares. The first column is the constant,
    which a ridge leaves alone; values are in SD, so that its square is the size of the others,
    which a column that is 0 in these rows does not have. False where predictors are collinear.
    """
    q = len(products)
    for i in range(q):
        for c in range(i, q):
            work[i, c] = products[i, c]
        if 0 < i < q - 1:
            work[i, i] += ridge * max(products[i, i], products[0, 0])
    for i in range(q - 1):
        pivot = work[i, i]
        if not pivot > COLLINEAR * max(products[i, i], products[0, 0]):
            return False
        root = np.sqrt(pivot)
        for c in range(i, q):
            work[i, c] /= root
        for k in range(i + 1, q):
            share = work[i, k]
            for c in range(k, q):
                work[k, c] -= share * work[i, c]
    return True


@njit(cache=True, nogil=True)
def solve_back(work: Float, right: Float, out: Float) -> None:
    """Solve R b = right for the upper triangle R of the predictors in `work` (q + 1, q + 1)."""
    q = right.size
    for step in range(q):
        i = q - 1 - step
        value = right[i]
        for c in range(i + 1, q):
            value -= work[i, c] * out[c]
        out[i] = value / work[i, i]


@njit(cache=True, nogil=True)
def predicted(values: Float, row: int, columns: Int, coefficients: Float) -> float:
    """Return what a regression expects of a row; equal rows get equal digits."""
    q = coefficients.size
    a = b = d = e = 0.0
    for c in range(0, q - q % 4, 4):
        a += coefficients[c] * values[row, columns[c]]
        b += coefficients[c + 1] * values[row, columns[c + 1]]
        d += coefficients[c + 2] * values[row, columns[c + 2]]
        e += coefficients[c + 3] * values[row, columns[c + 3]]
    for c in range(q - q % 4, q):
        a += coefficients[c] * values[row, columns[c]]
    return (a + b) + (d + e)


@njit(cache=True, nogil=True)
def nearest(ordered: Float, wanted: float, rank: int, chance: float) -> int:
    """Return the place of the (rank + 1)-th nearest of sorted numbers; of equal ones, any.

    `chance` from 0 to 1 chooses among those equal to it, as if ties had been broken at random.
    """
    n = ordered.size
    above = int(np.searchsorted(ordered, wanted))
    below = above - 1
    place = 0
    for _ in range(rank + 1):
        if above >= n or (below >= 0 and wanted - ordered[below] <= ordered[above] - wanted):
            place = below
            below -= 1
        else:
            place = above
            above += 1
    first = int(np.searchsorted(ordered, ordered[place]))
    last = int(np.searchsorted(ordered, ordered[place], side="right"))
    return first + min(int(chance * (last - first)), last - first - 1)


@njit(cache=True, nogil=True)
def put(values: Float, rows: Int, column: int, new: Float, gram: Float) -> None:
    """Put values into some rows of a column and bring the cross-products up to date."""
    for g in range(rows.size):
        old = values[rows[g], column]
        change, square = new[g] - old, new[g] * new[g] - old * old
        whole = gram[column, column] + square
        for c in range(len(gram)):
            gram[column, c] += change * values[rows[g], c]
        gram[column, column] = whole
        values[rows[g], column] = new[g]
    for c in range(len(gram)):
        gram[c, column] = gram[column, c]


@njit(cache=True, nogil=True)
def regress(
    values: Float, gram: Float, seen: Int, gaps: Int, columns: Int, work: Float
) -> tuple[bool, bool]:
    """Factor the cross-products of the rows in which the last of some columns was seen.

    Returns
    -------
    whether it could be done, and whether it took a ridge.
    """
    q = columns.size
    products, room = np.zeros((q, q)), np.empty((4, q))
    if gaps.size < seen.size:
        for i in range(q):
            for c in range(i, q):
                products[i, c] = gram[columns[i], columns[c]]
        add_products(values, gaps, columns, -1.0, room, products)
    else:
        add_products(values, seen, columns, 1.0, room, products)
    if factor(products, 0.0, work):
        return True, False
    return factor(products, RIDGE, work), True


@njit(cache=True, nogil=True)
def match(
    values: Float,
    gaps: Int,
    seen: Int,
    columns: Int,
    mean: Float,
    drawn: Float,
    n_donors: int,
    chances: Float,
    donors: Int,
) -> None:
    """Write the row of a donor for each gap: one of those whose expected value is nearest.

    Donors are expected by the estimate, gaps by the draw (type 1 of van Buuren 2018, 3.4).
    """
    expected = np.empty(seen.size)
    for r in range(seen.size):
        expected[r] = predicted(values, seen[r], columns, mean)
    order = np.argsort(expected, kind="mergesort")
    ordered = expected[order]
    k = min(n_donors, seen.size)
    for g in range(gaps.size):
        wanted = predicted(values, gaps[g], columns, drawn)
        rank = min(int(chances[2 * g] * k), k - 1)
        donors[g] = seen[order[nearest(ordered, wanted, rank, chances[2 * g + 1])]]


@njit(cache=True, nogil=True)
def one_round(
    values: Float,
    visits: Int,
    gap_starts: Int,
    gap_rows: Int,
    seen_starts: Int,
    seen_rows: Int,
    predictor_starts: Int,
    predictors: Int,
    matched: Bool,
    n_donors: int,
    normals: Float,
    squares: Float,
    chances: Float,
    donors: Int,
    trace: Float,
    ridged: Bool,
) -> int:
    """Draw every column that has gaps once, given all that its regression uses.

    Parameters
    ----------
    values : array (n, p)
        Completed, in SD; the first column is the constant. Changed in place.
    visits : array (v,)
        Columns with gaps, in the order of drawing; of visit j, rows and predictors (the constant
        first) stand between its starts.
    matched : array (v,)
        Predictive mean matching (of observed values) instead of normal draws.
    normals, squares, chances
        Random numbers, in the order in which they are used: normal ones for the coefficients and,
        where values are drawn, the gaps; a chi-square to each visit; two uniform ones to a gap.
    donors : array (gaps,)
        Row whose value was taken, written where matched.
    trace : array (v, 2)
        Mean and SD of what was drawn, written.
    ridged : array (v,)
        Set where predictors were collinear.

    Returns
    -------
    The visit whose regression failed, or -1.
    """
    everything, every_row = np.arange(values.shape[1]), np.arange(values.shape[0])
    gram = np.zeros((values.shape[1], values.shape[1]))
    add_products(values, every_row, everything, 1.0, np.empty((4, everything.size)), gram)
    for i in range(len(gram)):
        for c in range(i):
            gram[i, c] = gram[c, i]
    at = 0
    for j in range(visits.size):
        gaps = gap_rows[gap_starts[j] : gap_starts[j + 1]]
        seen = seen_rows[seen_starts[j] : seen_starts[j + 1]]
        own = predictors[predictor_starts[j] : predictor_starts[j + 1]]
        q = own.size
        columns = np.empty(q + 1, dtype=np.int64)
        columns[:q], columns[q] = own, visits[j]
        work = np.empty((q + 1, q + 1))
        done, took_ridge = regress(values, gram, seen, gaps, columns, work)
        if not done:
            return j
        ridged[j] |= took_ridge
        spread = np.sqrt(max(work[q, q], 0.0) / squares[j])
        right = work[:q, q].copy()
        drawn, new = np.empty(q), np.empty(gaps.size)
        solve_back(work, right + spread * normals[at : at + q], drawn)
        at += q
        first, last = gap_starts[j], gap_starts[j + 1]
        if matched[j]:
            mean = np.empty(q)
            solve_back(work, right, mean)
            some = chances[2 * first : 2 * last]
            match(values, gaps, seen, own, mean, drawn, n_donors, some, donors[first:last])
            for g in range(gaps.size):
                new[g] = values[donors[first + g], visits[j]]
        else:
            for g in range(gaps.size):
                new[g] = predicted(values, gaps[g], own, drawn) + spread * normals[at + g]
            at += gaps.size
        put(values, gaps, visits[j], new, gram)
        mean_of_gaps = np.sum(new) / gaps.size
        trace[j, 0], trace[j, 1] = mean_of_gaps, np.nan
        if gaps.size > 1:
            trace[j, 1] = np.sqrt(np.sum((new - mean_of_gaps) ** 2) / (gaps.size - 1))
    return -1
