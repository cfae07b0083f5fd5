"""Matrix exponentials over many lengths of time, and their derivatives."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]

TERMS = 13  # of the series at norm SMALL: what follows is below rounding
SMALL = 0.4


@njit(cache=True, nogil=True)
def exponential(A: Float, into: Float, scaled: Float, power: Float, product: Float) -> None:
    """Fill `into` with exp(A) of a small matrix (m, m), by halving and squaring (Higham 2005).

    The other three (m, m) are workspace.
    """
    m = A.shape[0]
    norm = 0.0
    for r in range(m):
        size = 0.0
        for c in range(m):
            size += abs(A[r, c])
        norm = max(norm, size)
    halvings = 0
    if norm > SMALL:
        halvings = int(math.ceil(math.log2(norm / SMALL)))
    unit = 0.5**halvings
    for r in range(m):
        for c in range(m):
            scaled[r, c] = A[r, c] * unit
            power[r, c] = scaled[r, c]
            into[r, c] = scaled[r, c] + (1.0 if r == c else 0.0)
    for term in range(2, TERMS + 1):
        multiply(scaled, power, product)
        for r in range(m):
            for c in range(m):
                power[r, c] = product[r, c] / term
                into[r, c] += power[r, c]
    for _ in range(halvings):
        multiply(into, into, product)
        into[:] = product


@njit(cache=True, nogil=True)
def multiply(A: Float, B: Float, into: Float) -> None:
    """Fill `into` with A B."""
    m = A.shape[0]
    for r in range(m):
        for c in range(m):
            total = 0.0
            for q in range(m):
                total += A[r, q] * B[q, c]
            into[r, c] = total


@njit(cache=True, nogil=True)
def exponentials(
    first: int, last: int, drifts: Float, which: Int, lengths: Float, into: Float
) -> None:
    """Fill `into` (gaps, k, k) with exp(A t) of gaps first … last − 1; A is drifts[which]."""
    k = drifts.shape[1]
    scaled, power, product = np.empty((k, k)), np.empty((k, k)), np.empty((k, k))
    for g in range(first, last):
        exponential(drifts[which[g]] * lengths[g], into[g], scaled, power, product)


@njit(cache=True, nogil=True)
def exponential_gradients(
    first: int, last: int, drifts: Float, which: Int, lengths: Float, weight: Float, into: Float
) -> None:
    """Fill `into` (gaps, k, k) with the derivatives of sum(weight * exp(A t)) over A.

    The upper right block of the exponential of [[A' t, W t], [0, A' t]] (Van Loan 1978).
    """
    k = drifts.shape[1]
    block, found = np.zeros((2 * k, 2 * k)), np.empty((2 * k, 2 * k))
    scaled, power = np.empty((2 * k, 2 * k)), np.empty((2 * k, 2 * k))
    product = np.empty((2 * k, 2 * k))
    for g in range(first, last):
        largest = 1e-300  # weights of any size cost no halvings
        for r in range(k):
            for c in range(k):
                largest = max(largest, abs(weight[g, r, c]))
        for r in range(k):
            for c in range(k):
                block[r, c] = block[k + r, k + c] = drifts[which[g], c, r] * lengths[g]
                block[r, k + c] = weight[g, r, c] / largest
        exponential(block, found, scaled, power, product)
        for r in range(k):
            for c in range(k):
                into[g, r, c] = found[r, k + c] * largest * lengths[g]
