"""Reliability of scales: McDonald's omega, Cronbach's alpha, and of composites (Mosier 1943)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from salutogen.scores.answers import FloatArray

SMALLEST_UNIQUENESS = 0.005
MOST_ITERATIONS = 5000
TOLERANCE = 1e-10


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
    """Fit one factor by maximum likelihood (Jöreskog 1967), by fixed-point steps.

    Given the uniquenesses, the best loadings come from the first eigenvector of the correlation
    matrix scaled by them; given the loadings, the uniquenesses are what the diagonal leaves over.

    Parameters
    ----------
    matrix : ndarray, shape (k, k)
        Covariance matrix of k >= 3 items.

    Returns
    -------
    OneFactor or None
        None with fewer than three items or an item without variance.
    """
    variances = np.diag(matrix)
    if len(matrix) < 3 or not (variances > 0).all():
        return None
    sds = np.sqrt(variances)
    correlation = matrix / np.outer(sds, sds)
    unique = np.full(len(matrix), 0.5)
    loadings = np.zeros(len(matrix))
    converged = False
    for _ in range(MOST_ITERATIONS):
        scale = np.sqrt(unique)
        values, vectors = np.linalg.eigh(correlation / np.outer(scale, scale))
        loadings = scale * vectors[:, -1] * np.sqrt(max(values[-1] - 1.0, 0.0))
        updated = np.maximum(1.0 - loadings**2, SMALLEST_UNIQUENESS)
        change = float(np.abs(updated - unique).max())
        unique = updated
        if change < TOLERANCE:
            converged = True
            break
    loadings = loadings * (1.0 if loadings.sum() >= 0 else -1.0)
    return OneFactor(
        loadings=loadings * sds,
        uniquenesses=unique * variances,
        converged=converged,
        at_bound=bool((unique <= SMALLEST_UNIQUENESS).any()),
    )


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
