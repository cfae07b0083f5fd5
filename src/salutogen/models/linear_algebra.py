"""Linear algebra whose sums over rows are NumPy's own: the same on any number of threads.

BLAS and LAPACK split long sums by threads, which changes the last digits from machine to machine.
Columns are made orthonormal by Gram-Schmidt, twice, which is as accurate as reflections.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]

COLLINEAR = 1e-10  # what remains of a column, as a share of its length, when it is redundant


def orthonormalise(X: Float, names: Sequence[str]) -> tuple[Float, Float]:
    """Factor X = Q R.

    Parameters
    ----------
    X : array (n, p)
        Columns of full rank.
    names : sequence of str
        Their names, for the error.

    Returns
    -------
    Q : array (p, n)
        Orthonormal rows (transposed, so that each is contiguous).
    R : array (p, p)
        Upper triangular with positive diagonal.

    Raises
    ------
    ModelError
        A column is zero or a combination of those before it; all such columns are named.
    """
    n, p = X.shape
    Q = np.empty((p, n))
    R = np.zeros((p, p))
    redundant = []
    for j in range(p):
        column = np.array(X[:, j], dtype=float)
        length = float(np.sqrt(np.sum(column * column)))
        for _ in range(2):
            for i in range(j):
                share = float(np.sum(Q[i] * column))
                R[i, j] += share
                column -= share * Q[i]
        rest = float(np.sqrt(np.sum(column * column)))
        if not rest > COLLINEAR * length:
            redundant.append(names[j])
            rest = np.inf
        R[j, j] = rest
        Q[j] = column / rest
    if redundant:
        listed = ", ".join(repr(name) for name in redundant)
        raise ModelError(
            f"Collinear terms: {listed} can be computed exactly from the terms before "
            f"({', '.join(repr(name) for name in names if name not in redundant)}). "
            "Leave one of them out."
        )
    return Q, R


def triangular_inverse(R: Float) -> Float:
    """Invert an upper triangular matrix by back substitution."""
    p = R.shape[0]
    inverse = np.zeros((p, p))
    for j in range(p):
        inverse[j, j] = 1 / R[j, j]
        for i in range(j - 1, -1, -1):
            inverse[i, j] = -np.sum(R[i, i + 1 : j + 1] * inverse[i + 1 : j + 1, j]) / R[i, i]
    return inverse


def combine(X: Float, coefficients: Float) -> Float:
    """Return X times the coefficients, column by column."""
    total: Float = np.zeros(X.shape[0])
    for column, coefficient in zip(X.T, coefficients, strict=True):
        total = total + column * coefficient
    return total


def cross_products(columns: Sequence[Float]) -> Float:
    """Return the sums of products (k, k) of k columns (n,), each a sum of NumPy's own."""
    return np.array([[float(np.sum(a * b)) for b in columns] for a in columns])
