"""Compiled translation between a mixture's free vector and the parameters of its classes.

The one place that knows where each parameter stands. A class's own parameters are its log share,
coefficients (p), factor (q, q) by rows, residual variance and membership coefficients (m).

The free vector has no bounds, so that any step stays a mixture: log odds of shares, log of what a
variance has above its lowest, entries of a factor (whose sign does not matter). Compiled, because a
search unpacks at each of its steps, many thousand times in a bootstrap.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit
from salutogen.models.mixture.likelihood._kernels_pass import Classes

Float = NDArray[np.float64]
Int = NDArray[np.int64]


class Plan(NamedTuple):
    """Which parameters are free; see `Layout`.

    `spreads` is the number of distinct pairs of factor and variance, `proportional` whether
    residual variances share the factors of the random covariances. `places` (K, p) are the places
    of the coefficients among the distinct ones, `entries` (2, E) rows and columns of a factor's
    free entries; `begin` (7,) says where shares, membership, coefficients, factors, variances and
    scales begin, and the size of the free vector.
    """

    classes: int
    p: int
    q: int
    m: int
    spreads: int
    one_factor: bool
    one_variance: bool
    scales: bool
    proportional: bool
    lowest: float
    places: Int
    entries: Int
    begin: Int


@njit(cache=True, nogil=True)
def empty_classes(plan: Plan) -> Classes:
    """Room for the parameters of each class."""
    K, C = plan.classes, plan.spreads
    return Classes(
        np.empty(K),
        np.zeros((K, plan.m)),
        np.empty((K, plan.p)),
        np.zeros((C, plan.q, plan.q)),
        np.empty(C),
    )


@njit(cache=True, nogil=True)
def class_scale(plan: Plan, free: Float, c: int) -> float:
    """Factor of a class's standard deviations where those are proportional, else 1."""
    if plan.scales and c > 0:
        return math.exp(free[plan.begin[5] + c - 1])
    return 1.0


@njit(cache=True, nogil=True)
def unpack(plan: Plan, free: Float, at: Classes) -> None:
    """Write the parameters of each class."""
    # Shares by way of their logarithms, the largest taken out: log odds that run away neither
    # overflow nor give a share of zero, whose logarithm would be no number.
    K, m, E = plan.classes, plan.m, plan.entries.shape[1]
    highest = 0.0
    for k in range(K - 1):
        highest = max(highest, free[k])
    total = math.exp(-highest)
    for k in range(K - 1):
        total += math.exp(free[k] - highest)
    for k in range(K):
        at.log_share[k] = (free[k] if k < K - 1 else 0.0) - highest - math.log(total)
        for j in range(m):
            at.membership[k, j] = free[plan.begin[1] + k * m + j] if k < K - 1 else 0.0
        for i in range(plan.p):
            at.coefficients[k, i] = free[plan.begin[2] + plan.places[k, i]]
    for c in range(plan.spreads):
        scale = class_scale(plan, free, c)
        entry = plan.begin[3] + (0 if plan.one_factor else c * E)
        for e in range(E):
            at.factors[c, plan.entries[0, e], plan.entries[1, e]] = free[entry + e] * scale
        own = math.exp(free[plan.begin[4] + (0 if plan.one_variance else c)])
        at.variances[c] = plan.lowest + own * (scale * scale if plan.proportional else 1.0)


@njit(cache=True, nogil=True)
def gather(plan: Plan, free: Float, own: Float, out: Float) -> None:
    """Write derivatives by the free parameters from those by the classes' own (K, ·)."""
    # The transpose of `unpack`'s derivative: what several classes share is added up. The derivative
    # by a log share is posterior minus prior already, which sums to zero over classes, so that the
    # last one's is left out rather than subtracted.
    K, p, q, m, E = plan.classes, plan.p, plan.q, plan.m, plan.entries.shape[1]
    out[:] = 0.0
    for k in range(K):
        if k < K - 1:
            out[k] = own[k, 0]
            for j in range(m):
                out[plan.begin[1] + k * m + j] = own[k, 2 + p + q * q + j]
        for i in range(p):
            out[plan.begin[2] + plan.places[k, i]] += own[k, 1 + i]
        c = k if plan.spreads > 1 else 0
        scale = class_scale(plan, free, c)
        entry = plan.begin[3] + (0 if plan.one_factor else k * E)
        along = 0.0
        for e in range(E):
            value = own[k, 1 + p + plan.entries[0, e] * q + plan.entries[1, e]] * scale
            out[entry + e] += value
            along += value * free[entry + e]
        place = plan.begin[4] + (0 if plan.one_variance else k)
        value = own[k, 1 + p + q * q] * math.exp(free[place])
        if plan.proportional:
            value *= scale * scale
            along += 2.0 * value
        out[place] += value
        if plan.scales and k > 0:
            out[plan.begin[5] + k - 1] = along


@njit(cache=True, nogil=True)
def own_gradient(plan: Plan, at: Classes, statistics: Float, own: Float) -> None:
    """Write the gradient by the classes' own parameters from sums over persons."""
    p, q = plan.p, plan.q
    d = p + 1
    uu = 2 + d * (d + 1) // 2
    for k in range(plan.classes):
        sums, factor = statistics[k], at.factors[k if plan.spreads > 1 else 0]
        own[k, 0] = sums[uu + q * q + 1]
        for i in range(p):
            value = 0.0
            for j in range(d):
                low, high = min(i, j), max(i, j)
                entry = sums[2 + low * d - low * (low - 1) // 2 + high - low]
                value += entry * (-at.coefficients[k, j] if j < p else 1.0)
            own[k, 1 + i] = value
        for i in range(q):
            for j in range(q):
                value = 0.0
                for h in range(q):
                    value += sums[uu + i * q + h] * factor[h, j]
                own[k, 1 + p + i * q + j] = value
        own[k, 1 + p + q * q] = 0.5 * sums[uu + q * q]
        for j in range(plan.m):
            own[k, 2 + p + q * q + j] = sums[uu + q * q + 2 + j]
