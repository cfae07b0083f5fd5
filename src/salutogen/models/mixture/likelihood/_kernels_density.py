"""Compiled loops of Gaussian mixtures over persons: arrays in, arrays out.

A person's column of `data` holds the number of observations, the packed cross-products of
``B = [X y]`` (d = p + 1 columns), then ``Z'B`` (q, d) and ``Z'Z`` (q, q) by rows. A class has
``y ~ N(X b, s I + Z F F' Z')``; with one factor and one s for all classes they are given once.

Persons are the innermost loop, in batches that stay in the first cache, so that processors
work on several at once. Batches are summed in their order: nothing depends on threads.

Everything of a person that does not depend on the coefficients (V⁻¹ between B and Z) is made once
for each distinct pair of F and s, and then serves all classes that share them. V itself, which has
a row per observation, is never made: Woodbury's identity needs q × q matrices only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]

HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
BATCH = 128  # persons at a time; part of the last digits, so it stays fixed
MATH = {"contract", "reassoc", "nsz", "arcp"}  # infinities and missing values keep their meaning


@njit(cache=True, nogil=True, error_model="numpy", fastmath=MATH)
def shrink(
    data: Float,
    first: int,
    m: int,
    p: int,
    q: int,
    factor: Float,
    s: float,
    root: Float,
    gain: Float,
    spread: Float,
    log_det: Float,
) -> None:
    """Write F (I + F'Z'Z F / s)⁻¹ F' / s of m persons to `gain`, and log|V|."""
    d = p + 1
    zz = 1 + d * (d + 1) // 2 + q * d
    over = 1.0 / s
    log_s = math.log(s)
    log_det[:m] = 1.0
    for i in range(q):  # spread = Z'Z F
        for j in range(q):
            out = spread[i, j]
            out[:m] = 0.0
            for h in range(j, q):
                row, f = data[zz + i * q + h], factor[h, j]
                for x in range(m):
                    out[x] += row[first + x] * f
    # I + F'Z'Z F / s has no eigenvalue below 1: no pivot needs a guard. F may have zeros on its
    # diagonal (a variance of zero), so nothing divides by it. Its lower triangle is all there is:
    # sums over h begin at the column.
    for i in range(q):  # Cholesky factor of I + F'Z'Z F / s
        for j in range(i + 1):
            out = root[i, j]
            out[:m] = 1.0 if i == j else 0.0
            for h in range(i, q):
                row, f = spread[h, j], factor[h, i] * over
                for x in range(m):
                    out[x] += row[x] * f
            for h in range(j):
                left, right = root[i, h], root[j, h]
                for x in range(m):
                    out[x] -= left[x] * right[x]
            if i == j:
                for x in range(m):
                    log_det[x] *= out[x]
                    out[x] = math.sqrt(out[x])
            else:
                right = root[j, j]
                for x in range(m):
                    out[x] /= right[x]
    n_obs = data[0]
    for x in range(m):
        log_det[x] = math.log(log_det[x]) + n_obs[first + x] * log_s
    for j in range(q):  # spread = root⁻¹ F'
        for i in range(q):
            out = spread[i, j]
            out[:m] = factor[j, i]
            for h in range(i):
                left, right = root[i, h], spread[h, j]
                for x in range(m):
                    out[x] -= left[x] * right[x]
            right = root[i, i]
            for x in range(m):
                out[x] /= right[x]
    for i in range(q):  # gain = F (I + F'Z'Z F / s)⁻¹ F' / s
        for j in range(q):
            out = gain[i, j]
            out[:m] = 0.0
            for h in range(q):
                left, right = spread[h, i], spread[h, j]
                for x in range(m):
                    out[x] += left[x] * right[x] * over


@njit(cache=True, nogil=True, error_model="numpy", fastmath=MATH)
def whiten(
    data: Float,
    first: int,
    m: int,
    p: int,
    q: int,
    s: float,
    root: Float,
    gain: Float,
    spread: Float,
    inner: Float,
    cross: Float,
    trace: Float,
) -> None:
    """Write, for m persons, B'V⁻¹B (packed) to `inner`, Z'V⁻¹B to `cross`, Z'V⁻¹Z to `spread`.

    Also the trace of V⁻¹: Woodbury's identity with the q × q matrices `gain`.
    """
    d = p + 1
    zb = 1 + d * (d + 1) // 2
    zz = zb + q * d
    over = 1.0 / s
    n_obs = data[0]
    for x in range(m):
        trace[x] = n_obs[first + x] * over
    for i in range(q):  # root = (I − Z'Z gain) / s
        for j in range(q):
            out = root[i, j]
            out[:m] = over if i == j else 0.0
            for h in range(q):
                row, right = data[zz + i * q + h], gain[h, j]
                for x in range(m):
                    out[x] -= row[first + x] * right[x] * over
        out = root[i, i]
        for x in range(m):
            trace[x] += out[x] - over
    for i in range(q):
        for j in range(q + d):
            out = spread[i, j] if j < q else cross[i, j - q]
            out[:m] = 0.0
            for h in range(q):
                left = root[i, h]
                row = data[zz + h * q + j] if j < q else data[zb + h * d + j - q]
                for x in range(m):
                    out[x] += left[x] * row[first + x]
    position = 0
    # The outcome is a column of B like the others, so that residuals of any coefficients follow
    # from `inner` without going back to the data.
    for i in range(d):  # B'V⁻¹B = B'B / s − B'Z gain Z'B / s, where gain Z'B = Σ Z'V⁻¹B
        for j in range(i, d):
            out, row = inner[position], data[1 + position]
            for x in range(m):
                out[x] = row[first + x] * over
            for g in range(q):
                row = data[zb + g * d + i]
                for h in range(q):
                    left, right = gain[g, h], data[zb + h * d + j]
                    for x in range(m):
                        out[x] -= row[first + x] * left[x] * right[first + x] * over
            position += 1


@njit(cache=True, nogil=True, error_model="numpy", fastmath=MATH)
def square_residuals(p: int, coefficients: Float, inner: Float, m: int, out: Float) -> None:
    """Write r'V⁻¹r of m persons for r = y − X b."""
    d = p + 1
    out[:m] = 0.0
    position = 0
    for i in range(d):
        left = -coefficients[i] if i < p else 1.0
        for j in range(i, d):
            right = -coefficients[j] if j < p else 1.0
            f = left * right if i == j else 2.0 * left * right
            row = inner[position]
            position += 1
            for x in range(m):
                out[x] += row[x] * f


@njit(cache=True, nogil=True, error_model="numpy", fastmath=MATH)
def add_statistics(
    n_obs: Float,
    first: int,
    m: int,
    p: int,
    q: int,
    coefficients: Float,
    factor: Float,
    s: float,
    share: Float,
    inner: Float,
    cross: Float,
    spread: Float,
    trace: Float,
    square: Float,
    u: Float,
    statistics: Float,
) -> None:
    """Add one class's sums over m persons; `u` becomes Z'V⁻¹r and `square` r'V⁻²r."""
    # Sums by class are all that the EM step and the gradient need of the persons: both are made
    # from this one pass, with posteriors as weights (Fisher's identity: the score of the mixture
    # is the posterior mean of the classes' scores).
    d = p + 1
    packed = d * (d + 1) // 2
    value, rows = 0.0, 0.0
    for x in range(m):
        value += share[x]
        rows += share[x] * n_obs[first + x]
    statistics[0] += value
    statistics[1] += rows
    for j in range(packed):
        row = inner[j]
        value = 0.0
        for x in range(m):
            value += share[x] * row[x]
        statistics[2 + j] += value
    for i in range(q):
        out, whole = u[i], cross[i, p]
        for x in range(m):  # a loop compiles in a fraction of the time of a slice
            out[x] = whole[x]
        for j in range(p):
            row = cross[i, j]
            for x in range(m):
                out[x] -= row[x] * coefficients[j]
    for i in range(q):
        left = u[i]
        for h in range(q):
            right, row = u[h], spread[i, h]
            value = 0.0
            for x in range(m):
                value += share[x] * (left[x] * right[x] - row[x])
            statistics[2 + packed + i * q + h] += value
    for j in range(q):
        for x in range(m):
            half = 0.0
            for h in range(j, q):
                half += factor[h, j] * u[h, x]
            square[x] -= half * half
    value = 0.0
    for x in range(m):
        square[x] /= s
        value += share[x] * (square[x] - trace[x])
    statistics[2 + packed + q * q] += value


@njit(cache=True, nogil=True, error_model="numpy", fastmath=MATH)
def write_scores(
    weight: Float,
    covariates: Float,
    first: int,
    m: int,
    p: int,
    q: int,
    log_prior: Float,
    coefficients: Float,
    factor: Float,
    share: Float,
    inner: Float,
    spread: Float,
    trace: Float,
    square: Float,
    u: Float,
    scores: Float,
) -> None:
    """Write one class's derivatives of m persons' log-likelihoods."""
    # By person, for the outer products of scores; a pass that needs none of them passes no rows.
    d = p + 1
    for x in range(m):
        person = first + x
        excess = share[x] - weight[person] * math.exp(log_prior[x])
        scores[0, person] = excess
        for j in range(covariates.shape[0]):
            scores[2 + p + q * q + j, person] = excess * covariates[j, person]
        for i in range(p):
            value = 0.0
            for j in range(d):
                low, high = min(i, j), max(i, j)
                entry = inner[low * d - low * (low - 1) // 2 + high - low, x]
                value += entry * (-coefficients[j] if j < p else 1.0)
            scores[1 + i, person] = share[x] * value
        for j in range(q):
            half = 0.0
            for h in range(q):
                half += u[h, x] * factor[h, j]
            for i in range(q):
                value = u[i, x] * half
                for h in range(q):
                    value -= spread[i, h, x] * factor[h, j]
                scores[1 + p + i * q + j, person] = share[x] * value
        scores[1 + p + q * q, person] = 0.5 * share[x] * (square[x] - trace[x])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=MATH)
def weigh_classes(
    n_obs: Float,
    weight: Float,
    first: int,
    m: int,
    density: Float,
    highest: Float,
    mass: Float,
    posterior: Float,
) -> float:
    """Return the log-likelihood of m persons; log densities become weighted posteriors."""
    # The highest log density is taken out before the exponential: a person with many observations
    # may have a density below the smallest number in every class.
    K = density.shape[0]
    total = 0.0
    mass[:m] = 0.0
    for k in range(K):
        out = density[k]
        for x in range(m):
            out[x] = math.exp(out[x] - highest[x])
            mass[x] += out[x]
    for x in range(m):
        total += weight[first + x] * (
            highest[x] + math.log(mass[x]) - HALF_LOG_TWO_PI * n_obs[first + x]
        )
    for k in range(K):
        out, target = density[k], posterior[k]
        for x in range(m):
            share = out[x] / mass[x]
            target[first + x] = share
            out[x] = share * weight[first + x]
    return total
