"""Compiled loops over sites and the persons in them: arrays in, arrays out.

A person's `products` are Z'[Z R] (q, q + w), flattened, where Z belongs to the person and
R = [S X y] are the columns of the site's random effects (s), the fixed terms and the outcome, w in
all. Persons are eliminated first, then their site. Persons of site i are starts[i] …
starts[i + 1] − 1. Kernels work on sites first … last − 1, each with its own place in `out`, so
that results do not depend on threads.

Eliminating persons before sites is the Cholesky factorisation of the mixed-model equations in that
order, which fills in nothing (Bates & DebRoy 2004): a site's persons have no columns in common
but the site's. So time and memory grow with the persons, not with the square of a site's size.
Sites differ in size, so that here a unit at a time is treated, not a block of persons side by side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@njit(cache=True, nogil=True)
def invert_precision(
    products: Float, person: int, q: int, width: int, factor: Float, root: Float, gain: Float
) -> float:
    """Write gain = L M⁻¹ of one person, M = I + L'AL, and return log|M|.

    A is the first q columns of the person's (q, width) products, L the relative factor.
    `root` (q, q) is scratch: the lower Cholesky factor of M.
    """
    # M has no eigenvalue below 1: no pivot needs a guard, and a variance of zero is no special
    # case. Uncorrelated terms make most of L zero; those sums are skipped.
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
def multiply_transposed(left: Float, right: Float, q: int, out: Float) -> None:
    """Write left right' of two (q, q) matrices."""
    for i in range(q):
        for j in range(q):
            value = 0.0
            for h in range(q):
                value += left[i, h] * right[j, h]
            out[i, j] = value


@njit(cache=True, nogil=True)
def eliminate(
    products: Float,
    unit: int,
    q: int,
    width: int,
    factor: Float,
    root: Float,
    gain: Float,
    shrink: Float,
) -> float:
    """Write gain = L M⁻¹ and shrink = L M⁻¹ L' of one unit, M = I + L'AL, and return log|M|.

    A is the first q columns of the unit's (q, width) products; `root` (q, q) is scratch.
    """
    log_determinant = invert_precision(products, unit, q, width, factor, root, gain)
    multiply_transposed(gain, factor, q, shrink)
    return log_determinant


@njit(cache=True, nogil=True)
def times_products(left: Float, products: Float, unit: int, q: int, width: int, out: Float) -> None:
    """Write left B (q, width − q), B the part of a unit's products beyond A."""
    for i in range(q):
        for j in range(width - q):
            value = 0.0
            for h in range(q):
                value += left[i, h] * products[unit, h * width + q + j]
            out[i, j] = value


@njit(cache=True, nogil=True)
def eliminate_sites(
    first: int,
    last: int,
    starts: Int,
    products: Float,
    rest: Float,
    q: int,
    s: int,
    factor: Float,
    outer: Float,
    eliminated: Float,
    out: Float,
) -> None:
    """Take the random effects out of each site's cross-products of R.

    `rest` (n_sites, w w) holds R'R. Writes into `eliminated`, of the same shape, what is left
    after the persons; into `out` the upper triangle of what is left of [X y] after the site,
    and last the sum of log|M| of the site and its persons.
    """
    # What is left after the persons is kept (`eliminated`): the gradient and the modes start from
    # there, so that only the persons' small factors are made again.
    w = int(np.sqrt(rest.shape[1]) + 0.5)  # + 0.5: a root just below a whole number is that number
    width = q + w
    c = w - s
    root = np.empty((q, q))
    gain = np.empty((q, q))
    shrink = np.empty((q, q))
    half = np.empty((q, w))
    site_root = np.empty((s, s))
    site_gain = np.empty((s, s))
    site_shrink = np.empty((s, s))
    site_half = np.empty((s, c))
    for site in range(first, last):
        log_determinant = 0.0
        for place in range(rest.shape[1]):  # no slice, as it compiles a second longer
            eliminated[site, place] = rest[site, place]
        for person in range(starts[site], starts[site + 1]):
            log_determinant += eliminate(products, person, q, width, factor, root, gain, shrink)
            times_products(shrink, products, person, q, width, half)
            for i in range(w):
                for j in range(w):
                    value = 0.0
                    for h in range(q):
                        value += products[person, h * width + q + i] * half[h, j]
                    eliminated[site, i * w + j] -= value
        log_determinant += eliminate(
            eliminated, site, s, w, outer, site_root, site_gain, site_shrink
        )
        times_products(site_shrink, eliminated, site, s, w, site_half)
        position = 0
        for i in range(c):
            for j in range(i, c):
                value = eliminated[site, (s + i) * w + s + j]
                for h in range(s):
                    value -= eliminated[site, h * w + s + i] * site_half[h, j]
                out[site, position] = value
                position += 1
        out[site, position] = log_determinant


@njit(cache=True, nogil=True)
def add_slope(
    products: Float,
    unit: int,
    q: int,
    width: int,
    weight: Float,
    gain: Float,
    shrink: Float,
    spread: Float,
    out: Float,
    row: int,
    start: int,
) -> None:
    """Add 2 (A − (I − A P) B W B') L M⁻¹ of one unit to out[row, start:], flattened (q, q).

    `weight` W is the derivative of the criterion by what is left of the products beyond A after
    the unit is eliminated; `spread` (q, q) is scratch.
    """
    # The chain rule of one elimination (reverse mode): with W the derivative by what was left,
    # everything upstream follows from W alone, however many parameters there are.
    for i in range(q):
        for j in range(q):
            value = 0.0
            for g in range(width - q):
                inner = 0.0
                for h in range(width - q):
                    inner += weight[g, h] * products[unit, j * width + q + h]
                value += products[unit, i * width + q + g] * inner
            spread[i, j] = value
    for i in range(q):
        for j in range(q):
            total = 0.0
            for h in range(q):
                slope = products[unit, i * width + h] - spread[i, h]
                for g in range(q):
                    inner = 0.0
                    for f in range(q):
                        inner += shrink[g, f] * spread[f, h]
                    slope += products[unit, i * width + g] * inner
                total += slope * gain[h, j]
            out[row, start + i * q + j] += 2.0 * total


@njit(cache=True, nogil=True)
def gradient_by_sites(
    first: int,
    last: int,
    starts: Int,
    products: Float,
    eliminated: Float,
    q: int,
    s: int,
    factor: Float,
    outer: Float,
    weight: Float,
    weights: Float,
    out: Float,
) -> None:
    """Write each site's part of the derivatives by both factors, flattened (q q + s s).

    `weight` (c, c) is the derivative of the criterion by what is left of [X y]. Writes into
    `weights` (n_sites, w, w) the derivative by what is left of R after the persons.
    """
    w = s + weight.shape[0]
    width = q + w
    c = w - s
    root = np.empty((q, q))
    gain = np.empty((q, q))
    shrink = np.empty((q, q))
    spread = np.empty((q, q))
    site_root = np.empty((s, s))
    site_gain = np.empty((s, s))
    site_shrink = np.empty((s, s))
    site_spread = np.empty((s, s))
    back = np.empty((s, c))
    for site in range(first, last):
        out[site, :] = 0.0
        # Backwards: first the site, whose derivative by what its persons left is theirs to use.
        eliminate(eliminated, site, s, w, outer, site_root, site_gain, site_shrink)
        add_slope(
            eliminated, site, s, w, weight, site_gain, site_shrink, site_spread, out, site, q * q
        )
        times_products(site_shrink, eliminated, site, s, w, back)
        own = weights[site]
        for i in range(c):
            for j in range(c):
                own[s + i, s + j] = weight[i, j]
        for i in range(s):
            for j in range(c):
                value = 0.0
                for h in range(c):
                    value -= back[i, h] * weight[h, j]
                own[i, s + j] = value
                own[s + j, i] = value
        for i in range(s):
            for j in range(s):
                value = site_shrink[i, j]
                for h in range(c):
                    value -= own[i, s + h] * back[j, h]
                own[i, j] = value
        for person in range(starts[site], starts[site + 1]):
            eliminate(products, person, q, width, factor, root, gain, shrink)
            add_slope(products, person, q, width, own, gain, shrink, spread, out, site, 0)


@njit(cache=True, nogil=True)
def nested_modes(
    first: int,
    last: int,
    starts: Int,
    products: Float,
    eliminated: Float,
    q: int,
    s: int,
    factor: Float,
    outer: Float,
    residual: Float,
    site_modes: Float,
    modes: Float,
) -> None:
    """Write the conditional modes of sites (n_sites, s) and persons (n_persons, q).

    `residual` is (−coefficients, 1).
    """
    c = len(residual)
    w = s + c
    width = q + w
    root = np.empty((q, q))
    gain = np.empty((q, q))
    shrink = np.empty((q, q))
    half = np.empty((q, w))
    site_root = np.empty((s, s))
    site_gain = np.empty((s, s))
    site_shrink = np.empty((s, s))
    site_half = np.empty((s, c))
    for site in range(first, last):
        eliminate(eliminated, site, s, w, outer, site_root, site_gain, site_shrink)
        times_products(site_shrink, eliminated, site, s, w, site_half)
        for i in range(s):
            value = 0.0
            for j in range(c):
                value += site_half[i, j] * residual[j]
            site_modes[site, i] = value
        # Back substitution, in the opposite order: a person's mode depends on the site's.
        for person in range(starts[site], starts[site + 1]):
            eliminate(products, person, q, width, factor, root, gain, shrink)
            times_products(shrink, products, person, q, width, half)
            for i in range(q):
                value = 0.0
                for j in range(s):
                    value -= half[i, j] * site_modes[site, j]
                for j in range(c):
                    value += half[i, s + j] * residual[j]
                modes[person, i] = value
