"""Distribution of times that are known to lie in intervals only.

Turnbull (1976): the distribution that makes the observed intervals most likely, by
self-consistency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ITERATIONS = 10_000
TOLERANCE = 1e-9
MANY_ITERATIONS, MANY_TOLERANCE = 2000, 1e-6  # of resamples


def turnbull(
    left: FloatArray, right: FloatArray, *, tolerance: float = TOLERANCE
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Non-parametric distribution of times known to lie in (left, right].

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        Ends of each interval; `right` may be infinite.
    tolerance : float
        Largest step of a probability at the end.

    Returns
    -------
    starts, ends, mass : ndarray
        Innermost intervals (a left end followed directly by a right end) and their probabilities.
    """
    starts, ends = innermost(left, right)
    if not starts.size:
        return starts, ends, np.zeros(0)
    pairs, weight = np.unique(np.column_stack([left, right]), axis=0, return_counts=True)
    inside = (starts >= pairs[:, :1]) & (ends <= pairs[:, 1:])
    mass = np.full(starts.size, 1.0 / starts.size)
    for _ in range(ITERATIONS):
        share = inside * mass
        total = share.sum(axis=1)
        new = (weight[:, None] * share / total[:, None]).sum(axis=0) / weight.sum()
        moved = float(np.abs(new - mass).max())
        mass = new
        if moved < tolerance:
            break
    return starts, ends, mass


def innermost(left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Intervals from a left end to the next right end with no other end between."""
    starts: list[float] = []
    ends: list[float] = []
    rights: NDArray[np.float64] = np.unique(right)
    lefts = np.unique(left)
    for start in lefts:
        later = rights[rights > start]
        if not later.size:
            continue
        if not ((lefts > start) & (lefts < later[0])).any():
            starts.append(float(start))
            ends.append(float(later[0]))
    return np.asarray(starts), np.asarray(ends)


@dataclass(frozen=True, kw_only=True, repr=False)
class ResampledTurnbull:
    """Turnbull's distribution, and the same of resampled persons.

    Attributes
    ----------
    starts, ends : ndarray, shape (m,)
        Innermost intervals.
    mass : ndarray, shape (resamples + 1, m)
        Their probabilities: as observed in the first row, then of each resample.
    """

    starts: FloatArray
    ends: FloatArray
    mass: FloatArray

    def __repr__(self) -> str:
        """Say how many intervals and resamples there are."""
        return f"ResampledTurnbull({self.ends.size} intervals, {len(self.mass) - 1} resamples)"


def resampled_turnbull(
    left: FloatArray,
    right: FloatArray,
    person: NDArray[np.int64],
    *,
    seed: int | np.random.SeedSequence,
    resamples: int,
    weight: FloatArray | None = None,
) -> ResampledTurnbull:
    """Turnbull's distribution with persons resampled whole.

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        Ends of each interval; at least one.
    person : ndarray of int, shape (n,)
        Whose it is.
    seed : int or SeedSequence
    resamples : int
    weight : ndarray, shape (n,), optional
        How much each counts; default 1.
    """
    starts, ends = innermost(left, right)
    pairs, kind = np.unique(np.column_stack([left, right]), axis=0, return_inverse=True)
    inside = (starts >= pairs[:, :1]) & (ends <= pairs[:, 1:])
    persons, who = np.unique(person, return_inverse=True)
    n = persons.size
    counts = np.zeros((n, len(pairs)))
    np.add.at(counts, (who, kind.ravel()), 1.0 if weight is None else weight)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), resamples)
    total = np.vstack([counts.sum(axis=0), drawn.astype(float) @ counts])
    return ResampledTurnbull(starts=starts, ends=ends, mass=_turnbull_of_many(total, inside))


def _turnbull_of_many(total: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    """Turnbull's probabilities for rows of counts by kind of interval, shape (rows, intervals)."""
    mass = np.full((total.shape[0], inside.shape[1]), 1.0 / inside.shape[1])
    size = np.maximum(total.sum(axis=1, keepdims=True), 1e-300)
    chosen = inside.astype(float)
    for _ in range(MANY_ITERATIONS):
        whole = mass @ chosen.T
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(total > 0.0, total / whole, 0.0)
        new = mass * (ratio @ chosen) / size
        moved = float(np.abs(new - mass).max())
        mass = new
        if moved < MANY_TOLERANCE:
            break
    return mass
