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
from salutogen.columns import Record, figure, record
from salutogen.models.interval_censored.turnbull import resampled_turnbull
from salutogen.models.quantiles import NORMAL_95

RESAMPLES = 1000


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
    told = resampled_turnbull(
        found.left, found.right, found.person, seed=seed, resamples=RESAMPLES, weight=found.weight
    )
    by = (told.ends[:, None] <= after).astype(float)
    shares = np.clip(told.mass @ by, 0.0, 1.0)
    _, who = np.unique(found.person, return_inverse=True)
    made = []
    for place, at in enumerate(after.tolist()):
        known = (found.right <= at) | (found.left >= at)
        most = int(np.unique(who[known]).size)
        made.append(_with_interval(float(shares[0, place]), float(shares[1:, place].var()), most))
    return tuple(made)


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
