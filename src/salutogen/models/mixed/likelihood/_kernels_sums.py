"""Compiled loops of the profiled criterion: one pass over the persons gives value and gradient.

Products lie by column (h, n_persons), so that one instruction serves several persons: first the
upper triangle of A = Z'Z by rows, then B = Z'[X y] by rows. With relative covariance S of the
random effects, P = (I + S A)⁻¹ S and F = I − A P of each person,

    G = total − Σ B'P B,        dG = −Σ (F B)' dS (F B),        d log|I + S A| = tr(F A dS).

Kernels with `first, last` work on these chunks of persons; each chunk has its own slot, so results
do not depend on how many threads there are.

The likelihood is that of Bates et al. (2015, section 3), written with P and F, which exist where S
has no inverse: a variance of zero is no special case, and the search may run through it.
Persons are the innermost loop everywhere, in blocks that stay in the nearest cache: matrices of
one to four rows give a processor nothing to do several at a time, a block of persons does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit
from salutogen.models.moments._kernels_reduction import BLOCK, CHUNK, LOOSE

Float = NDArray[np.float64]

LOGS = 8  # determinants multiplied before one logarithm is taken
LARGE = 1e37  # a determinant beyond which products of eight could overflow


@njit(cache=True, nogil=True, fastmath=LOOSE)
def shrink_one(
    products: Float, begin: int, size: int, S: Float, P: Float, F: Float, D: Float
) -> None:
    """P, F and the determinant of I + S A of a block of persons, for one random term."""
    # Written out: random intercepts are what is fitted most, and need neither root nor matrix.
    s = S[0, 0]
    for x in range(size):
        D[x] = 1.0 + s * products[0, begin + x]
        P[0, x] = s / D[x]
        F[0, x] = 1.0 / D[x]


@njit(cache=True, nogil=True, fastmath=LOOSE)
def shrink_two(
    products: Float, begin: int, size: int, S: Float, P: Float, F: Float, D: Float
) -> None:
    """The same for two random terms, by the adjugate; no digits cancel."""
    # |S| comes ready from the factor (see `relative_covariance`): s w − v² would lose its digits
    # where the correlation is near ±1.
    s, v, w = S[0, 0], S[0, 1], S[1, 1]
    whole = S[2, 0]
    for x in range(size):
        a, b, d = products[0, begin + x], products[1, begin + x], products[2, begin + x]
        D[x] = 1.0 + s * a + 2.0 * v * b + w * d + whole * (a * d - b * b)
        inverse = 1.0 / D[x]
        P[0, x] = (s + whole * d) * inverse
        P[1, x] = (v - whole * b) * inverse
        P[2, x] = (w + whole * a) * inverse
        F[0, x] = (1.0 + b * v + d * w) * inverse
        F[1, x] = -(a * v + b * w) * inverse
        F[2, x] = -(b * s + d * v) * inverse
        F[3, x] = (1.0 + a * s + b * v) * inverse


@njit(cache=True, nogil=True, fastmath=LOOSE)
def decompose_block(A: Float, factor: Float, size: int, root: Float, D: Float) -> None:
    """Lower Cholesky factors of I + L'A L of a block of persons, on zeros, and determinants."""
    # I + L'A L has no eigenvalue below 1, so no pivot needs a guard, whatever L is.
    q = factor.shape[0]
    AL = np.zeros((q, q, BLOCK))
    D[:size] = 1.0
    for i in range(q):
        for j in range(q):
            for h in range(q):
                for x in range(size):
                    AL[i, j, x] += A[i, h, x] * factor[h, j]
    for i in range(q):
        for j in range(i + 1):
            for g in range(q):
                for x in range(size):
                    root[i, j, x] += factor[g, i] * AL[g, j, x]
            for h in range(j):
                for x in range(size):
                    root[i, j, x] -= root[i, h, x] * root[j, h, x]
            for x in range(size):
                if i == j:
                    root[i, i, x] += 1.0
                    D[x] *= root[i, i, x]
                    root[i, i, x] = np.sqrt(root[i, i, x])
                else:
                    root[i, j, x] /= root[j, j, x]


@njit(cache=True, nogil=True, fastmath=LOOSE)
def shrink_many(
    products: Float, begin: int, size: int, factor: Float, P: Float, F: Float, D: Float
) -> None:
    """The same for any number of random terms, by the Cholesky factor of I + L'A L."""
    q = factor.shape[0]
    A = np.empty((q, q, BLOCK))
    root = np.zeros((q, q, BLOCK))
    gain = np.empty((q, q, BLOCK))
    position = 0
    for i in range(q):
        for j in range(i, q):
            for x in range(size):
                A[i, j, x] = products[position, begin + x]
                A[j, i, x] = A[i, j, x]
            position += 1
    decompose_block(A, factor, size, root, D)
    # gain = L root⁻ᵀ, so that P = gain gain' is symmetric and no smaller than zero by construction.
    for row in range(q):
        for j in range(q):
            for x in range(size):
                gain[row, j, x] = factor[row, j]
            for h in range(j):
                for x in range(size):
                    gain[row, j, x] -= gain[row, h, x] * root[j, h, x]
            for x in range(size):
                gain[row, j, x] /= root[j, j, x]
    position = 0
    for i in range(q):
        for j in range(i, q):
            for x in range(size):
                P[position, x] = 0.0
            for h in range(q):
                for x in range(size):
                    P[position, x] += gain[i, h, x] * gain[j, h, x]
            for x in range(size):  # the root is done with: its place takes P, unpacked
                root[i, j, x] = P[position, x]
                root[j, i, x] = P[position, x]
            position += 1
    for i in range(q):
        for j in range(q):
            for x in range(size):
                F[i * q + j, x] = 1.0 if i == j else 0.0
            for h in range(q):
                for x in range(size):
                    F[i * q + j, x] -= A[i, h, x] * root[h, j, x]


@njit(cache=True, nogil=True)
def shrink(
    products: Float, begin: int, size: int, factor: Float, S: Float, P: Float, F: Float, D: Float
) -> None:
    """Write P (packed), F (by rows) and |I + S A| of a block of persons; S = L L'.

    The third row of S holds |S| in its first place where there are two random terms.
    """
    q = factor.shape[0]
    if q == 1:
        shrink_one(products, begin, size, S, P, F, D)
    elif q == 2:
        shrink_two(products, begin, size, S, P, F, D)
    else:
        shrink_many(products, begin, size, factor, P, F, D)


@njit(cache=True, nogil=True)
def relative_covariance(factor: Float) -> Float:
    """S = L L' (q + 1, q), and below it the determinant where q is two."""
    q = factor.shape[0]
    S = np.zeros((q + 1, q))
    for i in range(q):
        for j in range(q):
            for h in range(q):
                S[i, j] += factor[i, h] * factor[j, h]
    if q == 2:
        S[2, 0] = (factor[0, 0] * factor[1, 1] - factor[0, 1] * factor[1, 0]) ** 2
    return S


@njit(cache=True, nogil=True, fastmath=LOOSE)
def sum_of_logs(D: Float, size: int) -> float:
    """Sum of the logarithms of numbers of at least one."""
    # Logarithms are the dearest part of a pass for few random terms: one of a product of eight
    # costs as much as one of a number. Determinants are at least 1, so only overflow can spoil it.
    largest = 0.0
    for x in range(size):
        largest = max(largest, D[x])
    total = 0.0
    if largest < LARGE:
        for x in range(size - size % LOGS, size):
            total += np.log(D[x])
        for start in range(0, size - size % LOGS, LOGS):
            value = D[start]
            for x in range(start + 1, start + LOGS):
                value *= D[x]
            total += np.log(value)
    else:
        for x in range(size):
            total += np.log(D[x])
    return total


@njit(cache=True, nogil=True, fastmath=LOOSE)
def combine_two(left: Float, right: Float, size: int) -> float:
    """Sum of products over a block of persons."""
    value = 0.0
    for x in range(size):
        value += left[x] * right[x]
    return value


@njit(cache=True, nogil=True, fastmath=LOOSE)
def apply_to_block(
    products: Float, begin: int, size: int, P: Float, F: Float, q: int, c: int, PB: Float, FB: Float
) -> None:
    """Write P B and F B of a block of persons, by rows."""
    # Places in the packed triangles are worked out per (a, b), outside the loop over persons.
    first = q * (q + 1) // 2
    for a in range(q):
        for j in range(c):
            for x in range(size):
                PB[a * c + j, x] = 0.0
                FB[a * c + j, x] = 0.0
            for b in range(q):
                low, high = min(a, b), max(a, b)
                place = low * q - low * (low - 1) // 2 + high - low
                source = first + b * c + j
                for x in range(size):
                    value = products[source, begin + x]
                    PB[a * c + j, x] += P[place, x] * value
                    FB[a * c + j, x] += F[a * q + b, x] * value


@njit(cache=True, nogil=True)
def sums_over_persons(
    first: int, last: int, products: Float, factor: Float, c: int, out: Float
) -> None:
    """Write partial sums over chunks of persons, all that value and gradient need.

    In order: log|I + S A|; B'P B (packed, m); then for each a ≤ b: F A [a, b] and, packed (m),
    the derivative of B'P B by S [a, b] (off the diagonal of S, half of it).
    """
    # Value and gradient in one pass: reading the products is what takes the time, and derivatives
    # need no other numbers than P, F and B, which are in the cache then.
    n = products.shape[1]
    q = factor.shape[0]
    r = q * (q + 1) // 2
    m = c * (c + 1) // 2
    S = relative_covariance(factor)
    P = np.empty((r, BLOCK))
    F = np.empty((q * q, BLOCK))
    D = np.empty(BLOCK)
    PB = np.empty((q * c, BLOCK))
    FB = np.empty((q * c, BLOCK))
    total = np.empty(1 + m + r * (1 + m))
    for chunk in range(first, last):
        total[:] = 0.0
        for begin in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK), BLOCK):
            size = min(n, (chunk + 1) * CHUNK, begin + BLOCK) - begin
            shrink(products, begin, size, factor, S, P, F, D)
            apply_to_block(products, begin, size, P, F, q, c, PB, FB)
            total[0] += sum_of_logs(D, size)
            place = 1
            for i in range(c):
                for j in range(i, c):
                    for a in range(q):
                        total[place] += combine_two(
                            products[r + a * c + i, begin:], PB[a * c + j], size
                        )
                    place += 1
            for a in range(q):
                for b in range(a, q):
                    for h in range(q):
                        low, high = min(b, h), max(b, h)
                        source = low * q - low * (low - 1) // 2 + high - low
                        total[place] += combine_two(F[a * q + h], products[source, begin:], size)
                    place += 1
                    for i in range(c):
                        for j in range(i, c):
                            value = combine_two(FB[a * c + i], FB[b * c + j], size)
                            if i != j:
                                value += combine_two(FB[a * c + j], FB[b * c + i], size)
                            total[place] += value
                            place += 1
        for place in range(total.size):  # no slice, as it compiles two seconds longer
            out[chunk, place] = total[place]


@njit(cache=True, nogil=True)
def conditional_modes(
    first: int,
    last: int,
    products: Float,
    factor: Float,
    coefficients: Float,
    units: Float,
    out: Float,
) -> None:
    """Write units P B v of each person (n, q), v = (−coefficients, 1)."""
    n = products.shape[1]
    q = factor.shape[0]
    p = len(coefficients)
    r = q * (q + 1) // 2
    S = relative_covariance(factor)
    P = np.empty((r, BLOCK))
    F = np.empty((q * q, BLOCK))
    D = np.empty(BLOCK)
    residual = np.empty((q, BLOCK))
    for chunk in range(first, last):
        for begin in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK), BLOCK):
            size = min(n, (chunk + 1) * CHUNK, begin + BLOCK) - begin
            # Made again rather than kept from the last pass of the search: once is cheap, and
            # keeping P for all persons would double the memory of every pass.
            shrink(products, begin, size, factor, S, P, F, D)
            for a in range(q):
                source = r + a * (p + 1)
                for x in range(size):
                    value = products[source + p, begin + x]
                    for j in range(p):
                        value -= products[source + j, begin + x] * coefficients[j]
                    residual[a, x] = value
            for x in range(size):
                for a in range(q):
                    out[begin + x, a] = 0.0
                for b in range(q):
                    mode = 0.0
                    for h in range(q):
                        low, high = min(b, h), max(b, h)
                        place = low * q - low * (low - 1) // 2 + high - low
                        mode += P[place, x] * residual[h, x]
                    for a in range(q):
                        out[begin + x, a] += units[a, b] * mode
