"""Time until a course is back within its band: seen only at visits, hence interval-censored.

Turnbull (1976): the distribution that makes the observed intervals most likely, by
self-consistency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray

ITERATIONS = 10_000
TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class ReturnTimes:
    """When those who left their band were back, in occasions since they were first seen above it.

    Attributes
    ----------
    n_left, n_never_left : int
        Persons who were seen above their band after the event, and who never were.
    left, right : ndarray, shape (n_left,)
        Last visit above and first visit back; infinite where never seen back.
    interval_left, interval_right, mass : ndarray
        Turnbull's intervals and the probability of being back within each.
    """

    n_left: int
    n_never_left: int
    left: FloatArray
    right: FloatArray
    interval_left: FloatArray
    interval_right: FloatArray
    mass: FloatArray

    @property
    def median(self) -> tuple[float, float] | None:
        """Interval in which half are back; None if half are not seen back."""
        reached = np.flatnonzero(np.cumsum(self.mass) >= 0.5 - TOLERANCE)
        if not reached.size or not np.isfinite(self.interval_right[reached[0]]):
            return None
        return float(self.interval_left[reached[0]]), float(self.interval_right[reached[0]])

    def curve(self) -> list[tuple[float, float]]:
        """Share back by the end of each finite interval."""
        share = np.cumsum(self.mass)
        return [
            (float(end), float(value))
            for end, value in zip(self.interval_right, share, strict=True)
            if np.isfinite(end)
        ]

    def visits(self) -> list[tuple[float, float]]:
        """Share back by visit, as if returns happened at the visits that see them (Kaplan-Meier).

        Persons not seen back leave at the last visit above. Later than `curve` by up to one visit.
        """
        back = np.isfinite(self.right)
        return kaplan_meier(np.where(back, self.right, self.left), back)


def kaplan_meier(time: FloatArray, happened: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Share to whom it happened by each time at which it did (Kaplan and Meier 1958).

    Parameters
    ----------
    time : ndarray, shape (n,)
        When it happened, or when the person was last seen without it.
    happened : ndarray of bool, shape (n,)
    """
    left = 1.0
    found = []
    for at in np.unique(time[happened]):
        at_risk = int((time >= at).sum())
        left *= 1.0 - int((happened & (time == at)).sum()) / at_risk
        found.append((float(at), 1.0 - left))
    return found


def return_times(later: FloatArray, pre: FloatArray, half_width: float) -> ReturnTimes:
    """Find the interval of each return, and their distribution.

    Parameters
    ----------
    later : ndarray, shape (n, k)
        SR from the anchor on, one column per planned occasion; NaN where missing.
    pre : ndarray, shape (n,)
        SR before the event.
    half_width : float
        Of the band; above means more than this above the pre-level.
    """
    seen = np.isfinite(later) & np.isfinite(pre)[:, None]
    above = seen & (later - pre[:, None] > half_width)
    left: list[float] = []
    right: list[float] = []
    for person in np.flatnonzero(above.any(axis=1)):
        first = int(above[person].argmax())
        back = np.flatnonzero(seen[person, first:] & ~above[person, first:])
        end = float(back[0]) if back.size else np.inf
        stayed = np.flatnonzero(above[person, first:][: int(end) if back.size else None])
        left.append(float(stayed[-1]))
        right.append(end)
    starts, ends, mass = turnbull(np.asarray(left), np.asarray(right))
    return ReturnTimes(
        n_left=len(left),
        n_never_left=int((seen.any(axis=1) & ~above.any(axis=1)).sum()),
        left=np.asarray(left),
        right=np.asarray(right),
        interval_left=starts,
        interval_right=ends,
        mass=mass,
    )


def turnbull(left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Non-parametric distribution of times known to lie in (left, right].

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        Ends of each interval; `right` may be infinite.

    Returns
    -------
    starts, ends, mass : ndarray
        Innermost intervals (a left end followed directly by a right end) and their probabilities.
    """
    starts, ends = _innermost(left, right)
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
        if moved < TOLERANCE:
            break
    return starts, ends, mass


def _innermost(left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
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
