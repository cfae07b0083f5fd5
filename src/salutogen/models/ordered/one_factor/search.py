"""Diagonally weighted least squares: the search, and sums that errors and tests need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.ordered.one_factor.moments import implied
from salutogen.models.ordered.one_factor.specification import Places
from salutogen.models.ordered.polychoric import Polychoric

Float = NDArray[np.float64]

MOST_STEPS = 300
SETTLED = 1e-10  # largest step, in units of the estimates, that is none
NEARLY, ROUNDING = 1e-6, 1e-13  # a step that is none where the criterion no longer falls
DAMPING, RELIEF, MOST_DAMPING = 1e-3, 10.0, 1e12


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One group's statistics, ready for the search.

    Attributes
    ----------
    observed : Polychoric
    statistics, weights : array (m,)
        The latter are inverse variances, times persons.
    covariance : array (m, m)
        Times persons.
    """

    observed: Polychoric
    statistics: Float
    weights: Float
    covariance: Float

    @property
    def n(self) -> int:
        """Persons."""
        return self.observed.n_persons

    @property
    def n_thresholds(self) -> int:
        """Thresholds, which come first among the statistics."""
        return sum(map(len, self.observed.thresholds))


def sample_of(observed: Polychoric) -> Sample:
    """Return a group's statistics with their weights."""
    return Sample(
        observed=observed,
        statistics=observed.statistics,
        weights=1 / np.diag(observed.covariance),
        covariance=observed.covariance,
    )


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The end of a search.

    Attributes
    ----------
    parameters : array (q,)
    slopes : list of array (m, q)
        Derivatives of each group's statistics.
    residuals : list of array (m,)
        Observed less implied.
    criterion : float
        Weighted sum of squared residuals: the unscaled chi-square.
    converged : bool
    path : tuple of float
        The criterion after each step.
    """

    parameters: Float
    slopes: list[Float]
    residuals: list[Float]
    criterion: float
    converged: bool
    path: tuple[float, ...]


def least_squares(samples: Sequence[Sample], places: Sequence[Places], start: Float) -> Settled:
    """Search for the parameters with the smallest weighted squares (Levenberg and Marquardt)."""
    weights = [(one.n - 1) * one.weights for one in samples]

    def at(parameters: Float) -> tuple[list[Float], list[Float], float]:
        parts = [implied(one, parameters) for one in places]
        apart = [s.statistics - mean for s, (mean, _) in zip(samples, parts, strict=True)]
        total = sum(float(np.sum(w * r**2)) for w, r in zip(weights, apart, strict=True))
        return apart, [slopes for _, slopes in parts], total

    now, damping, path, converged = start, DAMPING, [], False
    apart, slopes, value = at(now)
    for _ in range(MOST_STEPS):
        normal = sum(np.matmul((w[:, None] * s).T, s) for w, s in zip(weights, slopes, strict=True))
        uphill = sum(np.matmul(s.T, w * r) for w, s, r in zip(weights, slopes, apart, strict=True))
        size = np.diag(normal)
        size = np.where(size > 0, size, 1.0)
        while damping < MOST_DAMPING:
            step = np.linalg.solve(normal + np.diag(damping * size), uphill)
            with np.errstate(over="ignore", invalid="ignore"):  # of a step that is not taken
                further = at(now + step)
            if further[2] <= value * (1 + 1e-15):
                break
            damping *= RELIEF
        else:
            break
        gain = value - further[2]
        now, (apart, slopes, value) = now + step, further
        path.append(value)
        damping = max(damping / RELIEF, 1e-14)
        moved = np.max(np.abs(step) / (1 + np.abs(now)))
        if moved < SETTLED or (moved < NEARLY and gain <= ROUNDING * value):
            converged = True
            break
    return Settled(
        parameters=now,
        slopes=slopes,
        residuals=apart,
        criterion=value,
        converged=converged,
        path=tuple(path),
    )
