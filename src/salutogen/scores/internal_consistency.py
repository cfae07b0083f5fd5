"""Reliability of scales: McDonald's omega, Cronbach's alpha, and of composites (Mosier 1943)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.scores.answers import FloatArray

SMALLEST_UNIQUENESS = 0.005
SINGULAR = 1e-10
FLAT = 1e-9
NEARLY_FLAT = 1e-5
MOST_STEPS = 200
MOST_HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class OneFactor:
    """Maximum-likelihood one-factor solution of a covariance matrix.

    Attributes
    ----------
    loadings : ndarray, shape (k,)
        In the items' units, with a positive sum.
    uniquenesses : ndarray, shape (k,)
        Residual variances.
    at_bound : bool
        A residual variance fell to its lower bound (Heywood case).
    """

    loadings: FloatArray
    uniquenesses: FloatArray
    converged: bool
    at_bound: bool

    @property
    def omega(self) -> float:
        """McDonald's omega total: share of the sum score's model variance due to the factor."""
        common = float(self.loadings.sum()) ** 2
        return common / (common + float(self.uniquenesses.sum()))


def cronbach_alpha(matrix: FloatArray) -> float | None:
    """Cronbach's alpha from an item covariance matrix; None for one item or no variance."""
    k = len(matrix)
    total = float(matrix.sum())
    if k < 2 or total <= 0:
        return None
    return k / (k - 1) * (1.0 - float(np.trace(matrix)) / total)


def one_factor(matrix: FloatArray) -> OneFactor | None:
    """Fit one factor by maximum likelihood (Jöreskog 1967).

    The likelihood is maximised over the uniquenesses alone: given them, the best loadings are the
    first eigenvector of the correlation matrix scaled by their roots. Newton steps use Jöreskog's
    approximate second derivatives, held within the bounds and halved until the fit improves.

    Parameters
    ----------
    matrix : ndarray, shape (k, k)
        Covariance matrix of k >= 3 items.

    Returns
    -------
    OneFactor or None
        None with fewer than three items, an item without variance, or items that determine each
        other.
    """
    variances = np.diag(matrix)
    if len(matrix) < 3 or not (variances > 0).all():
        return None
    sds = np.sqrt(variances)
    correlation = matrix / np.outer(sds, sds)
    if np.linalg.eigvalsh(correlation)[0] < SINGULAR:
        return None
    start = (1 - 0.5 / len(matrix)) / np.diag(np.linalg.inv(correlation))
    point = _profile(np.clip(start, SMALLEST_UNIQUENESS, 1.0), correlation)
    converged = False
    for _ in range(MOST_STEPS):
        free = ~point.held
        if not free.any() or float(np.abs(point.gradient[free]).max()) < FLAT:
            converged = True
            break
        better = _newton_step(point, free, correlation)
        if better is None:
            converged = float(np.abs(point.gradient[free]).max()) < NEARLY_FLAT
            break
        point = better
    loadings = point.loadings * (1.0 if point.loadings.sum() >= 0 else -1.0)
    return OneFactor(
        loadings=loadings * sds,
        uniquenesses=point.unique * variances,
        converged=converged,
        at_bound=bool((point.unique <= SMALLEST_UNIQUENESS).any()),
    )


@dataclass(frozen=True, slots=True)
class _Profile:
    """The discrepancy at given uniquenesses with the loadings profiled out.

    `held` marks uniquenesses at a bound that the gradient pushes outwards.
    """

    unique: FloatArray
    loadings: FloatArray
    value: float
    gradient: FloatArray
    curvature: FloatArray

    @property
    def held(self) -> NDArray[np.bool_]:
        low = (self.unique <= SMALLEST_UNIQUENESS) & (self.gradient > 0)
        return np.asarray(low | ((self.unique >= 1.0) & (self.gradient < 0)))


def _profile(unique: FloatArray, correlation: FloatArray) -> _Profile:
    scale = np.sqrt(unique)
    values, vectors = np.linalg.eigh(correlation / np.outer(scale, scale))
    first = vectors[:, -1]
    loadings = scale * first * np.sqrt(max(float(values[-1]) - 1.0, 0.0))
    rest = values[:-1]
    outside = (np.eye(len(unique)) - np.outer(first, first)) / np.outer(scale, scale)
    return _Profile(
        unique=unique,
        loadings=loadings,
        value=float(np.sum(rest - np.log(rest) - 1.0)),
        gradient=(loadings**2 + unique - 1.0) / unique**2,
        curvature=outside**2,
    )


def _newton_step(
    point: _Profile, free: NDArray[np.bool_], correlation: FloatArray
) -> _Profile | None:
    """Next point with a smaller discrepancy, or None where rounding leaves none."""
    chosen = np.flatnonzero(free)
    curvature = point.curvature[np.ix_(chosen, chosen)]
    direction = np.zeros(len(free))
    direction[chosen] = np.linalg.lstsq(curvature, point.gradient[chosen], rcond=None)[0]
    size = 1.0
    for _ in range(MOST_HALVINGS):
        trial = np.clip(point.unique - size * direction, SMALLEST_UNIQUENESS, 1.0)
        reached = _profile(trial, correlation)
        if reached.value < point.value:
            return reached
        size /= 2
    return None


def composite_reliability(
    weights: Sequence[float], matrix: FloatArray, reliabilities: Sequence[float]
) -> float:
    """Reliability of a weighted sum of scales with independent errors (Mosier 1943).

    Parameters
    ----------
    weights : sequence of float, length k
        Weight of each scale in its own units.
    matrix : ndarray, shape (k, k)
        Covariance matrix of the scales.
    reliabilities : sequence of float, length k
        Reliability of each scale.
    """
    weight = np.asarray(weights, dtype=np.float64)
    total = float(np.sum(np.outer(weight, weight) * matrix))
    error = float(np.sum(weight**2 * np.diag(matrix) * (1.0 - np.asarray(reliabilities))))
    return 1.0 - error / total
