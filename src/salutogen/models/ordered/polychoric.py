"""Thresholds and polychoric correlations of ordered answers, with their covariance.

An answer is the category into which a standard normal response falls. Thresholds are those of each
variable alone, correlations are found pair by pair with thresholds held (two steps: Olsson 1979);
the covariance of all follows from persons' scores of both steps (Muthén 1984). Missing answers are
left out variable by variable and pair by pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.ordered.pairs import Pairs, answered_pairs, fit_pairs
from salutogen.models.sem.inference import cross_product
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.intp]


@short_repr("n_persons", "correlations")
@dataclass(frozen=True, kw_only=True)
class Polychoric:
    """Thresholds and correlations of the responses behind ordered answers.

    Attributes
    ----------
    names : tuple of str
        Variables.
    thresholds : tuple of array
        Of each variable, in SDs of its response.
    correlations : array (p, p)
    covariance : array (m, m)
        Covariance of all thresholds, variable by variable, and of the correlations of variables
        (0, 1), (0, 2), …, times the number of persons.
    n_persons : int
    corrected : tuple of str
        Pairs of two-category variables with an empty cell, to which half a person was given.
    """

    names: tuple[str, ...]
    thresholds: tuple[Float, ...]
    correlations: Float
    covariance: Float
    n_persons: int
    corrected: tuple[str, ...]

    @property
    def statistics(self) -> Float:
        """Thresholds and correlations in the order of the covariance (m,)."""
        rows, columns = np.triu_indices(len(self.names), 1)
        return np.concatenate([*self.thresholds, self.correlations[rows, columns]])

    @property
    def standard_errors(self) -> Float:
        """Of the statistics (m,)."""
        found: Float = np.sqrt(np.diag(self.covariance) / self.n_persons)
        return found


def polychoric(codes: Int, sizes: Sequence[int], names: Sequence[str]) -> Polychoric:
    """Find thresholds and correlations of ordered answers.

    Parameters
    ----------
    codes : array (n, p)
        Number of the category from 0; -1 where missing.
    sizes : sequence of int
        Categories of each variable; each is used by somebody.
    names : sequence of str
        Variables, for refusals.

    Raises
    ------
    ModelError
        A category without anybody, two variables that nobody has both, or a correlation of 1.
    """
    p = codes.shape[1]
    edges = _edges(codes, sizes, names)
    pairs = answered_pairs(codes, edges)
    _refuse_apart(pairs, names)
    correlation, corrected = fit_pairs(pairs, names)
    correlations = np.eye(p)
    correlations[pairs.first, pairs.second] = correlation
    correlations[pairs.second, pairs.first] = correlation
    influence = _influence(codes, sizes, edges, pairs, correlation)
    return Polychoric(
        names=tuple(names),
        thresholds=tuple(one[1:size].copy() for one, size in zip(edges, sizes, strict=True)),
        correlations=correlations,
        covariance=len(codes) * cross_product(influence),
        n_persons=len(codes),
        corrected=corrected,
    )


def _edges(codes: Int, sizes: Sequence[int], names: Sequence[str]) -> Float:
    """Bounds of each variable's categories (p, most + 1); the last ones are infinite."""
    from scipy.special import ndtri

    found = np.full((codes.shape[1], max(sizes) + 1), np.inf)
    found[:, 0] = -np.inf
    for place, (size, name) in enumerate(zip(sizes, names, strict=True)):
        counts = np.bincount(codes[codes[:, place] >= 0, place], minlength=size)
        if counts.min() == 0 or len(counts) > size:
            raise ModelError(f"{name}: a category is used by nobody. Join it with the next.")
        found[place, 1:size] = ndtri(np.cumsum(counts)[:-1] / counts.sum())
    return found


def _refuse_apart(pairs: Pairs, names: Sequence[str]) -> None:
    empty = np.flatnonzero(pairs.counts.sum(axis=(1, 2)) == 0)
    if empty.size:
        one, two = names[pairs.first[empty[0]]], names[pairs.second[empty[0]]]
        raise ModelError(f"Nobody has both {one} and {two}: their correlation is unknown.")


def _influence(
    codes: Int, sizes: Sequence[int], edges: Float, pairs: Pairs, correlation: Float
) -> Float:
    """What each person adds to the estimates (n, m); their products make the covariance."""
    p = codes.shape[1]
    of_thresholds: list[Float] = []
    start = np.concatenate([[0], np.cumsum([size - 1 for size in sizes])])
    for place in range(p):
        scores = _threshold_scores(codes[:, place], edges[place], sizes[place])
        information = cross_product(scores)
        of_thresholds.append(np.linalg.solve(information, scores.T).T)
    thresholds = np.concatenate(of_thresholds, axis=1)
    scores, products, information = pairs.scores(correlation)
    # By pair: the derivative by each threshold, at its place among all of them.
    slopes = np.zeros((pairs.n, start[-1]))
    rows = np.arange(pairs.n)
    for side, variable in enumerate((pairs.first, pairs.second)):
        for number in range(max(sizes) - 1):
            has = number < np.array(sizes)[variable] - 1
            slopes[rows[has], start[variable[has]] + number] = products[side][has, number]
    missing = scores.shape[1] - 1  # of the padded tables
    one, two = (
        np.where(codes[:, variable] < 0, missing, codes[:, variable])
        for variable in (pairs.first, pairs.second)
    )
    of_persons = scores[rows, one, two]
    correlations = (of_persons - np.matmul(thresholds, slopes.T)) / information
    return np.concatenate([thresholds, correlations], axis=1)


def _threshold_scores(codes: Int, edges: Float, size: int) -> Float:
    """Derivatives of each person's log-probability by the variable's thresholds (n, size - 1)."""
    known = codes >= 0
    shares = np.bincount(codes[known], minlength=size) / known.sum()
    density = np.exp(-(edges[1:size] ** 2) / 2) / np.sqrt(2 * np.pi)
    table = np.zeros((size + 1, size - 1))  # the last row is for missing answers
    inner = np.arange(size - 1)
    table[inner, inner] = density / shares[:-1]
    table[inner + 1, inner] = -density / shares[1:]
    return table[np.where(known, codes, size)]
