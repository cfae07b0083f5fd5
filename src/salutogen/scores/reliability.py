"""Reliability of scales: McDonald's omega, Cronbach's alpha, and of composites (Mosier 1943)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from salutogen.scores.answers import FloatArray

SMALLEST_UNIQUENESS = 0.005
MOST_ITERATIONS = 1000
SINGULAR = 1e-10


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
    first eigenvector of the correlation matrix scaled by their roots.

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
    from scipy.optimize import minimize

    variances = np.diag(matrix)
    if len(matrix) < 3 or not (variances > 0).all():
        return None
    sds = np.sqrt(variances)
    correlation = matrix / np.outer(sds, sds)
    if np.linalg.eigvalsh(correlation)[0] < SINGULAR:
        return None
    start = (1 - 0.5 / len(matrix)) / np.diag(np.linalg.inv(correlation))
    found = minimize(
        _discrepancy,
        np.clip(start, SMALLEST_UNIQUENESS, 1.0),
        args=(correlation,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(SMALLEST_UNIQUENESS, 1.0)] * len(matrix),
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": MOST_ITERATIONS},
    )
    unique: FloatArray = found.x
    loadings, _ = _given_uniqueness(unique, correlation)
    loadings = loadings * (1.0 if loadings.sum() >= 0 else -1.0)
    return OneFactor(
        loadings=loadings * sds,
        uniquenesses=unique * variances,
        converged=bool(
            np.abs(_projected(unique, _discrepancy(unique, correlation)[1])).max() < 1e-4
        ),
        at_bound=bool((unique <= SMALLEST_UNIQUENESS * 1.001).any()),
    )


def _given_uniqueness(unique: FloatArray, correlation: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Best loadings given the uniquenesses, and the smaller eigenvalues of the scaled matrix."""
    scale = np.sqrt(unique)
    values, vectors = np.linalg.eigh(correlation / np.outer(scale, scale))
    return scale * vectors[:, -1] * np.sqrt(max(float(values[-1]) - 1.0, 0.0)), values[:-1]


def _discrepancy(unique: FloatArray, correlation: FloatArray) -> tuple[float, FloatArray]:
    """Maximum-likelihood discrepancy with the loadings profiled out, and its gradient."""
    loadings, rest = _given_uniqueness(unique, correlation)
    value = float(np.sum(rest - np.log(rest) - 1.0))
    return value, (loadings**2 + unique - 1.0) / unique**2


def _projected(unique: FloatArray, gradient: FloatArray) -> FloatArray:
    """Gradient without what only points out of the bounds."""
    held = ((unique <= SMALLEST_UNIQUENESS) & (gradient > 0)) | ((unique >= 1.0) & (gradient < 0))
    return np.where(held, 0.0, gradient)


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
