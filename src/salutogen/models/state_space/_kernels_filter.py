"""Kalman filter of persons, and the gradient of their log-likelihood by going through it backwards.

The state of a person is the deviation of k processes from the person's means, and behind it, where
persons differ in their means, the k deviations of these from the means of everyone. Values at one
time are taken one after the other, so that no matrix is inverted and missing ones are left out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]

LOG_TWO_PI = math.log(2 * math.pi)


@njit(cache=True, nogil=True)
def filter_forwards(
    i: int, starts: Int, gap: Int, values: Float, shift: Float, transition: Float, noise: Float,
    error: Float, a: Float, P: Float, states: Float, covariances: Float,
    gains: Float, variances: Float, surprises: Float, ahead: Float, ahead_variances: Float,
) -> float:  # fmt: skip
    """Filter person i; return the log-likelihood, or infinity where a variance is not above 0.

    Parameters
    ----------
    a, P : array (d,), (d, d)
        The state at the first row before anything was seen; overwritten.
    states, covariances : array (rows, d), (rows, d, d)
        Filled: the state at each of the person's rows before its values are seen.
    gains : array (rows, k, d)
        Filled: covariance of the state with each value that was seen.
    variances, surprises : array (n, k)
        Filled, for all persons: variance of each value before it was seen, and value − expected.
    ahead, ahead_variances : array (n, k), or with no rows
        Filled, if asked for: value − what the rows before it let expect, and the variance of that.
    """
    d, k = a.shape[0], error.shape[0]
    moved, half = np.empty(d), np.empty((d, d))
    found = 0.0
    for t in range(starts[i], starts[i + 1]):
        at = t - starts[i]
        if at > 0:
            move(a, P, transition[gap[t]], noise[gap[t]], moved, half)
        for j in range(k):
            a[j] += shift[t, j]
        for r in range(d):
            states[at, r] = a[r]
            for c in range(d):
                covariances[at, r, c] = P[r, c]
        if ahead.shape[0] > 0:
            look_ahead(values[t], a, P, error, ahead[t], ahead_variances[t])
        for j in range(k):
            surprise = values[t, j] - a[j]
            variances[t, j] = surprises[t, j] = np.nan
            if np.isnan(surprise):
                continue
            variance = error[j]
            for r in range(d):
                gains[at, j, r] = P[r, j]
            if d > k:
                surprise -= a[k + j]
                for r in range(d):
                    gains[at, j, r] += P[r, k + j]
                variance += gains[at, j, k + j]
            variance += gains[at, j, j]
            if not variance > 0:
                return -np.inf
            for r in range(d):
                share = gains[at, j, r] / variance
                a[r] += share * surprise
                for c in range(d):
                    P[r, c] -= share * gains[at, j, c]
            variances[t, j], surprises[t, j] = variance, surprise
            found -= 0.5 * (LOG_TWO_PI + math.log(variance) + surprise * surprise / variance)
    return found


@njit(cache=True, nogil=True)
def look_ahead(
    values: Float, a: Float, P: Float, error: Float, ahead: Float, variances: Float
) -> None:
    """Set each value of a row beside what is expected before any of the row was seen."""
    d, k = a.shape[0], error.shape[0]
    for j in range(k):
        ahead[j] = values[j] - a[j]
        variances[j] = P[j, j] + error[j]
        if d > k:
            ahead[j] -= a[k + j]
            variances[j] += 2 * P[j, k + j] + P[k + j, k + j]


@njit(cache=True, nogil=True)
def move(a: Float, P: Float, phi: Float, Q: Float, moved: Float, half: Float) -> None:
    """Let time pass: a and P of the first k entries go on by phi (k, k), the others stay."""
    d, k = a.shape[0], phi.shape[0]
    for r in range(k):
        moved[r] = 0.0
        for c in range(k):
            moved[r] += phi[r, c] * a[c]
    for r in range(k):
        a[r] = moved[r]
        for c in range(d):
            half[r, c] = 0.0
            for m in range(k):
                half[r, c] += phi[r, m] * P[m, c]
    for r in range(k):
        for c in range(k):
            P[r, c] = Q[r, c]
            for m in range(k):
                P[r, c] += half[r, m] * phi[c, m]
        for c in range(k, d):
            P[r, c] = half[r, c]
            P[c, r] = half[r, c]


@njit(cache=True, nogil=True)
def go_back(
    i: int, starts: Int, gap: Int, transition: Float, covariances: Float, states: Float,
    filtered: Float, gains: Float, variances: Float, surprises: Float, da: Float, dP: Float,
    d_shift: Float, d_transition: Float, d_noise: Float, d_mean: Float, d_error: Float,
    smoothed: Float, spread: Float,
) -> None:  # fmt: skip
    """Differentiate the log-likelihood of person i, from the last row to the first.

    Parameters
    ----------
    filtered : array (rows, d + d d)
        Workspace: the state after a row's values, found again here.
    da, dP : array (d,), (d, d)
        Filled: derivatives over the state and its covariance at the first row.
    d_shift, d_transition, d_noise : array (n, k), (n, k, k), (n, k, k)
        Filled for the person's rows: derivatives over what happens before each of them.
    d_mean, d_error : array (persons, k)
        Filled for the person.
    smoothed, spread : array (n, d), (n, d, d), or with no rows
        Filled, if asked for: the state given everything, and its covariance.
    """
    d, k = da.shape[0], d_mean.shape[1]
    d_gain, next_da, back = np.empty(d), np.empty(d), np.empty((d, d))
    da[:] = 0.0
    dP[:] = 0.0
    for t in range(starts[i + 1] - 1, starts[i] - 1, -1):
        at = t - starts[i]
        for j in range(k - 1, -1, -1):
            if not np.isnan(variances[t, j]):
                unsee(j, k, gains[at, j], variances[t, j], surprises[t, j], da, dP, d_gain,
                      d_mean[i], d_error[i])  # fmt: skip
        if smoothed.shape[0] > 0:
            smooth(states[at], covariances[at], da, dP, smoothed[t], spread[t])
        for j in range(k):
            d_shift[t, j] = da[j]
        if at == 0:
            continue
        filter_again(at - 1, t - 1, k, states, covariances, gains, variances, surprises, filtered)
        phi = transition[gap[t]]
        for r in range(k):
            for c in range(k):
                d_noise[t, r, c] = dP[r, c]
                d_transition[t, r, c] = da[r] * filtered[at - 1, c]
        # dP times the whole transition, which leaves what lies behind the k processes as it is.
        for r in range(d):
            for c in range(k):
                back[r, c] = 0.0
                for m in range(k):
                    back[r, c] += dP[r, m] * phi[m, c]
            for c in range(k, d):
                back[r, c] = dP[r, c]
        for r in range(k):
            for c in range(k):
                for m in range(d):
                    d_transition[t, r, c] += 2 * back[r, m] * filtered[at - 1, d + m * d + c]
        for r in range(k):
            next_da[r] = 0.0
            for m in range(k):
                next_da[r] += phi[m, r] * da[m]
        for r in range(k):
            da[r] = next_da[r]
            for c in range(d):
                dP[r, c] = 0.0
                for m in range(k):
                    dP[r, c] += phi[m, r] * back[m, c]
        for r in range(k, d):
            for c in range(d):
                dP[r, c] = back[r, c]


@njit(cache=True, nogil=True)
def unsee(
    j: int, k: int, gain: Float, variance: float, surprise: float, da: Float, dP: Float,
    d_gain: Float, d_mean: Float, d_error: Float,
) -> None:  # fmt: skip
    """Go back over one value that was seen: derivatives after it become those before it."""
    d = da.shape[0]
    along, bent = 0.0, 0.0
    for r in range(d):
        d_gain[r] = 0.0
        for c in range(d):
            d_gain[r] += dP[r, c] * gain[c]
        along += da[r] * gain[r]
        bent += d_gain[r] * gain[r]
    d_surprise = (along - surprise) / variance
    ratio = surprise / variance
    d_variance = (bent / variance - ratio * along - 0.5 + 0.5 * ratio * surprise) / variance
    for r in range(d):
        d_gain[r] = da[r] * ratio - 2 * d_gain[r] / variance
    d_gain[j] += d_variance
    if d > k:
        d_gain[k + j] += d_variance
    d_error[j] += d_variance
    d_mean[j] -= d_surprise
    da[j] -= d_surprise
    for r in range(d):
        dP[r, j] += 0.5 * d_gain[r]
        dP[j, r] += 0.5 * d_gain[r]
    if d > k:
        da[k + j] -= d_surprise
        for r in range(d):
            dP[r, k + j] += 0.5 * d_gain[r]
            dP[k + j, r] += 0.5 * d_gain[r]


@njit(cache=True, nogil=True)
def filter_again(
    at: int, t: int, k: int, states: Float, covariances: Float, gains: Float, variances: Float,
    surprises: Float, filtered: Float,
) -> None:  # fmt: skip
    """Find the state after the values of a row from the one before them."""
    d = states.shape[1]
    for r in range(d):
        filtered[at, r] = states[at, r]
        for c in range(d):
            filtered[at, d + r * d + c] = covariances[at, r, c]
    for j in range(k):
        if np.isnan(variances[t, j]):
            continue
        for r in range(d):
            share = gains[at, j, r] / variances[t, j]
            filtered[at, r] += share * surprises[t, j]
            for c in range(d):
                filtered[at, d + r * d + c] -= share * gains[at, j, c]


@njit(cache=True, nogil=True)
def smooth(a: Float, P: Float, da: Float, dP: Float, smoothed: Float, spread: Float) -> None:
    """State given everything, from derivatives of the log-likelihood (Durbin & Koopman 2012).

    With r the derivatives over the state and N = r r' − 2 dP, it is a + P r with covariance
    P − P N P.
    """
    d = a.shape[0]
    for r in range(d):
        smoothed[r] = a[r]
        for c in range(d):
            smoothed[r] += P[r, c] * da[c]
            spread[r, c] = P[r, c]
    for r in range(d):
        for c in range(d):
            for m in range(d):
                for q in range(d):
                    spread[r, c] -= P[r, m] * (da[m] * da[q] - 2 * dP[m, q]) * P[q, c]


@njit(cache=True, nogil=True)
def score_persons(
    first: int, last: int, starts: Int, gap: Int, values: Float, shift: Float,
    transition: Float, noise: Float, error: Float, first_state: Float,
    first_covariance: Float, kind: Int, log_likelihood: Float, variances: Float, surprises: Float,
    d_shift: Float, d_transition: Float, d_noise: Float, d_mean: Float, d_error: Float,
    d_state: Float, d_covariance: Float, smoothed: Float, spread: Float, ahead: Float,
    ahead_variances: Float,
) -> None:  # fmt: skip
    """Log-likelihood of persons first … last − 1 and its derivatives, each in its own place.

    Parameters
    ----------
    starts : array (persons + 1,)
        First row of each person, whose rows are in the order of time.
    gap : array (n,)
        Which of the different gaps lies before each row; of no account in first rows.
    values, shift : array (n, k)
        What was seen less the mean, NaN where nothing was, and what inputs add on the way.
    transition, noise : array (gaps, k, k)
        How deviations go on over each gap, and the covariance of what comes on the way.
    error : array (k,)
        Variances of measurement.
    first_state, first_covariance : array (kinds, d), (kinds, d, d)
        Where persons of each kind begin.
    kind : array (persons,)
        Each person's kind.
    log_likelihood : array (persons,)
        Filled, as are the derivatives (see `go_back`).
    d_state, d_covariance : array (persons, d), (persons, d, d)
        Filled: derivatives over each person's first state and its covariance.
    """
    d, k = first_state.shape[1], error.shape[0]
    longest = 0
    for i in range(first, last):
        longest = max(longest, starts[i + 1] - starts[i])
    a, P = np.empty(d), np.empty((d, d))
    states, covariances = np.empty((longest, d)), np.empty((longest, d, d))
    gains, filtered = np.empty((longest, k, d)), np.empty((longest, d + d * d))
    for i in range(first, last):
        a[:] = first_state[kind[i]]
        P[:] = first_covariance[kind[i]]
        log_likelihood[i] = filter_forwards(
            i, starts, gap, values, shift, transition, noise, error, a, P, states,
            covariances, gains, variances, surprises, ahead, ahead_variances,
        )  # fmt: skip
        d_mean[i] = 0.0
        d_error[i] = 0.0
        if log_likelihood[i] > -np.inf:
            go_back(
                i, starts, gap, transition, covariances, states, filtered, gains, variances,
                surprises, d_state[i], d_covariance[i], d_shift, d_transition, d_noise, d_mean,
                d_error, smoothed, spread,
            )  # fmt: skip
