"""Logistic regression of what happened on a few columns, with errors clustered by person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.descriptive import numbered
from salutogen.models.linear_algebra import PIECE, cross_products, sum_in_pieces

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
    columns = [np.ascontiguousarray(column) for column in np.asarray(X, dtype=float).T]
    y = np.asarray(happened, dtype=float)
    if not columns or columns[0].size != y.size:
        raise ModelError(f"X: needs a row for each of {y.size} outcomes.")
    b, eta = np.zeros(len(columns)), np.zeros(y.size)
    for _ in range(MOST_STEPS):
        information, scores = _derivatives(columns, y, eta)
        try:
            b = b + np.linalg.solve(information, scores)
        except np.linalg.LinAlgError:
            return None
        largest, change = _move(eta, columns, b)
        if not largest <= AT_INFINITY:
            return None
        if change < SETTLED:
            return _with_errors(columns, y, b, eta, np.asarray(clusters))
    return None


def _derivatives(columns: list[Float], y: Float, eta: Float) -> tuple[Float, Float]:
    """Information (p, p) and score (p,) at linear predictors (n,)."""
    p = len(columns)
    pairs = [(i, j) for i in range(p) for j in range(i + 1)]

    def part(piece: slice) -> Float:
        chance = 1.0 / (1.0 + np.exp(-eta[piece]))
        weight = np.sqrt(chance * (1.0 - chance))
        weighted = [column[piece] * weight for column in columns]
        rest = y[piece] - chance
        found = [np.sum(weighted[i] * weighted[j]) for i, j in pairs]
        return np.array([*found, *(np.sum(column[piece] * rest) for column in columns)])

    sums = sum_in_pieces(y.size, part)
    information = np.zeros((p, p))
    for (i, j), value in zip(pairs, sums[: len(pairs)].tolist(), strict=True):
        information[i, j] = information[j, i] = value
    return information, sums[len(pairs) :]


def _move(eta: Float, columns: list[Float], b: Float) -> tuple[float, float]:
    """Set linear predictors (n,) to X b in place; the largest of them, and the largest change."""
    largest = change = 0.0
    for start in range(0, eta.size, PIECE):
        own = eta[start : start + PIECE]
        new = np.zeros(own.size)
        for column, value in zip(columns, b.tolist(), strict=True):
            new += column[start : start + PIECE] * value
        sizes = np.abs(new)
        largest = max(largest, float(np.max(sizes))) if np.isfinite(sizes).all() else np.inf
        change = max(change, float(np.max(np.abs(new - own))))
        own[:] = new
    return largest, change


def _with_errors(
    columns: list[Float], y: Float, b: Float, eta: Float, clusters: NDArray[np.int64]
) -> LogisticFit | None:
    bread = np.linalg.inv(_derivatives(columns, y, eta)[0])
    own, count = numbered(clusters)
    if count < 2:
        return None
    rest = np.exp(-eta)
    rest += 1.0
    np.divide(1.0, rest, out=rest)
    np.subtract(y, rest, out=rest)
    meat = cross_products([np.bincount(own, column * rest) for column in columns])
    return LogisticFit(
        coefficients=b,
        covariance=bread @ (meat * count / (count - 1)) @ bread,
        n=y.size,
        n_happened=int(y.sum()),
        n_clusters=count,
    )
