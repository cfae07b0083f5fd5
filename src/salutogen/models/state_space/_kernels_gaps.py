"""How processes go on over many gaps, by exponentials of their drift, and derivatives of it."""

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
def add_product(A: Float, B: Float, into: Float, sign: float) -> None:
    """Add ± A B to `into`."""
    for r in range(A.shape[0]):
        for c in range(B.shape[1]):
            total = 0.0
            for q in range(A.shape[1]):
                total += A[r, q] * B[q, c]
            into[r, c] += sign * total


@njit(cache=True, nogil=True)
def halvings_of(A: Float, length: float) -> int:
    """How often A t must be halved so that its series is short."""
    norm = 0.0
    for r in range(A.shape[0]):
        size = 0.0
        for c in range(A.shape[0]):
            size += abs(A[r, c])
        norm = max(norm, size * length)
    return math.ceil(math.log2(norm / SMALL)) if norm > SMALL else 0


@njit(cache=True, nogil=True)
def exponential(A: Float, length: float, into: Float, room: Float) -> None:
    """Fill `into` (k, k) with exp(A t), by halving and squaring (Higham 2005).

    room : array (3, k, k)
    """
    k, halvings = A.shape[0], halvings_of(A, length)
    scaled, power, product = room[0], room[1], room[2]
    unit = length * 0.5**halvings
    for r in range(k):
        for c in range(k):
            scaled[r, c] = power[r, c] = A[r, c] * unit
            into[r, c] = scaled[r, c] + (1.0 if r == c else 0.0)
    for term in range(2, TERMS + 1):
        product[:] = 0.0
        add_product(scaled, power, product, 1.0 / term)
        power[:] = product
        into += product
    for _ in range(halvings):
        product[:] = 0.0
        add_product(into, into, product, 1.0)
        into[:] = product


@njit(cache=True, nogil=True)
def derivative_of_exponential(
    A: Float, length: float, weight: Float, into: Float, room: Float
) -> None:
    """Fill `into` with the derivatives of sum(weight * exp(A t)) over A.

    The series and the squarings of exp(A' t), each differentiated in the direction of the weight
    (Al-Mohy & Higham 2009).

    room : array (6, k, k)
    """
    k, halvings = A.shape[0], halvings_of(A, length)
    scaled, power, product, whole, along, change = (
        room[0], room[1], room[2], room[3], room[4], room[5],
    )  # fmt: skip
    unit = length * 0.5**halvings
    for r in range(k):
        for c in range(k):
            scaled[r, c] = power[r, c] = A[c, r] * unit
            whole[r, c] = scaled[r, c] + (1.0 if r == c else 0.0)
            along[r, c] = into[r, c] = weight[r, c] * unit
    for term in range(2, TERMS + 1):
        change[:] = 0.0
        add_product(scaled, along, change, 1.0 / term)
        add_product(weight, power, change, unit / term)
        along[:] = change
        into += change
        product[:] = 0.0
        add_product(scaled, power, product, 1.0 / term)
        power[:] = product
        whole += product
    for _ in range(halvings):
        change[:] = 0.0
        add_product(whole, into, change, 1.0)
        add_product(into, whole, change, 1.0)
        into[:] = change
        product[:] = 0.0
        add_product(whole, whole, product, 1.0)
        whole[:] = product


@njit(cache=True, nogil=True)
def exponentials(
    first: int, last: int, drift: Float, kind: Int, lengths: Float, into: Float
) -> None:
    """Fill `into` (gaps, k, k) with exp(A t) of gaps first … last − 1; A is drift[kind]."""
    room = np.empty((3, drift.shape[1], drift.shape[1]))
    for g in range(first, last):
        exponential(drift[kind[g]], lengths[g], into[g], room)


@njit(cache=True, nogil=True)
def derivatives_of_exponentials(
    first: int, last: int, drift: Float, kind: Int, lengths: Float, weight: Float, into: Float
) -> None:
    """Fill `into` (gaps, k, k) with the derivatives of sum(weight * exp(A t)) over A."""
    room = np.empty((6, drift.shape[1], drift.shape[1]))
    for g in range(first, last):
        derivative_of_exponential(drift[kind[g]], lengths[g], weight[g], into[g], room)


@njit(cache=True, nogil=True)
def pass_over(
    first: int, last: int, inverse: Float, rest: Float, inputs: Float, kind: Int,
    transition: Float, noise: Float, held: Float, integral: Float,
) -> None:  # fmt: skip
    """Fill what gaps first … last − 1 do beside their transition: see `gaps.Passage`."""
    k = inverse.shape[1]
    half = np.empty((k, k))
    for g in range(first, last):
        of = kind[g]
        half[:] = 0.0
        add_product(transition[g], rest[of], half, 1.0)
        noise[g] = rest[of]
        for r in range(k):
            for c in range(k):
                for q in range(k):
                    noise[g, r, c] -= half[r, q] * transition[g, c, q]
        integral[g] = -inverse[of]
        add_product(inverse[of], transition[g], integral[g], 1.0)
        held[g] = 0.0
        add_product(integral[g], inputs[of], held[g], 1.0)


@njit(cache=True, nogil=True)
def pass_back(
    first: int, last: int, inverse: Float, rest: Float, inputs: Float, kind: Int,
    transition: Float, integral: Float, d_transition: Float, d_noise: Float, d_held: Float,
    weight: Float, d_drift: Float, d_inputs: Float, d_rest: Float,
) -> None:  # fmt: skip
    """Fill derivatives over what gaps are made of, of each gap on its own.

    Parameters
    ----------
    weight : array (gaps, k, k)
        Filled: derivatives over the transition, on every way.
    d_drift : array (gaps, k, k)
        Filled: over the drift beside its exponential.
    d_inputs, d_rest : array (gaps, k, p), (gaps, k, k)
        Filled: over effects of inputs and the covariance at rest.
    """
    k, p = inverse.shape[1], inputs.shape[2]
    half, through = np.empty((k, k)), np.empty((k, k))
    for g in range(first, last):
        of = kind[g]
        half[:] = 0.0
        add_product(d_noise[g], transition[g], half, 1.0)
        weight[g] = d_transition[g]
        add_product(half, rest[of], weight[g], -2.0)
        d_rest[g] = d_noise[g]
        for r in range(k):
            for c in range(k):
                for q in range(k):
                    d_rest[g, r, c] -= transition[g, q, r] * half[q, c]
        # The integral of the transition is A⁻¹ (exp(A t) − 1).
        half[:] = 0.0
        for r in range(k):
            for c in range(k):
                for q in range(p):
                    half[r, c] += d_held[g, r, q] * inputs[of, c, q]
        for r in range(k):
            for c in range(k):
                through[r, c] = 0.0
                for q in range(k):
                    through[r, c] += inverse[of, q, r] * half[q, c]
        weight[g] += through
        for r in range(k):
            for c in range(k):
                d_drift[g, r, c] = 0.0
                for q in range(k):
                    d_drift[g, r, c] -= through[r, q] * integral[g, c, q]
            for c in range(p):
                d_inputs[g, r, c] = 0.0
                for q in range(k):
                    d_inputs[g, r, c] += integral[g, q, r] * d_held[g, q, c]
