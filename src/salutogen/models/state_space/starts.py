"""Where the search for a continuous-time model begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.state_space.layout import Layout
from salutogen.models.state_space.problem import Problem, Rows

Float = NDArray[np.float64]

SHARES_OF_ERROR = (0.1, 0.5)  # of the variance within persons
RATES = (0.3, 1.0, 3.0)  # times the rate that neighbouring rows suggest
SLOWEST, FASTEST = 0.02, 5.0  # decay per median gap
LEAST = 0.05  # share of variance within or between persons


def best_start(problem: Problem) -> Float:
    """Return, of a few rough guesses (m,), the one with the greatest log-likelihood."""
    best, greatest = None, -np.inf
    shares = SHARES_OF_ERROR if problem.layout.measured_with_error else (0.0,)
    for share in shares:
        for rate in RATES:
            guess = rough_start(problem.layout, problem.rows, share, rate)
            scored = problem.at(guess)
            if scored is not None and (best is None or scored.log_likelihood > greatest):
                best, greatest = guess, scored.log_likelihood
    assert best is not None, "a start is stable, with variances above 0"
    return best


def rough_start(layout: Layout, rows: Rows, share: float, rate: float) -> Float:
    """Return parameters of processes that do not act on each other, by simple moments."""
    k, at = len(layout.processes), layout.places
    found = np.zeros(len(layout.names))
    within, between = _variances(rows, random_means=layout.random_means)
    decay = np.clip(rate * _decay(rows), SLOWEST, FASTEST)
    error = np.array([name in layout.measured_with_error for name in layout.processes]) * share
    rest = within * (1 - error)
    found[at["drift"]] = np.diag(-decay).ravel()
    found[at["diffusion"]] = np.diag(2 * decay * rest)[layout.lower]
    found[at["error"]] = (within * error)[layout.error_places]
    if layout.random_means:
        found[at["levels"]] = np.diag(between)[layout.lower]
    if layout.free_first:
        found[at["first_covariance"]] = np.diag(rest)[layout.lower]
    found[at["mean"]] = np.zeros(k)
    return found


def _means(rows: Rows) -> Float:
    """Each person's mean of each process, NaN where nothing was seen (persons, k)."""
    known = np.isfinite(rows.values)
    total = np.add.reduceat(np.where(known, rows.values, 0.0), rows.starts[:-1], axis=0)
    count = np.add.reduceat(known.astype(float), rows.starts[:-1], axis=0)
    with np.errstate(invalid="ignore"):
        found: Float = total / count
    return found


def _variances(rows: Rows, *, random_means: bool) -> tuple[Float, Float]:
    """Variance of each process within and between persons, in units of the whole."""
    if not random_means:
        return np.ones(rows.values.shape[1]), np.zeros(rows.values.shape[1])
    between = np.clip(np.nan_to_num(np.nanvar(_means(rows), axis=0)), LEAST, 1 - LEAST)
    return 1 - between, between


def _decay(rows: Rows) -> Float:
    """Rate of decay that neighbouring values of a person suggest, per median gap (k,)."""
    centred = rows.values - np.repeat(_means(rows), np.diff(rows.starts), axis=0)
    later = np.flatnonzero(rows.gap >= 0)
    now, before = centred[later], centred[later - 1]
    found = np.empty(centred.shape[1])
    for j in range(centred.shape[1]):
        both = np.isfinite(now[:, j]) & np.isfinite(before[:, j])
        x, y = before[both, j], now[both, j]
        size = np.sqrt(np.sum(x**2) * np.sum(y**2))
        r = float(np.sum(x * y) / size) if size > 0 else 0.0
        found[j] = -np.log(np.clip(r, 0.05, 0.95))
    return found
