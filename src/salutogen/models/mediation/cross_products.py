"""Regressions of many samples at once, each from its cross-products alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

COLLINEAR = 1e-10  # what remains of a column's sum of squares when it is redundant


def packed_products(columns: Float) -> Float:
    """Upper triangles (n, k (k + 1) / 2) of the products of each row's columns (n, k)."""
    first, second = np.triu_indices(columns.shape[1])
    return columns[:, first] * columns[:, second]


def unpacked(packed: Float, k: int) -> Float:
    """Symmetric matrices (..., k, k) from their upper triangles, row by row."""
    first, second = np.triu_indices(k)
    square = np.empty((*packed.shape[:-1], k, k))
    square[..., first, second] = packed
    square[..., second, first] = packed
    return square


def regress(products: Float, outcome: int, predictors: Sequence[int]) -> tuple[Float, Float]:
    """Least squares in each of several samples.

    Parameters
    ----------
    products : array (s, k, k)
        Cross-products of all columns, of each sample.
    outcome : int
        Column.
    predictors : sequence of int
        p columns.

    Returns
    -------
    coefficients : array (s, p)
        NaN in samples in which the predictors are collinear.
    squares : array (s,)
        Residual sums of squares.
    """
    p, order = len(predictors), [*predictors, outcome]
    work = products[:, order][:, :, order].copy()
    lengths = np.sqrt(np.maximum(np.einsum("sii->si", work), 0.0))
    lengths[lengths == 0] = 1.0
    work /= lengths[:, :, None] * lengths[:, None, :]
    singular = np.zeros(len(work), dtype=bool)
    for j in range(p):  # Gauss: the rows below lose what they share with column j
        pivot = work[:, j, j].copy()
        redundant = pivot <= COLLINEAR
        singular |= redundant
        pivot[redundant] = 1.0
        share = work[:, j + 1 :, j] / pivot[:, None]
        work[:, j + 1 :, j:] -= share[:, :, None] * work[:, None, j, j:]
    found = np.empty((len(work), p))
    for j in range(p - 1, -1, -1):
        value = work[:, j, p].copy()
        for i in range(j + 1, p):
            value -= work[:, j, i] * found[:, i]
        pivot = work[:, j, j]
        found[:, j] = value / np.where(pivot <= COLLINEAR, 1.0, pivot)
    found *= lengths[:, p, None] / lengths[:, :p]
    found[singular] = np.nan
    squares = np.maximum(work[:, p, p], 0.0) * lengths[:, p] ** 2
    squares[singular] = np.nan
    return found, squares
