"""The mean return after the event, with errors that hold whatever the covariance of courses is.

At each rate the mean change is a line in 1 and exp(-rate tau), fitted by generalised least squares
with the covariance of `covariance.py` as weights; errors are clustered by person, so they hold
where that covariance is wrong. The interval of the half-life holds the rates at which a third
column, the derivative by the rate, has no coefficient that is told from 0 (a score test). Whether
there is a fall at all is asked over all rates at once, with the largest t and its distribution
under random signs of persons (Hansen 1996: the rate has no meaning without a fall).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.covariance import (
    HIGHEST_RATE,
    LOWEST_RATE,
    CourseCovariance,
    Patterns,
    return_design,
)

RATES = 121
SIGNS = 2000
REFINEMENTS = 40
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
GRID = np.linspace(np.log(LOWEST_RATE), np.log(HIGHEST_RATE), RATES)


@dataclass(frozen=True, kw_only=True)
class MeanReturn:
    """The mean return.

    Attributes
    ----------
    log_rate : float
    log_rate_interval : tuple of float
        95 %; -inf or inf where the rates searched do not end it.
    asymptote, fall : float
        Where courses end, and how far they come down to it, points of P.
    fall_interval : tuple of float
        95 %, over all rates at once.
    """

    log_rate: float
    log_rate_interval: tuple[float, float]
    asymptote: float
    fall: float
    fall_interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class _Weighted:
    """Weighted sums over courses, of which every fit is made."""

    patterns: Patterns
    weights: FloatArray
    weighted: FloatArray
    total: FloatArray
    right: FloatArray
    person: NDArray[np.intp]

    def solve(self, design: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients of a design, shape (k, p), and the inverse of its weighted square."""
        inverse = np.linalg.pinv(design.T @ self.total @ design)
        return inverse @ (design.T @ self.right), inverse

    def left_over(self, log_rate: float) -> float:
        """Minus the weighted sum of squares explained at a rate."""
        design = return_design(log_rate, self.total.shape[0])
        return -float(self.solve(design)[0] @ (design.T @ self.right))

    def influence(
        self, design: FloatArray, coefficients: FloatArray, inverse: FloatArray
    ) -> FloatArray:
        """How much each person moves each coefficient, shape (persons, p)."""
        expected = np.einsum("pab,b->pa", self.weights, design @ coefficients)
        scores = (self.weighted - expected[self.patterns.of]) @ design
        each = np.stack([np.bincount(self.person, column) for column in scores.T], axis=1)
        g = each.shape[0]
        return np.asarray(each @ inverse * np.sqrt(g / (g - 1.0)))


def fit_mean_return(
    patterns: Patterns, covariance: CourseCovariance, person: NDArray[np.int64], *, seed: int = 1
) -> MeanReturn:
    """Fit the mean return.

    Parameters
    ----------
    patterns : Patterns
    covariance : CourseCovariance
        Working covariance of courses.
    person : ndarray of int, shape (n,)
        Whose course it is.
    seed : int
        Of the random signs.
    """
    weights, _ = covariance.weights(patterns)
    weighted = np.einsum("iab,ib->ia", weights[patterns.of], patterns.y)
    sums = _Weighted(
        patterns=patterns,
        weights=weights,
        weighted=weighted,
        total=np.einsum("p,pab->ab", patterns.n, weights),
        right=weighted.sum(axis=0),
        person=np.unique(person, return_inverse=True)[1],
    )
    log_rate = _best_rate(sums)
    design = return_design(log_rate, sums.total.shape[0])
    coefficients, inverse = sums.solve(design)
    se = float(np.sqrt((sums.influence(design, coefficients, inverse)[:, 1] ** 2).sum()))
    half = _critical_fall(sums, seed) * se
    fall = float(coefficients[1])
    return MeanReturn(
        log_rate=log_rate,
        log_rate_interval=_rate_interval(sums, log_rate),
        asymptote=float(coefficients[0]),
        fall=fall,
        fall_interval=(fall - half, fall + half),
    )


def _best_rate(sums: _Weighted) -> float:
    """Rate with the least left over: on the grid, then by golden section."""
    best = int(np.argmin([sums.left_over(float(rate)) for rate in GRID]))
    low, high = GRID[max(best - 1, 0)], GRID[min(best + 1, RATES - 1)]
    for _ in range(REFINEMENTS):
        a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if sums.left_over(float(a)) < sums.left_over(float(b)):
            high = b
        else:
            low = a
    return float(0.5 * (low + high))


def _critical_fall(sums: _Weighted, seed: int) -> float:
    """97.5 % point of the largest |t| of a fall over all rates, where there is none."""
    k = sums.total.shape[0]
    columns = []
    for rate in GRID[::3]:
        design = return_design(float(rate), k)
        coefficients, inverse = sums.solve(design)
        own = sums.influence(design, coefficients, inverse)[:, 1]
        size = float(np.sqrt((own**2).sum()))
        columns.append(own / size if size > 0.0 else own)
    each = np.stack(columns, axis=1)
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (SIGNS, each.shape[0]))
    return float(np.quantile((signs @ each).max(axis=1), 0.975))


def _rate_interval(sums: _Weighted, log_rate: float) -> tuple[float, float]:
    """Rates around the best one whose derivative has no coefficient told from 0."""
    from scipy.special import stdtrit

    persons = int(sums.person.max()) + 1
    limit = float(stdtrit(persons - 1, 0.975))

    def beyond(rate: float) -> float:
        return abs(_score(sums, rate)) - limit

    def end(outside: FloatArray, open_end: float) -> float:
        before, value = log_rate, -limit
        for rate in outside:
            now = beyond(float(rate))
            if now > 0.0:
                return before + (float(rate) - before) * -value / (now - value)
            before, value = float(rate), now
        return open_end

    return end(GRID[log_rate > GRID][::-1], -np.inf), end(GRID[log_rate < GRID], np.inf)


def _score(sums: _Weighted, log_rate: float) -> float:
    """T of the derivative by the rate, beside the return at that rate."""
    k = sums.total.shape[0]
    base = return_design(log_rate, k)
    moved = np.arange(k) * base[:, 1]
    design = np.column_stack([base, moved / np.sqrt((moved**2).sum())])
    coefficients, inverse = sums.solve(design)
    own = sums.influence(design, coefficients, inverse)[:, 2]
    se = float(np.sqrt((own**2).sum()))
    return float(coefficients[2]) / se if se > 0.0 else 0.0
