"""Compiled EM steps of Gaussian mixtures, all starts side by side: arrays in, arrays out.

EM (Dempster, Laird & Rubin 1977) is for the beginning: from a poor start it goes the right way
without second derivatives, and a step costs one pass. Near the maximum it crawls, so that the
solutions worth it are handed on to quasi-Newton steps.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CLEAR_OF_BOUND = 1.001  # expectation steps keep residual variances this far above their bound
RISE = 1e-9  # share of the log-likelihood below which a fall is rounding
SMALLEST_SHARE = 1e-12
SMALLEST_MASS = 1e-9  # posterior mass of a class below which its variances stay as they are


@njit(cache=True, nogil=True)
def solve_normal(matrix: Float, right: Float) -> bool:
    """Solve a positive definite system in place; False, with nothing solved, if it is not."""
    m = matrix.shape[0]
    for i in range(m):
        for j in range(i + 1):
            value = matrix[i, j]
            for h in range(j):
                value -= matrix[i, h] * matrix[j, h]
            if i == j:
                # `not >` rather than `<=`: a pivot that is no number fails, too. A class that has
                # lost its persons leaves its coefficients undetermined; they stay as they are.
                if not value > 1e-12 * matrix[i, i]:
                    return False
                matrix[i, i] = math.sqrt(value)
            else:
                matrix[i, j] = value / matrix[j, j]
    for i in range(m):
        value = right[i]
        for h in range(i):
            value -= matrix[i, h] * right[h]
        right[i] = value / matrix[i, i]
    for step in range(m):
        i = m - 1 - step
        value = right[i]
        for h in range(i + 1, m):
            value -= matrix[h, i] * right[h]
        right[i] = value / matrix[i, i]
    return True


@njit(cache=True, nogil=True)
def update_coefficients(statistics: Float, places: Int, n_places: int, coefficients: Float) -> None:
    """Weighted least squares of all classes at once; `places` (K, p) says what is shared."""
    # One system for all classes: a shared coefficient is one unknown with all classes' sums. Each
    # class comes with its own V⁻¹, so that this is generalised least squares, not plain.
    K, p = places.shape
    d = p + 1
    matrix = np.zeros((n_places, n_places))
    right = np.zeros(n_places)
    for k in range(K):
        position = 2
        for i in range(p):
            for j in range(i, d):
                value = statistics[k, position]
                position += 1
                if j == p:
                    right[places[k, i]] += value
                else:
                    matrix[places[k, i], places[k, j]] += value
                    if i != j:
                        matrix[places[k, j], places[k, i]] += value
    if solve_normal(matrix, right):
        for k in range(K):
            for i in range(p):
                coefficients[k, i] = right[places[k, i]]


@njit(cache=True, nogil=True)
def update_spread(
    sums: Float, weight: float, n_obs: float, blocks: Int, factor: Float, s: float, lowest: float
) -> float:
    """Expectation step of one covariance: overwrite its factor, return the residual variance.

    ``Σ ← Σ + Σ (Σ_i uu' − Z'V⁻¹Z) Σ / weight``, between random terms of the same block.
    """
    # The expectation step in its form with V (Laird & Ware 1982): Σ + Σ (…) Σ needs no inverse of
    # Σ, and a variance that is zero stays so. It is factored at once, pivots below zero, which are
    # rounding, as zero.
    q = factor.shape[0]
    covariance = np.zeros((q, q))
    half = np.zeros((q, q))
    for i in range(q):
        for j in range(q):
            for h in range(q):
                covariance[i, j] += factor[i, h] * factor[j, h]
    for i in range(q):
        for j in range(q):
            for h in range(q):
                half[i, j] += covariance[i, h] * sums[h * q + j] / weight
    for i in range(q):
        for j in range(i + 1):
            value = covariance[i, j]
            for h in range(q):
                value += half[i, h] * covariance[h, j]
            if blocks[i] != blocks[j]:
                value = 0.0
            for h in range(j):
                value -= factor[i, h] * factor[j, h]
            if i == j:
                factor[i, i] = math.sqrt(max(value, 0.0))
            else:
                factor[i, j] = value / factor[j, j] if factor[j, j] > 0.0 else 0.0
        for j in range(i + 1, q):
            factor[i, j] = 0.0
    moved: float = s + s * s * sums[q * q] / n_obs
    return max(moved, CLEAR_OF_BOUND * lowest)


@njit(cache=True, nogil=True)
def copy_start(start: int, source: tuple[Float, ...], target: tuple[Float, ...]) -> None:
    """Copy what belongs to a start, a row of each array."""
    for place in range(len(source)):
        given, taken = source[place], target[place]
        for i in range(given.shape[1]):  # compiles in a fraction of the time of a slice
            taken[start, i] = given[start, i]


@njit(cache=True, nogil=True)
def maximise(
    first: int,
    last: int,
    statistics: Float,
    places: Int,
    n_places: int,
    blocks: Int,
    lowest: float,
    one_factor: bool,
    one_variance: bool,
    log_shares: Float,
    coefficients: Float,
    factors: Float,
    variances: Float,
    log_likelihoods: Float,
    kept_log_likelihoods: Float,
    state: tuple[Float, ...],
    kept: tuple[Float, ...],
) -> None:
    """Take one EM step of the starts first … last − 1 from their sums over persons.

    Coefficients move by weighted least squares and covariances by their expectation step, from
    the same pass. If the last such step lowered the likelihood, it is taken back and only shares
    and coefficients move, which cannot. What is `kept` is the state before the step; `state` holds
    the sums and parameters once more, a row per start.
    """
    # Coefficients and covariances from the same pass are not one exact EM step (the covariance
    # would need residuals of the new coefficients), but save a pass at each. That the
    # likelihood may fall is the price, and what is kept is for.
    K, p = places.shape
    C, q = factors.shape[1], factors.shape[2]
    uu = 2 + (p + 1) * (p + 2) // 2
    pooled = np.empty(q * q + 1)
    for start in range(first, last):
        before = kept_log_likelihoods[start]
        fell = log_likelihoods[start] < before - RISE * abs(before)
        if fell:
            copy_start(start, kept, state)
            log_likelihoods[start] = before
        copy_start(start, state, kept)
        kept_log_likelihoods[start] = log_likelihoods[start]
        sums = statistics[start]
        everyone = 0.0
        for k in range(K):
            everyone += sums[k, 0]
        for k in range(K):
            log_shares[start, k] = math.log(max(sums[k, 0] / everyone, SMALLEST_SHARE))
        update_coefficients(sums, places, n_places, coefficients[start])
        if fell:
            continue
        for c in range(C):
            pooled[:] = 0.0
            mass, n_obs = 0.0, 0.0
            for k in range(K):
                if one_factor or k == c:
                    mass += sums[k, 0]
                    for j in range(q * q):
                        pooled[j] += sums[k, uu + j]
                if one_variance or k == c:
                    n_obs += sums[k, 1]
                    pooled[q * q] += sums[k, uu + q * q]
            if mass > SMALLEST_MASS and n_obs > SMALLEST_MASS:
                variances[start, c] = update_spread(
                    pooled, mass, n_obs, blocks, factors[start, c], variances[start, c], lowest
                )


@njit(cache=True, nogil=True)
def distant_persons(curves: Float, uniforms: Float, chosen: Int) -> None:
    """Choose persons far from each other (k-means++) for each row of `uniforms` (starts, K).

    `curves` is (n, p); `chosen` (starts, K) gets the persons.
    """
    # Distances only to the last one chosen, and the nearest of all kept: n K per start. What is
    # drawn falls into the running sum of squares; rounding may leave nobody, then it is the last.
    n, p = curves.shape
    nearest = np.empty(n)
    for start in range(chosen.shape[0]):
        chosen[start, 0] = min(n - 1, int(uniforms[start, 0] * n))
        nearest[:] = np.inf
        for k in range(1, chosen.shape[1]):
            last = chosen[start, k - 1]
            total = 0.0
            for i in range(n):
                distance = 0.0
                for j in range(p):
                    distance += (curves[i, j] - curves[last, j]) ** 2
                nearest[i] = min(nearest[i], distance)
                total += nearest[i]
            sought = uniforms[start, k] * total
            total = 0.0
            chosen[start, k] = n - 1
            for i in range(n):
                total += nearest[i]
                if total > sought:
                    chosen[start, k] = i
                    break
