"""All pairs of ordered variables at once: their tables, correlations and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.ordered.binormal import binormal_density, binormal_probability

Float = NDArray[np.float64]
Int = NDArray[np.intp]

FAR = 38.0  # SDs beyond which nothing is left in floating point
HIGHEST = 0.9995  # correlation in size, from which on one variable gives the other
LEAST = 1e-16  # of a probability: rounding of differences
SETTLED = 1e-13
MOST_STEPS = 100
HALF = 0.5  # of a person, given to an empty cell of a table of two by two


@dataclass(frozen=True)
class Pairs:
    """Tables of all pairs of variables, padded to the largest number of categories.

    Attributes
    ----------
    first, second : array (pairs,)
        Places of the variables.
    counts : array (pairs, c, c)
        Persons by category of the first and of the second.
    rows, columns : array (pairs, c + 1)
        Bounds of the categories of the first and of the second.
    """

    first: Int
    second: Int
    counts: Float
    rows: Float
    columns: Float

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.first)

    def cells(self, correlation: Float) -> tuple[Float, Float, Float]:
        """Return probabilities of cells and their first two derivatives (pairs, c, c)."""
        from scipy.special import ndtr

        h, k = _finite(self.rows[:, 1:-1])[:, :, None], _finite(self.columns[:, 1:-1])[:, None, :]
        r = correlation[:, None, None]
        c = self.counts.shape[1]
        below, slope, bend = (np.zeros((self.n, c + 1, c + 1)) for _ in range(3))
        below[:, 1:-1, 1:-1] = binormal_probability(h, k, r)
        below[:, :, -1] = ndtr(self.rows)
        below[:, -1, :] = ndtr(self.columns)
        density = binormal_density(h, k, r)
        left = 1 - r * r
        slope[:, 1:-1, 1:-1] = density
        bend[:, 1:-1, 1:-1] = density * (
            r / left + (h * k * (1 + r * r) - r * (h * h + k * k)) / left**2
        )
        first, second, third = (
            np.diff(np.diff(one, axis=1), axis=2) for one in (below, slope, bend)
        )
        return np.maximum(first, LEAST), second, third

    def scores(self, correlation: Float) -> tuple[Float, tuple[Float, Float], Float]:
        """Return derivatives of a person's log-probability, and sums of products of these.

        Returns
        -------
        scores : array (pairs, c + 1, c + 1)
            By the correlation, by cell; the last row and column are for missing answers.
        products : tuple of array (pairs, c - 1)
            Sums over persons of scores by the correlation times scores by the thresholds of the
            first and of the second variable.
        information : array (pairs,)
            Sums of squared scores by the correlation.
        """
        probability, slope, _ = self.cells(correlation)
        score = slope / probability
        padded = np.zeros((self.n, score.shape[1] + 1, score.shape[2] + 1))
        padded[:, :-1, :-1] = score
        weight = self.counts * score / probability
        return (
            padded,
            (
                _by_thresholds(weight, self.rows, self.columns, correlation),
                _by_thresholds(weight.transpose(0, 2, 1), self.columns, self.rows, correlation),
            ),
            np.sum(self.counts * score**2, axis=(1, 2)),
        )


def answered_pairs(codes: Int, edges: Float) -> Pairs:
    """Return the tables of all pairs of variables; codes (n, p) are -1 where missing."""
    p, c = codes.shape[1], edges.shape[1] - 1
    indicator = (codes[:, :, None] == np.arange(c)).astype(float).reshape(len(codes), p * c)
    together = np.matmul(indicator.T, indicator).reshape(p, c, p, c)
    first, second = np.triu_indices(p, 1)
    return Pairs(
        first=first,
        second=second,
        counts=together[first, :, second, :],
        rows=edges[first],
        columns=edges[second],
    )


def fit_pairs(pairs: Pairs, names: Sequence[str]) -> tuple[Float, tuple[str, ...]]:
    """Return the most likely correlation of each pair, and the pairs that were corrected.

    Raises
    ------
    ModelError
        A correlation of 1 in size.
    """
    counts, corrected = _filled(pairs)
    filled = Pairs(pairs.first, pairs.second, counts, pairs.rows, pairs.columns)
    low, high = np.full(pairs.n, -HIGHEST), np.full(pairs.n, HIGHEST)
    now = np.zeros(pairs.n)
    for _ in range(MOST_STEPS):
        probability, slope, bend = filled.cells(now)
        ratio = slope / probability
        score = np.sum(counts * ratio, axis=(1, 2))
        curve = np.sum(counts * (bend / probability - ratio**2), axis=(1, 2))
        low, high = np.where(score > 0, now, low), np.where(score > 0, high, now)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = now - score / curve
        # Newton's step where it leads upwards and stays between what is known, else the middle.
        good = (curve < 0) & (step >= low) & (step <= high)
        following = np.where(good, step, (low + high) / 2)
        moved = np.abs(following - now)
        now = following
        if moved.max(initial=0.0) < SETTLED:
            break
    _refuse_perfect(pairs, now, names)
    told = tuple(f"{names[pairs.first[one]]} and {names[pairs.second[one]]}" for one in corrected)
    return now, told


def _filled(pairs: Pairs) -> tuple[Float, Int]:
    """Counts, with half a person in the one empty cell of tables of two by two."""
    counts = pairs.counts.copy()
    of_two = np.isinf(pairs.rows[:, 2]) & np.isinf(pairs.columns[:, 2])
    tables = counts[:, :2, :2]
    one = np.flatnonzero(of_two & ((tables == 0).sum(axis=(1, 2)) == 1))
    even = (tables[one, 0, 0] == 0) | (tables[one, 1, 1] == 0)
    # Margins are kept: what one diagonal gains the other loses.
    sign = np.where(even, HALF, -HALF)
    for a in range(2):
        for b in range(2):
            counts[one, a, b] += sign if a == b else -sign
    return counts, one


def _refuse_perfect(pairs: Pairs, correlation: Float, names: Sequence[str]) -> None:
    perfect = np.flatnonzero(np.abs(correlation) > HIGHEST - 1e-6)
    if perfect.size:
        one, two = names[pairs.first[perfect[0]]], names[pairs.second[perfect[0]]]
        raise ModelError(
            f"Answers to {one} and {two} go together perfectly: their correlation is that of one "
            "and the same variable. Leave one of them out."
        )


def _by_thresholds(weight: Float, rows: Float, columns: Float, correlation: Float) -> Float:
    """Sums over cells of weights times derivatives of cells by thresholds (pairs, c - 1)."""
    from scipy.special import ndtr

    at = _finite(rows[:, 1:-1])
    r = correlation[:, None, None]
    standard = (_finite(columns)[:, None, :] - r * at[:, :, None]) / np.sqrt(1 - r * r)
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    slice_ = density[:, :, None] * np.diff(ndtr(standard), axis=2)
    found: Float = np.sum((weight[:, :-1] - weight[:, 1:]) * slice_, axis=2)
    return found


def _finite(edges: Float) -> Float:
    return np.clip(edges, -FAR, FAR)
