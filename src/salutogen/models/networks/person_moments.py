"""Cross-products of all variables of a network by person: regressions and samples need no rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.formula.mixed_formula import INTERCEPT
from salutogen.models.moments.moments import Moments
from salutogen.models.moments.reduction import Reduction

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CHUNK = 2048  # persons whose square cross-products are held at a time


@dataclass(frozen=True, kw_only=True)
class PersonMoments:
    """Cross-products of ``[1, (columns − centre) / scale]`` by person.

    Attributes
    ----------
    columns : tuple of str
    centre, scale : array (k,)
    cross : array (n_persons, (k + 1)(k + 2)/2)
        Upper triangle by rows; its first entry is the person's number of rows.
    persons : polars.Series
    """

    columns: tuple[str, ...]
    centre: Float
    scale: Float
    cross: Float
    persons: pl.Series

    @classmethod
    def of(cls, columns: dict[str, Float], persons: pl.Series) -> PersonMoments:
        """Reduce rows."""
        whole = Moments.from_columns(columns, persons, fixed=(), random=())
        reduction = whole.reduction
        scale = np.sqrt(np.sum(reduction.basis**2, axis=0))
        made = reduction.cross
        if reduction.is_rotated:
            T = _augmented(reduction.basis / scale)
            made = reduction.project(T, T)[:, _upper(len(T))]
        return cls(
            columns=whole.columns,
            centre=reduction.centre,
            scale=scale,
            cross=made,
            persons=whole.persons,
        )

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return int(self.cross[:, 0].sum())

    def moments(self, predictors: Sequence[str], outcome: str, fixed: Sequence[str],
                random: Sequence[Sequence[str]]) -> Moments:  # fmt: skip
        """Return the moments of some columns, as a mixed model takes them."""
        names = (*predictors, outcome)
        places = np.array([self.columns.index(name) for name in names])
        packed = _packed(np.append(0, 1 + places), len(self.columns) + 1)
        return Moments(
            columns=names,
            reduction=Reduction(
                self.centre[places], np.diag(self.scale[places]), self.cross[:, packed]
            ),
            persons=self.persons,
            fixed=tuple(fixed),
            random=tuple(map(tuple, random)),
            n_obs=self.n_obs,
        )

    def sample(self, drawn: Int) -> PersonMoments:
        """Take persons, who may be drawn more than once and count as others then."""
        persons = pl.Series(self.persons.name, np.arange(len(drawn)))
        return replace(self, cross=self.cross[drawn], persons=persons)

    def combined(self, names: Sequence[str], weights: Float) -> PersonMoments:
        """Make columns that are each person's own combinations of these and the constant.

        Parameters
        ----------
        names : sequence of str
            Of the new columns.
        weights : array (n_persons, k + 1, m)
            Of the constant and the columns as they were given.
        """
        A = _augmented(np.diag(self.scale))
        A[0, 1:] = self.centre
        size, m = len(A), len(names)
        made = np.empty((len(self.cross), m + 1, m + 1))
        rows, columns = np.triu_indices(size)
        for start in range(0, len(self.cross), CHUNK):
            part = slice(start, start + CHUNK)
            S = np.empty((len(self.cross[part]), size, size))
            S[:, rows, columns] = S[:, columns, rows] = self.cross[part]
            V = np.zeros((len(S), size, m + 1))
            V[:, 0, 0] = 1.0
            V[:, :, 1:] = np.einsum("ab,nbm->nam", A, weights[part])
            made[part] = np.einsum("nmb,nbl->nml", np.einsum("nam,nab->nmb", V, S), V)
        total = made.sum(axis=0)
        centre = total[0, 1:] / total[0, 0]
        scale = np.sqrt(np.maximum(np.diag(total)[1:] / total[0, 0] - centre**2, 0.0))
        scale[scale <= 0] = 1.0
        T = _augmented(np.diag(1 / scale))
        T[0, 1:] = -centre / scale
        made = np.einsum("am,nab->nmb", T, made)
        made = np.einsum("nmb,bl->nml", made, T)
        upper = np.triu_indices(m + 1)
        return replace(
            self, columns=tuple(names), centre=centre, scale=scale,
            cross=np.ascontiguousarray(made[:, *upper]),
        )  # fmt: skip


def weights_of(
    columns: Sequence[str], outcome: str, terms: Sequence[str], coefficients: Float
) -> Float:
    """Weights (n_persons, k + 1) of an outcome less each person's expectation.

    `coefficients` (n_persons, terms) are those of the terms, `Intercept` for the constant.
    """
    names = [INTERCEPT, *columns]
    made = np.zeros((len(coefficients), len(names)))
    made[:, names.index(outcome)] = 1.0
    for term, own in zip(terms, coefficients.T, strict=True):
        made[:, names.index(term)] -= own
    return made


def _augmented(square: Float) -> Float:
    """The matrix with a one for the constant before it."""
    whole = np.eye(len(square) + 1)
    whole[1:, 1:] = square
    return whole


def _upper(size: int) -> Int:
    """Places of the upper triangle in the flattened square."""
    return np.ravel_multi_index(np.triu_indices(size), (size, size)).astype(np.int64)


def _packed(places: Int, size: int) -> Int:
    """Places in a packed upper triangle of that of some rows and columns, in any order."""
    number = np.zeros((size, size), dtype=np.int64)
    rows, columns = np.triu_indices(size)
    number[rows, columns] = number[columns, rows] = np.arange(len(rows))
    i, j = np.triu_indices(len(places))
    found: Int = number[places[i], places[j]]
    return found
