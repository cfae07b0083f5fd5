"""Cross-products that keep their digits: centred, scaled and, where needed, orthogonalised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.orthogonal import orthonormalise, triangular_inverse
from salutogen.models.threads import share_work

Float = NDArray[np.float64]
Int = NDArray[np.int64]

ILL_CONDITIONED = 1e8  # condition of the predictors' correlations beyond which they are rotated


@dataclass(frozen=True)
class Reduction:
    """Packed cross-products of ``u = [1, (columns − centre) basis⁻¹]`` by person.

    Attributes
    ----------
    centre : array (k,)
        Mean of each column.
    basis : array (k, k)
        Upper triangular: standard deviations on the diagonal; full only where columns are so
        nearly collinear (t, t², t³ of calendar years) that their cross-products would lose
        digits.
    cross : array (n_persons, (k + 1)(k + 2)/2)
        Upper triangle by rows; its first entry is the person's number of rows.
    """

    centre: Float
    basis: Float
    cross: Float

    @property
    def augmented(self) -> Float:
        """Matrix A with ``[1, columns] = u A``."""
        k = len(self.centre)
        matrix = np.zeros((k + 1, k + 1))
        matrix[0, 0] = 1
        matrix[0, 1:] = self.centre
        matrix[1:, 1:] = self.basis
        return matrix

    @property
    def is_rotated(self) -> bool:
        """Whether nearly collinear predictors were orthogonalised."""
        return bool(np.any(self.basis != np.diag(np.diag(self.basis))))

    @cached_property
    def total(self) -> Float:
        """Cross-products over all persons (k + 1, k + 1)."""
        return unpack(self.cross.sum(axis=0), len(self.centre) + 1)

    def project(self, left: Float, right: Float) -> Float:
        """Return left' S right of each person, flattened: left (k + 1, a), right (k + 1, b)."""
        from salutogen.models._kernels import CHUNK, map_cross_products

        k, n = len(self.centre) + 1, len(self.cross)
        out = np.empty((n, left.shape[1] * right.shape[1]))
        a, b = np.ascontiguousarray(left), np.ascontiguousarray(right)
        share_work(
            lambda first, last: map_cross_products(first, last, self.cross, k, a, b, out),
            -(-n // CHUNK),
            cost=CHUNK * k * k,
        )
        return out


def pack(square: Float) -> Float:
    """Return the upper triangle, row by row."""
    return square[np.triu_indices(len(square))]


def unpack(packed: Float, k: int) -> Float:
    """Return the symmetric (k, k) matrix of a packed upper triangle."""
    square = np.zeros((k, k))
    square[np.triu_indices(k)] = packed
    return square + np.triu(square, 1).T


def reduce_rows(columns: Float, codes: Int, n_persons: int) -> Reduction:
    """Reduce rows of k columns (the outcome last) to cross-products by person code."""
    n, k = columns.shape
    centre = columns.sum(axis=0) / n
    u = np.empty((n, k + 1))
    u[:, 0] = 1.0
    np.subtract(columns, centre, out=u[:, 1:])
    scale = _positive(np.sqrt(np.array([np.sum(u[:, j] ** 2) for j in range(1, k + 1)]) / n))
    u[:, 1:] /= scale
    basis = np.diag(scale)
    cross = _by_person(u, codes, n_persons)
    reduction = Reduction(centre, basis, cross)
    predictors = reduction.total[1:k, 1:k] / n
    if k > 2 and np.linalg.cond(predictors) > ILL_CONDITIONED:
        try:
            Q, R = orthonormalise(u[:, 1:k], [str(j) for j in range(k - 1)])
        except ModelError:
            return reduction  # exactly collinear: for the model to name, with its terms
        R = R / np.sqrt(n)
        u[:, 1:k] = (Q * np.sqrt(n)).T
        basis[: k - 1, : k - 1] = R * scale[: k - 1]
        reduction = Reduction(centre, basis, _by_person(u, codes, n_persons))
    return reduction


def _positive(scale: Float) -> Float:
    """Replace the scale of columns that do not vary."""
    return np.where(scale > 0, scale, 1.0)


def _by_person(u: Float, codes: Int, n_persons: int) -> Float:
    from salutogen.models._kernels import group_cross_products

    cross: Float = group_cross_products(u, codes, n_persons)
    return cross


def pooled_reduction(shards: Sequence[Reduction], codes: Int, n_persons: int) -> Reduction:
    """Shift shards to their common centre and scale, and add them up by person code.

    The shift is that of parallel variances (Chan, Golub & LeVeque 1983), as a linear map of the
    augmented columns.
    """
    counts = np.array([shard.total[0, 0] for shard in shards])
    means = np.array([shard.augmented[0, 1:] for shard in shards])
    n = counts.sum()
    centre = np.sum(means * counts[:, None], axis=0) / n
    rotated = [shard for shard in shards if shard.is_rotated]
    if rotated:
        basis = rotated[0].basis
    else:
        squares = np.zeros_like(centre)
        for shard, count in zip(shards, counts, strict=True):
            spread = np.diag(shard.total)[1:] * np.diag(shard.basis) ** 2
            squares += spread + count * (shard.centre - centre) ** 2
        basis = np.diag(_positive(np.sqrt(squares / n)))
    inverse = triangular_inverse(basis)
    cross = np.zeros((n_persons, shards[0].cross.shape[1]))
    k = len(centre)
    upper = np.ravel_multi_index(np.triu_indices(k + 1), (k + 1, k + 1))
    start = 0
    for shard in shards:
        shift = np.zeros((k + 1, k + 1))
        shift[0, 0] = 1
        shift[0, 1:] = (shard.centre - centre) @ inverse
        shift[1:, 1:] = shard.basis @ inverse
        moved = shard.project(shift, shift)[:, upper]
        np.add.at(cross, codes[start : start + len(moved)], moved)
        start += len(moved)
    return Reduction(centre, basis, cross)
