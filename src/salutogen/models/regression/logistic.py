"""Logistic regression of what happened on a few columns, with errors clustered by person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import cross_products

Float = NDArray[np.float64]

MOST_STEPS = 50
SETTLED = 1e-10  # change of a linear predictor
AT_INFINITY = 20.0  # log odds beyond which estimates run away: what happened is separated


@dataclass(frozen=True, kw_only=True)
class LogisticFit:
    """Estimates by maximum likelihood.

    Attributes
    ----------
    coefficients : ndarray, shape (p,)
        Log odds per unit of a column.
    covariance : ndarray, shape (p, p)
        Clustered (CR1): sums of scores over a cluster's rows in the middle of the sandwich, times
        G / (G - 1) for G clusters.
    n, n_happened, n_clusters : int
    """

    coefficients: Float
    covariance: Float
    n: int
    n_happened: int
    n_clusters: int


def logistic_fit(X: ArrayLike, happened: ArrayLike, clusters: ArrayLike) -> LogisticFit | None:
    """Fit log odds = X b by Newton steps (iteratively reweighted least squares).

    Parameters
    ----------
    X : array (n, p)
        Columns, a constant among them; each best about 1 in size.
    happened : array of bool (n,)
    clusters : array (n,)
        Whose row it is.

    Returns
    -------
    LogisticFit or None
        None where a column separates what happened from what did not, or columns are redundant:
        estimates are then at infinity, or not single.
    """
    columns = list(np.asarray(X, dtype=float).T)
    y = np.asarray(happened, dtype=float)
    if not columns or columns[0].size != y.size:
        raise ModelError(f"X: needs a row for each of {y.size} outcomes.")
    b, eta = np.zeros(len(columns)), np.zeros(y.size)
    for _ in range(MOST_STEPS):
        p = 1.0 / (1.0 + np.exp(-eta))
        weight = np.sqrt(p * (1.0 - p))
        information = cross_products([column * weight for column in columns])
        scores = np.array([np.sum(column * (y - p)) for column in columns])
        try:
            b = b + np.linalg.solve(information, scores)
        except np.linalg.LinAlgError:
            return None
        before, eta = eta, sum((c * value for c, value in zip(columns, b, strict=True)), 0.0 * eta)
        if not np.isfinite(eta).all() or np.max(np.abs(eta)) > AT_INFINITY:
            return None
        if np.max(np.abs(eta - before)) < SETTLED:
            return _with_errors(columns, y, b, eta, np.asarray(clusters))
    return None


def _with_errors(
    columns: list[Float], y: Float, b: Float, eta: Float, clusters: NDArray[np.int64]
) -> LogisticFit | None:
    p = 1.0 / (1.0 + np.exp(-eta))
    weight = np.sqrt(p * (1.0 - p))
    bread = np.linalg.inv(cross_products([column * weight for column in columns]))
    names, own = np.unique(clusters, return_inverse=True)
    if names.size < 2:
        return None
    sums = [np.bincount(own, column * (y - p), minlength=names.size) for column in columns]
    meat = cross_products(sums) * names.size / (names.size - 1)
    return LogisticFit(
        coefficients=b,
        covariance=bread @ meat @ bread,
        n=y.size,
        n_happened=int(y.sum()),
        n_clusters=int(names.size),
    )
