"""Intervals of the shares that are back, which come from times seen at visits only.

A share estimated from intervals has no binomial error, and one of 0 or 1 has none at all by
resampling. So persons are resampled for the variance of a share; the number of persons whom a
binomial of that variance would need stands in Wilson's interval (as Korn & Graubard 1998 do for
samples in clusters). Differences of two shares join both intervals (Newcombe 1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.turnbull import innermost
from salutogen.columns import Record, figure, record
from salutogen.models.quantiles import NORMAL_95

RESAMPLES = 1000
ITERATIONS = 2000
TOLERANCE = 1e-6


@record
class ShareBack(Record):
    """A share that is back, with its error over persons."""

    share: float = figure("Share back")
    low: float = figure("Lower end of its 95 % interval over persons")
    high: float = figure("Upper end of its 95 % interval over persons")


@dataclass(frozen=True, kw_only=True, repr=False)
class Returns:
    """Intervals in which courses came back, as `return_intervals` gives them.

    Attributes
    ----------
    left, right : ndarray, shape (n,)
        Last visit above and first visit back; `right` infinite where never seen back.
    person : ndarray of int, shape (n,)
        Whose course it is; persons are resampled whole.
    weight : ndarray, shape (n,), optional
        How much each counts; default 1.
    """

    left: FloatArray
    right: FloatArray
    person: NDArray[np.int64]
    weight: FloatArray | None = None

    def __repr__(self) -> str:
        """Say how many courses there are."""
        return f"Returns({self.left.size} courses)"


def shares_back(
    found: Returns, after: FloatArray, *, seed: int | np.random.SeedSequence
) -> tuple[ShareBack, ...]:
    """Shares back by some times, with Wilson's intervals from resampled persons.

    Parameters
    ----------
    found : Returns
    after : ndarray, shape (k,)
        Times since first seen above, in occasions.
    seed : int
        Of the persons resampled.

    Returns
    -------
    tuple of ShareBack
        One for each time; none where there is no course.
    """
    if not found.left.size or not after.size:
        return ()
    starts, ends = innermost(found.left, found.right)
    pairs, kind = np.unique(np.column_stack([found.left, found.right]), axis=0, return_inverse=True)
    inside = (starts >= pairs[:, :1]) & (ends <= pairs[:, 1:])
    persons, who = np.unique(found.person, return_inverse=True)
    n = persons.size
    counts = np.zeros((n, len(pairs)))
    np.add.at(counts, (who, kind.ravel()), 1.0 if found.weight is None else found.weight)
    weight = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), RESAMPLES)
    total = np.vstack([counts.sum(axis=0), weight.astype(float) @ counts])
    mass = _turnbull_of_many(total, inside)
    by = (ends[:, None] <= after).astype(float)
    shares = np.clip(mass @ by, 0.0, 1.0)
    told = []
    for place, at in enumerate(after.tolist()):
        known = (found.right <= at) | (found.left >= at)
        most = int(np.unique(who[known]).size)
        told.append(_with_interval(float(shares[0, place]), float(shares[1:, place].var()), most))
    return tuple(told)


def _turnbull_of_many(total: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    """Turnbull's probabilities for rows of counts by kind of interval, shape (rows, intervals)."""
    mass = np.full((total.shape[0], inside.shape[1]), 1.0 / inside.shape[1])
    size = np.maximum(total.sum(axis=1, keepdims=True), 1e-300)
    chosen = inside.astype(float)
    for _ in range(ITERATIONS):
        whole = mass @ chosen.T
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(total > 0.0, total / whole, 0.0)
        new = mass * (ratio @ chosen) / size
        moved = float(np.abs(new - mass).max())
        mass = new
        if moved < TOLERANCE:
            break
    return mass


def _with_interval(share: float, variance: float, most: int) -> ShareBack:
    """Wilson's interval with as many persons as the variance speaks for, at most `most`."""
    binomial = share * (1.0 - share)
    n = float(max(most, 1))
    if binomial > 0.0 and variance > 0.0:
        n = min(binomial / variance, n)
    low, high = wilson(share, n)
    return ShareBack(share=share, low=low, high=high)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's (1927) 95 % interval of a share among `n`."""
    z2 = NORMAL_95**2
    middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n)
    half = NORMAL_95 / (1.0 + z2 / n) * np.sqrt(share * (1.0 - share) / n + z2 / (4.0 * n * n))
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


def difference(first: ShareBack, second: ShareBack) -> tuple[float, float, float]:
    """First minus second share with its 95 % interval (Newcombe 1998, method 10)."""
    apart = first.share - second.share
    below = np.hypot(first.share - first.low, second.high - second.share)
    above = np.hypot(first.high - first.share, second.share - second.low)
    return apart, float(apart - below), float(apart + above)
