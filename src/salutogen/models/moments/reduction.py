"""Cross-products that keep their digits: centred, scaled and, where needed, orthogonalised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import orthonormalise, triangular_inverse
from salutogen.models.moments.grouping import Grouping
from salutogen.models.parallel.threads import share_work
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]

ILL_CONDITIONED = 1e8  # condition of the predictors' correlations beyond which they are rotated


@short_repr("cross", "is_rotated")
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
        Upper triangle by rows; its first entry is the person's number of rows, or their weights.
    powers : array (k + 1, k + 1) or None
        Where powers and products were made about centres of their variables: ``[1, columns]``
        are the columns reduced times this.
    """

    centre: Float
    basis: Float
    cross: Float
    powers: Float | None = None

    @property
    def augmented(self) -> Float:
        """Matrix A with ``[1, columns] = u A``."""
        return self.local if self.powers is None else self.local @ self.powers

    @property
    def local(self) -> Float:
        """The same of the columns as they were reduced."""
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

    def in_columns(self, T: Float, powers: Float | None) -> Reduction:
        """Return the reduction of ``[1, columns] T``, T (k + 1, k + 1) unit upper triangular.

        `columns` as reduced; `powers` leads from the new ones to the user's.
        """
        A = self.local @ T
        return Reduction(A[0, 1:], A[1:, 1:], self.cross, powers)

    @cached_property
    def total(self) -> Float:
        """Cross-products over all persons (k + 1, k + 1)."""
        return unpack(self.cross.sum(axis=0), len(self.centre) + 1)

    def project(self, left: Float, right: Float) -> Float:
        """Return left' S right of each person, flattened: left (k + 1, a), right (k + 1, b)."""
        a, b = left.shape[1], right.shape[1]
        return self.project_pairs(np.repeat(left, b, axis=1), np.tile(right, a)).T

    def project_pairs(self, left: Float, right: Float) -> Float:
        """Return left[:, h]' S right[:, h] of each person: both (k + 1, h) give (h, n_persons)."""
        from salutogen.models.moments._kernels_reduction import CHUNK, map_packed

        i, j = np.triu_indices(len(self.centre) + 1)
        weights = left[i] * right[j] + (i < j)[:, None] * (left[j] * right[i])
        n, size = len(self.cross), weights.shape[1]
        out = np.empty((size, n))
        share_work(
            lambda first, last: map_packed(first, last, self.cross, weights, out),
            -(-n // CHUNK),
            cost=CHUNK * size * 3,
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


def reduce_rows(
    columns: Mapping[str, Float], grouping: Grouping, weights: Float | None = None
) -> Reduction:
    """Reduce k columns (the outcome last) to cross-products by person, rows times their weight.

    Raises
    ------
    ModelError
        Values whose squares are beyond the range of numbers.
    """
    from salutogen.models.moments._kernels_reduction import squared_distance

    arrays = [np.ascontiguousarray(column) for column in columns.values()]
    n, k = len(arrays[0]), len(arrays)
    with np.errstate(over="ignore"):
        centre = np.array([array.sum() / n for array in arrays])
    spread = [squared_distance(array, c) for array, c in zip(arrays, centre, strict=True)]
    refuse_extreme(columns, centre, spread)
    scale = _positive(np.sqrt(np.array(spread) / n))
    basis = np.diag(scale)
    roots = None if weights is None else np.sqrt(weights)
    reduction = Reduction(centre, basis, _by_person(arrays, centre, scale, grouping, roots))
    predictors = reduction.total[1:k, 1:k] / reduction.total[0, 0]
    if k > 2 and np.linalg.cond(predictors) > ILL_CONDITIONED:
        u = np.array([(a - c) / s for a, c, s in zip(arrays, centre, scale, strict=True)])
        try:
            Q, R = orthonormalise(u[:-1].T, [str(j) for j in range(k - 1)])
        except ModelError:
            return reduction  # exactly collinear: for the model to name, with its terms
        basis[: k - 1, : k - 1] = R / np.sqrt(n) * scale[: k - 1]
        rotated = [*(Q * np.sqrt(n)), u[-1]]
        reduction = Reduction(
            centre, basis, _by_person(rotated, np.zeros(k), np.ones(k), grouping, roots)
        )
    return reduction


def refuse_extreme(names: Iterable[str], centre: Float, spread: ArrayLike) -> None:
    """Refuse columns whose means or squares are beyond the range of numbers."""
    wrong = ~(np.isfinite(centre) & np.isfinite(spread))
    if wrong.any():
        found = ", ".join(name for name, is_wrong in zip(names, wrong, strict=True) if is_wrong)
        raise ModelError(
            f"{found}: infinite, undefined (as the logarithm of 0), or too large to be squared. "
            "Transform what every row allows, or choose another unit."
        )


def _positive(scale: Float) -> Float:
    """Replace the scale of columns that do not vary."""
    return np.where(scale > 0, scale, 1.0)


def _by_person(
    columns: list[Float], centre: Float, scale: Float, grouping: Grouping, roots: Float | None
) -> Float:
    """Packed cross-products of the constant and ``(column − centre)/scale`` by person."""
    from salutogen.models.moments._kernels_reduction import CHUNK, group_rows

    k, n, edges = len(columns) + 1, len(grouping.persons), grouping.edges
    out = np.empty((n, k * (k + 1) // 2))

    def work(first: int, last: int) -> None:
        for chunk in range(first, last):
            own = edges[chunk * CHUNK : (chunk + 1) * CHUNK + 1]
            rows: slice | Int = slice(own[0], own[-1])
            if grouping.order is not None:
                rows = grouping.order[rows]
            block = np.empty((k, own[-1] - own[0]))
            block[0] = 1.0
            for j, column in enumerate(columns):
                np.subtract(column[rows], centre[j], out=block[j + 1])
                block[j + 1] /= scale[j]
            if roots is not None:
                block *= roots[rows]
            group_rows(block, own, out[chunk * CHUNK : (chunk + 1) * CHUNK])

    share_work(work, -(-n // CHUNK), cost=len(columns[0]) / n * CHUNK * k * 4)
    return out


def pooled_reduction(shards: Sequence[Reduction], codes: Int, n_persons: int) -> Reduction:
    """Shift shards to their common centre and scale, and add them up by person code.

    The shift is that of parallel variances (Chan, Golub & LeVeque 1983), as a linear map of the
    augmented columns.
    """
    counts = np.array([shard.total[0, 0] for shard in shards])
    means = np.array([shard.local[0, 1:] for shard in shards])
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
    return Reduction(centre, basis, cross, shards[0].powers)
