"""How values of one course vary together: persons' own responses, and fluctuation that lasts.

SR minus the own pre-level, tau occasions after the event, is

    a + b exp(-rate tau) + e(tau) - e(pre).

(a, b) vary between courses, e is autocorrelated over planned occasions (continuous-time AR(1), so
that a missed occasion counts as time), and the fluctuation at pre is in every difference to it.
Gaussian maximum likelihood over courses, by pattern of what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.errors import ModelError

LOWEST_RATE, HIGHEST_RATE = 0.02, 6.0
LOWEST_LAG, HIGHEST_LAG = -0.3, 0.97
STARTS = ((0.4, 0.2), (1.2, 0.4))  # rate, correlation


@dataclass(frozen=True, kw_only=True, repr=False)
class Patterns:
    """Courses by pattern of what was seen.

    Attributes
    ----------
    of : ndarray of int, shape (n,)
        Pattern of each course.
    seen : ndarray of bool, shape (patterns, k)
    n : ndarray, shape (patterns,)
        Courses of each.
    sums, squares : ndarray, shape (patterns, k) and (patterns, k, k)
        Sums of y and y y' over the courses of each.
    y : ndarray, shape (n, k)
        Values, 0 where missing.
    """

    of: NDArray[np.int64]
    seen: NDArray[np.bool_]
    n: FloatArray
    sums: FloatArray
    squares: FloatArray
    y: FloatArray

    def __repr__(self) -> str:
        """Say how many courses and patterns there are."""
        return f"Patterns({self.y.shape[0]} courses in {self.seen.shape[0]} patterns)"

    @classmethod
    def of_courses(cls, change: FloatArray) -> Patterns:
        """Sort courses, shape (n, k), by what was seen."""
        seen, of = np.unique(np.isfinite(change), axis=0, return_inverse=True)
        of = np.asarray(of, dtype=np.int64).ravel()
        y = np.where(np.isfinite(change), change, 0.0)
        k = change.shape[1]
        sums, squares = np.zeros((len(seen), k)), np.zeros((len(seen), k, k))
        np.add.at(sums, of, y)
        for place in range(len(seen)):
            mine = y[of == place]
            squares[place] = np.einsum("ia,ib->ab", mine, mine)
        return cls(
            of=of,
            seen=seen,
            n=np.bincount(of, minlength=len(seen)).astype(float),
            sums=sums,
            squares=squares,
            y=y,
        )


@dataclass(frozen=True, kw_only=True)
class CourseCovariance:
    """Parameters of the covariance, in points of P and occasions.

    Attributes
    ----------
    log_sd : float
        Log of the SD of the fluctuation at one occasion.
    lag : float
        Its correlation from one planned occasion to the next.
    factor : ndarray, shape (3,)
        Lower triangle of the factor of the covariance of (a, b), by rows.
    log_rate : float
    log_likelihood : float
    """

    log_sd: float
    lag: float
    factor: FloatArray
    log_rate: float
    log_likelihood: float = float("nan")

    def effects(self) -> FloatArray:
        """Covariance of (a, b), shape (2, 2)."""
        c11, c21, c22 = self.factor
        lower = np.asarray([[c11, 0.0], [c21, c22]])
        return np.asarray(lower @ lower.T)

    def matrix(self, k: int) -> FloatArray:
        """Covariance of a course seen at k occasions from the event on."""
        design = return_design(self.log_rate, k)
        own = design @ self.effects() @ design.T
        return np.asarray(np.exp(2.0 * self.log_sd) * fluctuation(self.lag, k) + own)

    def weights(self, patterns: Patterns) -> tuple[FloatArray, FloatArray]:
        """Inverse covariance of each pattern, 0 where missing, and log determinants.

        Returns
        -------
        weights : ndarray, shape (patterns, k, k)
        log_determinants : ndarray, shape (patterns,)
        """
        return inverses(self.matrix(patterns.seen.shape[1]), patterns.seen)


def fluctuation(lag: float, k: int) -> FloatArray:
    """Covariance of e(tau) - e(pre) at k occasions from the event on, for a variance of 1."""
    since = np.arange(k)
    away = np.power(lag, since + 1)
    between = np.power(lag, np.abs(since[:, None] - since))
    return np.asarray(between - away[:, None] - away + 1.0)


def inverses(covariance: FloatArray, seen: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Inverse of a covariance (k, k) for each pattern of what was seen, and log determinants."""
    both = seen[:, :, None] & seen[:, None, :]
    place = np.arange(seen.shape[1])
    full = np.where(both, covariance, 0.0)
    full[:, place, place] += ~seen
    sign, log_determinants = np.linalg.slogdet(full)
    if not (sign > 0).all():
        raise np.linalg.LinAlgError("a covariance is not positive definite")
    return np.where(both, np.linalg.inv(full), 0.0), np.asarray(log_determinants)


def return_design(log_rate: float, k: int) -> FloatArray:
    """Columns of the return from the event on: 1 and exp(-rate tau), shape (k, 2)."""
    return np.column_stack([np.ones(k), np.exp(-np.exp(log_rate) * np.arange(k))])


def log_likelihood(covariance: CourseCovariance, patterns: Patterns) -> float:
    """Log likelihood with the mean of the return at its best for these parameters."""
    return likelihood_and_slopes(covariance, patterns)[0]


def likelihood_and_slopes(
    covariance: CourseCovariance, patterns: Patterns
) -> tuple[float, FloatArray]:
    """Log likelihood, and its derivatives by log SD, the factor's three, log rate and lag."""
    k = patterns.seen.shape[1]
    try:
        weights, log_determinants = covariance.weights(patterns)
    except np.linalg.LinAlgError:
        return -np.inf, np.zeros(6)
    design = return_design(covariance.log_rate, k)
    total = np.einsum("p,pab->ab", patterns.n, weights)
    right = design.T @ np.einsum("pab,pb->a", weights, patterns.sums)
    line = np.linalg.lstsq(design.T @ total @ design, right, rcond=None)[0]
    quadratic = float((weights * patterns.squares).sum())
    values = float(patterns.n @ patterns.seen.sum(axis=1))
    value = -0.5 * (
        float(patterns.n @ log_determinants)
        + quadratic
        - float(right @ line)
        + values * float(np.log(2.0 * np.pi))
    )
    mean = design @ line
    crossed = patterns.sums[:, :, None] * mean
    left = patterns.squares - crossed - crossed.transpose(0, 2, 1)
    left += patterns.n[:, None, None] * np.outer(mean, mean)
    slope = -0.5 * (total - (weights @ left @ weights).sum(axis=0))
    residual = np.einsum("pab,pb->a", weights, patterns.sums - patterns.n[:, None] * mean)
    found = [float((slope * moved).sum()) for moved in _moved(covariance, k)]
    found[4] += float(residual @ (_moved_decay(covariance.log_rate, k) * line[1]))
    return value, np.asarray(found)


def _moved_decay(log_rate: float, k: int) -> FloatArray:
    """Derivative of exp(-rate tau) by the log rate."""
    steps = np.exp(log_rate) * np.arange(k)
    return np.asarray(-steps * np.exp(-steps))


def _moved(covariance: CourseCovariance, k: int) -> tuple[FloatArray, ...]:
    """Derivatives of the covariance of a course by each parameter, in their order."""
    variance = np.exp(2.0 * covariance.log_sd)
    design = return_design(covariance.log_rate, k)
    c11, c21, c22 = covariance.factor
    by_factor = (
        [[2.0 * c11, c21], [c21, 0.0]],
        [[0.0, c11], [c11, 2.0 * c21]],
        [[0.0, 0.0], [0.0, 2.0 * c22]],
    )
    turned = np.column_stack([np.zeros(k), _moved_decay(covariance.log_rate, k)])
    by_rate = turned @ covariance.effects() @ design.T
    since = np.arange(k)
    gaps = np.abs(since[:, None] - since)
    away = (since + 1) * np.power(covariance.lag, since)
    between = gaps * np.power(covariance.lag, np.maximum(gaps - 1, 0))
    return (
        2.0 * variance * fluctuation(covariance.lag, k),
        *(design @ np.asarray(each) @ design.T for each in by_factor),
        by_rate + by_rate.T,
        variance * (between - away[:, None] - away),
    )


def fit_covariance(
    patterns: Patterns, *, without_lag: CourseCovariance | None = None
) -> CourseCovariance:
    """Maximum likelihood of the covariance.

    Parameters
    ----------
    patterns : Patterns
    without_lag : CourseCovariance, optional
        A fit from which to start one whose fluctuation does not last (`lag` 0).

    Raises
    ------
    ModelError
        No covariance gives a finite likelihood.
    """
    from scipy.optimize import minimize

    values = np.concatenate([patterns.y[:, place][patterns.seen[patterns.of, place]]
                             for place in range(patterns.seen.shape[1])])  # fmt: skip
    scale = float(values.std()) or 1.0
    free = without_lag is None

    def unpacked(at: FloatArray) -> CourseCovariance:
        return CourseCovariance(
            log_sd=float(at[0]),
            factor=np.asarray(at[1:4]) * scale,
            log_rate=float(at[4]),
            lag=float(at[5]) if free else 0.0,
        )

    n = float(patterns.n.sum())

    units = np.asarray([1.0, scale, scale, scale, 1.0, 1.0])[: 6 if free else 5]

    def objective(at: FloatArray) -> tuple[float, FloatArray]:
        value, slopes = likelihood_and_slopes(unpacked(at), patterns)
        if not np.isfinite(value):
            return 1e6, np.zeros(at.size)
        return -value / n, -slopes[: at.size] * units / n

    bounds = [
        (np.log(scale) - 6.0, np.log(scale) + 3.0),
        *[(-10.0, 10.0)] * 3,
        (np.log(LOWEST_RATE), np.log(HIGHEST_RATE)),
        *([(LOWEST_LAG, HIGHEST_LAG)] if free else []),
    ]
    starts = [
        np.asarray([np.log(0.6 * scale), 0.4, 0.0, 0.4, np.log(rate), lag]) for rate, lag in STARTS
    ]
    if without_lag is not None:
        own = without_lag
        starts = [np.asarray([own.log_sd, *(own.factor / scale), own.log_rate])]
    best = None
    for start in starts:
        found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds)
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    if best.fun >= 1e6:
        raise ModelError("no covariance of the courses gives a finite likelihood")
    return replace(unpacked(best.x), log_likelihood=-float(best.fun) * n)
