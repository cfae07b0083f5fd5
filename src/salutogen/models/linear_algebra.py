"""Linear algebra whose sums over rows are NumPy's own: the same on any number of threads.

BLAS and LAPACK split long sums by threads, which changes the last digits from machine to machine.
Columns are made orthonormal by Gram-Schmidt, twice, which is as accurate as reflections.

Long columns are gone through in pieces that stay in a core's cache, and nothing as long as they
are is made on the way. `sum_in_pieces` cuts where NumPy's pairwise sum does, so that the digits are
those of one `numpy.sum`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]

COLLINEAR = 1e-10  # what remains of a column, as a share of its length, when it is redundant
PIECE = 1 << 15  # values that stay in a core's cache, with others beside them


def sum_in_pieces[T: (float, Float)](n: int, part: Callable[[slice], T], start: int = 0) -> T:
    """Sum n values of which `part` gives the sum over a slice, as `numpy.sum` would add them.

    An array of several sums is added up entry by entry.
    """
    if n <= PIECE:
        return part(slice(start, start + n))
    half = n // 2
    half -= half % 8
    return sum_in_pieces(half, part, start) + sum_in_pieces(n - half, part, start + half)


def sum_of_products(a: Float, b: Float) -> float:
    """Return the sum of a times b (n,), to the digit that of `numpy.sum(a * b)`."""
    room = np.empty(min(len(a), PIECE))

    def part(piece: slice) -> float:
        return float(np.sum(np.multiply(a[piece], b[piece], out=room[: piece.stop - piece.start])))

    return sum_in_pieces(len(a), part)


def _add_multiple(total: Float, factor: float, column: Float) -> None:
    """Add factor times a column (n,) to a total (n,) in place."""
    room = np.empty(min(len(total), PIECE))
    for start in range(0, len(total), PIECE):
        piece = total[start : start + PIECE]
        piece += np.multiply(column[start : start + PIECE], factor, out=room[: len(piece)])


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
        column = Q[j]
        column[:] = X[:, j]
        length = float(np.sqrt(sum_of_products(column, column)))
        for _ in range(2):
            for i in range(j):
                share = sum_of_products(Q[i], column)
                R[i, j] += share
                _add_multiple(column, -share, Q[i])
        rest = float(np.sqrt(sum_of_products(column, column))) if j else length
        if not rest > COLLINEAR * length:
            redundant.append(names[j])
            rest = np.inf
        R[j, j] = rest
        column /= rest
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


@dataclass(frozen=True)
class Factored:
    """Columns X = Q R, factored once for all that is asked of a line.

    Attributes
    ----------
    X : array (n, p)
    names : tuple of str
    Q : array (p, n)
        Orthonormal rows.
    R : array (p, p)
        Upper triangular.
    """

    X: Float
    names: tuple[str, ...]
    Q: Float
    R: Float

    @classmethod
    def of(cls, X: ArrayLike | Factored, names: Sequence[str] = ()) -> Factored:
        """Factor columns; what is factored already stays as it is.

        Raises
        ------
        ModelError
            Columns are collinear.
        """
        if isinstance(X, Factored):
            return X
        columns = np.asarray(X, dtype=float)
        called = tuple(names) or tuple(f"column {j + 1}" for j in range(columns.shape[1]))
        return cls(columns, called, *orthonormalise(columns, called))

    @cached_property
    def inverse(self) -> Float:
        """Inverse of R (p, p)."""
        return triangular_inverse(self.R)

    @cached_property
    def leverages(self) -> Float:
        """Diagonal (n,) of the hat matrix."""
        found: Float = np.sum(self.Q**2, axis=0)
        return found


def sandwich(bread: Float, meat: Float) -> Float:
    """Covariance bread · meat · breadᵀ: symmetric, and no variance below 0 by rounding.

    Where every unit that tells a coefficient lies exactly on the line, its variance is 0.
    """
    product = bread @ meat @ bread.T
    covariance: Float = (product + product.T) / 2
    np.fill_diagonal(covariance, np.maximum(np.diag(covariance), 0.0))
    return covariance


def combine(X: Float, coefficients: Float) -> Float:
    """Return X times the coefficients, column by column."""
    total: Float = np.zeros(X.shape[0])
    for column, coefficient in zip(X.T, coefficients, strict=True):
        _add_multiple(total, float(coefficient), column)
    return total


def cross_products(columns: Sequence[Float]) -> Float:
    """Return the sums of products (k, k) of k columns (n,), each a sum of NumPy's own."""
    k = len(columns)
    found = np.zeros((k, k))
    for i in range(k):
        for j in range(i + 1):
            found[i, j] = found[j, i] = sum_of_products(columns[i], columns[j])
    return found
