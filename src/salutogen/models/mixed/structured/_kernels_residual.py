"""Compiled loops over rows whose residuals are correlated or unequal: arrays in, arrays out.

Rows are sorted by site, person and time. A row is divided by its level's spread; within a person
what the row before predicts (share of it: exp(−decay · gap)) is taken away and the remainder is
brought back to variance one. So the rows are independent afterwards, and one pass is enough.

An Ornstein-Uhlenbeck process is Markov: given the row before, the earlier ones say nothing more, so
that the inverse covariance of a person is tridiagonal and never built (Pinheiro & Bates 2000,
section 5.3; Jones & Boadi-Boateng 1991). Sums over rows are made per site, in the order of rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit
from salutogen.models.mixed.structured._kernels_nested import eliminate, times_products

Float = NDArray[np.float64]
Int = NDArray[np.int64]
TINY, HUGE = 1e-100, 1e100  # between which a product of spreads stays, whatever the next one is


@njit(cache=True, nogil=True)
def whiten(
    rows: Float,
    row: int,
    levels: Int,
    spreads: Float,
    share: float,
    left: float,
    out: Float,
) -> None:
    """Write the row made independent of the one before it, which predicts `share` of it.

    `left` is the standard deviation given the row before, in units of the spread.
    """
    # The first row of a person must not look at the row before, which is somebody else's.
    k = rows.shape[1]
    own = 1.0 / (spreads[levels[row]] * left)
    if share == 0.0:
        for i in range(k):
            out[i] = rows[row, i] * own
        return
    before = share / (spreads[levels[row - 1]] * left)
    for i in range(k):
        out[i] = rows[row, i] * own - rows[row - 1, i] * before


@njit(cache=True, nogil=True)
def whitened_products(
    first: int,
    last: int,
    starts: Int,
    row_starts: Int,
    rows: Float,
    gaps: Float,
    levels: Int,
    decay: float,
    spreads: Float,
    q: int,
    shares: Float,
    lefts: Float,
    products: Float,
    rest: Float,
    log_determinants: Float,
) -> None:
    """Write cross-products of whitened rows [Z R] by person and site, and log|residuals| by site.

    `products` (n_persons, q (q + w)) are Z'[Z R], `rest` (n_sites, w w) R'R; person i has the
    rows row_starts[i] … row_starts[i + 1] − 1. `shares` and `lefts` (n,) are kept for the
    derivatives.
    """
    k = rows.shape[1]
    w = k - q
    white = np.empty(k)
    own, whole = np.empty((q, k)), np.empty((w, w))  # sums in small arrays of their own are faster
    for site in range(first, last):
        total, scale = 0.0, 1.0
        whole[:] = 0.0
        for person in range(starts[site], starts[site + 1]):
            own[:] = 0.0
            for row in range(row_starts[person], row_starts[person + 1]):
                share, left = 0.0, 1.0
                if row > row_starts[person]:
                    # 1 − share² of rows that follow at once, or of a correlation near 1, would be
                    # all rounding: share − 1 is what is computed.
                    less = np.expm1(-decay * gaps[row])
                    share, left = 1.0 + less, np.sqrt(-less * (2.0 + less))
                shares[row], lefts[row] = share, left
                whiten(rows, row, levels, spreads, share, left, white)
                scale *= left * spreads[levels[row]]
                if not TINY < scale < HUGE:  # a logarithm of many rows at once
                    total += 2.0 * np.log(scale)
                    scale = 1.0
                for i in range(q):
                    value = white[i]
                    for j in range(k):
                        own[i, j] += value * white[j]
                for i in range(w):
                    value = white[q + i]
                    for j in range(i + 1):
                        whole[i, j] += value * white[q + j]
            products[person, :] = own.ravel()
        for i in range(w):
            for j in range(i + 1):
                rest[site, i * w + j] = rest[site, j * w + i] = whole[i, j]
        log_determinants[site] = total + 2.0 * np.log(scale)


@njit(cache=True, nogil=True)
def residual_gradient(
    first: int,
    last: int,
    starts: Int,
    row_starts: Int,
    rows: Float,
    gaps: Float,
    levels: Int,
    shares: Float,
    lefts: Float,
    spreads: Float,
    q: int,
    products: Float,
    factor: Float,
    weights: Float,
    out: Float,
) -> None:
    """Write each site's part of the derivatives by the decay and the logarithms of the spreads.

    `products` are those of the whitened rows, `weights` (n_sites, w, w) the derivative of the
    criterion by what is left of R'R after the persons.
    """
    # A second pass over the rows instead of keeping derivatives of the products, which would be as
    # many per person as there are parameters. Rows are made white anew: that is two products each.
    k = rows.shape[1]
    w = k - q
    root = np.empty((q, q))
    gain = np.empty((q, q))
    shrink = np.empty((q, q))
    back = np.empty((q, w))
    white = np.empty(k)
    pull = np.empty(k)
    own_left = np.empty(w)
    for site in range(first, last):
        out[site, :] = 0.0
        weight = weights[site]
        for person in range(starts[site], starts[site + 1]):
            eliminate(products, person, q, k, factor, root, gain, shrink)
            times_products(shrink, products, person, q, k, back)
            for row in range(row_starts[person], row_starts[person + 1]):
                share, left = shares[row], lefts[row]
                is_first = share == 0.0  # also where a new day begins: the gap is infinite
                if is_first and len(spreads) == 1:
                    continue  # nothing of it depends on the decay
                whiten(rows, row, levels, spreads, share, left, white)
                adjoint(white, q, shrink, back, weight, own_left, pull)
                here, before, same = 0.0, 0.0, 0.0
                for i in range(k):
                    same += pull[i] * white[i]
                    if not is_first:
                        before += pull[i] * rows[row - 1, i]
                if len(spreads) > 1:
                    own = levels[row]
                    for i in range(k):
                        here += pull[i] * rows[row, i]
                    here /= spreads[own] * left
                    out[site, 1 + own] += 2.0 * (1.0 - here)
                if not is_first:
                    previous = levels[row - 1]
                    before /= spreads[previous] * left
                    out[site, 1 + previous] += 2.0 * share * before
                    by_share = share / (left * left)  # of log(left), with the other sign
                    slope = 2.0 * (same * by_share - before) - 2.0 * by_share
                    out[site, 0] -= gaps[row] * share * slope


@njit(cache=True, nogil=True)
def adjoint(
    white: Float, q: int, shrink: Float, back: Float, weight: Float, own: Float, pull: Float
) -> None:
    """Write half the derivative of the criterion by one whitened row [z r].

    It is (P z − P B W e, W e) with e = r − B'P z, which is left in `own` (w,).
    """
    w = len(white) - q
    for j in range(w):
        e = white[q + j]
        for h in range(q):
            e -= back[h, j] * white[h]
        own[j] = e
    for i in range(w):
        value = 0.0
        for j in range(w):
            value += weight[i, j] * own[j]
        pull[q + i] = value
    for i in range(q):
        value = 0.0
        for h in range(q):
            value += shrink[i, h] * white[h]
        for j in range(w):
            value -= back[i, j] * pull[q + j]
        pull[i] = value
