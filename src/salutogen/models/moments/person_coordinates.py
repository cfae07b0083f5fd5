"""Each person's columns in an orthonormal basis of their own, from cross-products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

NO_RANK = 1e-9  # share of a column's square below which it is a combination of those before it


@dataclass(frozen=True, kw_only=True)
class Coordinates:
    """Each person's columns [X Z] in an orthonormal basis of their own.

    Attributes
    ----------
    cross : array (n, m, m)
        Cross-products of [X Z].
    basis : array (n, m, m)
        Upper triangular R with R'R = cross; rows of columns that are combinations of earlier
        ones are zero. Where persons differ little in their times, so do their bases.
    seen : array (n, m) of bool
        Which rows are not zero.
    left : array (n,)
        Rows of the person less the dimensions of [X Z].
    """

    cross: Float
    basis: Float
    seen: NDArray[np.bool_]
    left: Int

    @classmethod
    def factored(cls, cross: Float, counts: Float) -> Coordinates:
        """Factor the cross-products (n, m, m) of persons with so many rows each (n,)."""
        n, m = cross.shape[:2]
        basis = np.zeros((n, m, m))
        for j in range(m):
            row = cross[:, j] - np.sum(basis[:, :j, j, None] * basis[:, :j], axis=1)
            pivot = row[:, j]
            kept = pivot > NO_RANK * cross[:, j, j]
            basis[kept, j, j:] = row[kept, j:] / np.sqrt(pivot[kept, None])
        seen = np.diagonal(basis, axis1=1, axis2=2) > 0
        left = np.rint(counts).astype(np.int64) - seen.sum(axis=1)
        return cls(cross=cross, basis=basis, seen=seen, left=np.maximum(left, 0))

    def along(self, products: Float) -> Float:
        """Coordinates (n, m) of a column from its products (n, m) with [X Z]."""
        out = np.zeros_like(products)
        for j in range(products.shape[1]):
            rest = products[:, j] - np.sum(self.basis[:, :j, j] * out[:, :j], axis=1)
            has = self.seen[:, j]
            out[has, j] = rest[has] / self.basis[has, j, j]
        return out

    def products(self, coordinates: Float) -> Float:
        """Products (n, m) with [X Z] of a column with these coordinates (n, m)."""
        out: Float = np.sum(self.basis * coordinates[:, :, None], axis=1)
        return out
