"""Compiled passes over persons: likelihood, posteriors and sums of a Gaussian mixture.

A person's column of `data` holds the number of observations, the packed cross-products of
``B = [X y]`` (d = p + 1 columns), then ``Z'B`` (q, d) and ``Z'Z`` (q, q) by rows; that of
`covariates` (m, n) what membership may depend on.

One pass reads every person once and gives likelihood, posteriors and all sums. It stays in one
thread: a search has many starts, and these share the threads, each with its own sums in its own
order. Inside a pass, batches would have to be added up in an order that threads do not keep.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.by_address import by_address, floats, record, whole_number
from salutogen.models.compiling.njit import njit
from salutogen.models.mixture.likelihood._kernels_density import (
    BATCH,
    MATH,
    add_statistics,
    shrink,
    square_residuals,
    weigh_classes,
    whiten,
    write_scores,
)

Float = NDArray[np.float64]


class People(NamedTuple):
    """Cross-products (·, n), case weights (n,), covariates of membership (m, n), terms p and q."""

    data: Float
    weight: Float
    covariates: Float
    p: int
    q: int


class Classes(NamedTuple):
    """Parameters of each class, as in `ClassParameters`; perhaps with a first axis of starts."""

    log_share: Float
    membership: Float
    coefficients: Float
    factors: Float
    variances: Float


@njit(cache=True, nogil=True, error_model="numpy", fastmath=MATH)
def write_log_priors(
    covariates: Float, first: int, m: int, log_share: Float, membership: Float, out: Float
) -> None:
    """Write the log prior probability of each class for m persons (K, m)."""
    # Without covariates the shares are the priors, and add up to 1 already: no exponentials.
    K = log_share.shape[0]
    for k in range(K):
        out[k, :m] = log_share[k]
    if membership.shape[1] == 0:
        return
    for k in range(K):
        for j in range(membership.shape[1]):
            for x in range(m):
                out[k, x] += membership[k, j] * covariates[j, first + x]
    for x in range(m):
        highest = out[0, x]
        for k in range(1, K):
            highest = max(highest, out[k, x])
        total = 0.0
        for k in range(K):
            total += math.exp(out[k, x] - highest)
        total = highest + math.log(total)
        for k in range(K):
            out[k, x] -= total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=MATH)
def add_excess(
    weight: Float, covariates: Float, first: int, m: int, log_prior: Float, share: Float,
    sums: Float,
) -> None:  # fmt: skip
    """Add posterior minus prior weight of m persons, plain and by covariate, to `sums` (1 + m)."""
    for x in range(m):
        excess = share[x] - weight[first + x] * math.exp(log_prior[x])
        sums[0] += excess
        for j in range(covariates.shape[0]):
            sums[1 + j] += excess * covariates[j, first + x]


@njit(cache=True, nogil=True)
def common_excess(log_share: Float, statistics: Float, place: int) -> None:
    """Write posterior minus prior weight where all persons have the same prior."""
    # The sum over persons of one number is that number times their weight: no pass is needed.
    everyone = 0.0
    for k in range(log_share.shape[0]):
        everyone += statistics[k, 0]
    for k in range(log_share.shape[0]):
        statistics[k, place] = statistics[k, 0] - everyone * math.exp(log_share[k])


@by_address(
    record(People, floats(2), floats(1), floats(2), whole_number, whole_number),
    record(Classes, floats(1), floats(2), floats(2), floats(3), floats(1)),
    floats(2), floats(2), floats(2), error_model="numpy", fastmath=MATH,
)  # fmt: skip
def pass_over(
    people: People, at: Classes, posterior: Float, statistics: Float, scores: Float
) -> float:
    """Return the log-likelihood and write sums over persons by class.

    A row of `statistics` (K, ·): weight, weighted observations, B'V⁻¹B packed, uu' − Z'V⁻¹Z
    (q, q) for u = Z'V⁻¹r, r'V⁻²r − tr V⁻¹, posterior minus prior weight, the same by covariate.
    `posterior` is (K, n). `scores` (K (p + q² + 2 + m), n), if it has rows, gets each person's
    derivatives by log share, coefficients, factor (q, q), residual variance and membership.
    """
    data, weight, p, q = people.data, people.weight, people.p, people.q
    covariates = people.covariates[: at.membership.shape[1]]
    n_persons = data.shape[1]
    K, C, d = at.coefficients.shape[0], at.factors.shape[0], p + 1
    packed = d * (d + 1) // 2
    excess = 3 + packed + q * q
    varies = at.membership.shape[1] > 0
    root, gain = np.empty((q, q, BATCH)), np.empty((q, q, BATCH))
    spread, cross = np.empty((C, q, q, BATCH)), np.empty((C, q, d, BATCH))
    inner = np.empty((C, packed, BATCH))
    traces, log_dets = np.empty((C, BATCH)), np.empty((C, BATCH))
    squares, density = np.empty((K, BATCH)), np.empty((K, BATCH))
    log_prior = np.empty((K, BATCH))
    u = np.empty((q, BATCH))
    highest, mass = np.empty(BATCH), np.empty(BATCH)
    n_obs = data[0]
    statistics[:] = 0.0
    total = 0.0
    for first in range(0, n_persons, BATCH):
        m = min(BATCH, n_persons - first)
        # Twice over the classes: posteriors need every class's density before any class's sums
        # can be weighted; between, the batch's V⁻¹ products wait in the cache.
        for c in range(C):
            factor, s = at.factors[c], at.variances[c]
            shrink(data, first, m, p, q, factor, s, root, gain, spread[c], log_dets[c])
            whiten(
                data, first, m, p, q, s, root, gain, spread[c], inner[c], cross[c], traces[c]
            )  # fmt: skip
        write_log_priors(covariates, first, m, at.log_share, at.membership, log_prior)
        highest[:m] = -np.inf
        for k in range(K):
            c = k if C > 1 else 0
            out, square, log_det, prior = density[k], squares[k], log_dets[c], log_prior[k]
            square_residuals(p, at.coefficients[k], inner[c], m, square)
            for x in range(m):
                out[x] = prior[x] - 0.5 * (log_det[x] + square[x])
                highest[x] = max(highest[x], out[x])
        total += weigh_classes(n_obs, weight, first, m, density, highest, mass, posterior)
        for k in range(K):
            c = k if C > 1 else 0
            add_statistics(
                n_obs, first, m, p, q, at.coefficients[k], at.factors[c], at.variances[c],
                density[k], inner[c], cross[c], spread[c], traces[c], squares[k], u,
                statistics[k],
            )  # fmt: skip
            if varies:
                add_excess(
                    weight, covariates, first, m, log_prior[k], density[k],
                    statistics[k, excess:],
                )  # fmt: skip
            if scores.shape[0] > 0:
                width = p + q * q + 2 + at.membership.shape[1]
                write_scores(
                    weight, covariates, first, m, p, q, log_prior[k], at.coefficients[k],
                    at.factors[c], density[k], inner[c], spread[c], traces[c], squares[k], u,
                    scores[k * width : (k + 1) * width],
                )  # fmt: skip
    if not varies:
        common_excess(at.log_share, statistics, excess)
    return total


call_pass_over = pass_over.call


@njit(cache=True, nogil=True)
def pass_over_starts(
    address: int, first: int, last: int, people: People, starts: Classes, posterior: Float,
    statistics: Float, log_likelihoods: Float,
) -> None:  # fmt: skip
    """Pass over the persons with the parameters of the starts first … last − 1.

    `address` is that of `pass_over`, here and in other kernels: whatever had the pass in it would
    take as long to compile as the pass does.
    """
    scores = np.empty((0, 0))
    for start in range(first, last):
        at = Classes(
            starts.log_share[start],
            starts.membership[start],
            starts.coefficients[start],
            starts.factors[start],
            starts.variances[start],
        )
        log_likelihoods[start] = call_pass_over(
            address, people, at, posterior, statistics[start], scores
        )
