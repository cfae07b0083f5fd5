"""Time until a course is back within its band: seen only at visits, hence interval-censored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.return_error import Returns, shares_back
from salutogen.columns import Kind, Record, beside, figure, record
from salutogen.models.interval_censored.turnbull import TOLERANCE, turnbull


@record
class ReturnTimes(Record):
    """When those who left their band were back, in occasions since they were first seen above it.

    Attributes
    ----------
    left, right : ndarray, shape (n_left,)
        Last visit above and first visit back; infinite where never seen back.
    interval_left, interval_right, mass : ndarray
        Turnbull's intervals and the probability of being back within each.
    """

    n_left: int = figure(
        "Persons seen above their band after the event", kind=Kind.COUNT, key="n_left_band"
    )
    n_never_left: int = figure("Persons never seen above it", kind=Kind.COUNT)
    n_not_seen_back: int = figure("Persons not seen back", kind=Kind.COUNT)
    median: tuple[float, float] | None = figure(
        "Interval in which half are back; null if half are not seen back", unit="occasions"
    )
    # Persons not seen back leave at the last visit above, so that the share on visits comes later
    # than the other by up to one visit.
    curve: tuple[tuple[float, float], ...] = figure(
        "Share back by the end of each finite interval (Turnbull)",
        key="share_back_by_occasions",
        kind=Kind.SHARE,
        n="n_left_band",
    )
    visits: tuple[tuple[float, float], ...] = figure(
        "Share back by visit, as if returns happened at the visits that see them (Kaplan-Meier)",
        key="share_back_on_visits",
        kind=Kind.SHARE,
        n="n_left_band",
    )
    intervals: tuple[tuple[float, float], ...] = figure(
        "95 % interval over persons of each share back by the end of an interval",
        key="share_back_interval",
        kind=Kind.SHARE,
        n="n_left_band",
        default=(),
    )
    left: FloatArray = beside()
    right: FloatArray = beside()
    interval_left: FloatArray = beside()
    interval_right: FloatArray = beside()
    mass: FloatArray = beside()

    def at_risk(self, after: float) -> int:
        """Persons who were still looked at, and not seen back, so long after first seen above."""
        waiting = np.isfinite(self.right) | (self.left >= after)
        return int((waiting & (self.right > after)).sum())

    @property
    def n_seen(self) -> int:
        """Persons who were seen after the event, above their band or not."""
        return self.n_left + self.n_never_left


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


def return_times(
    later: FloatArray,
    pre: FloatArray,
    half_width: float,
    person: NDArray[np.int64] | None = None,
    *,
    seed: int = 1,
) -> ReturnTimes:
    """Find the interval of each return, and their distribution.

    Parameters
    ----------
    later : ndarray, shape (n, k)
        SR from the anchor on, one column per planned occasion; NaN where missing.
    pre : ndarray, shape (n,)
        SR before the event.
    half_width : float
        Of the band; above means more than this above the pre-level.
    person : ndarray of int, shape (n,), optional
        Whose course it is; errors are over persons. Default: one course each.
    seed : int
        Of the persons resampled for the intervals of shares.
    """
    left, right, rows, never = return_intervals(later - pre[:, None], half_width)
    times = _times(left, right, never)
    ends = np.asarray([end for end, _ in times.curve])
    who = rows if person is None else person[rows]
    shares = shares_back(
        Returns(left=left, right=right, person=who),
        ends,
        seed=np.random.SeedSequence([seed, 66]),
    )
    return replace(times, intervals=tuple((item.low, item.high) for item in shares))


def return_intervals(
    change: FloatArray, half_width: float
) -> tuple[FloatArray, FloatArray, NDArray[np.int64], int]:
    """Last visit above the band and first visit back, of those who were seen above it.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the own pre-level, from the anchor on; NaN where missing.
    half_width : float

    Returns
    -------
    left, right : ndarray, shape (n_left,)
        In occasions since first seen above; `right` infinite where never seen back.
    rows : ndarray of int, shape (n_left,)
        Places of these courses.
    n_never_left : int
        Seen, but never above.
    """
    seen = np.isfinite(change)
    above = seen & (np.where(seen, change, -np.inf) > half_width)
    left_band = above.any(axis=1)
    never = int((seen.any(axis=1) & ~left_band).sum())
    above, seen = above[left_band], seen[left_band]
    k = change.shape[1]
    place = np.arange(k)
    first = above.argmax(axis=1)
    back = seen & ~above & (place > first[:, None])
    until = np.where(back.any(axis=1), back.argmax(axis=1), k)
    last = np.where(above & (place < until[:, None]), place, 0).max(axis=1, initial=0)
    right = np.where(until < k, (until - first).astype(float), np.inf)
    return (last - first).astype(float), right, np.flatnonzero(left_band), never


def _times(left: FloatArray, right: FloatArray, n_never_left: int) -> ReturnTimes:
    starts, ends, mass = turnbull(left, right)
    share = np.cumsum(mass)
    half = np.flatnonzero(share >= 0.5 - TOLERANCE)
    seen = half.size and np.isfinite(ends[half[0]])
    back = np.isfinite(right)
    return ReturnTimes(
        n_left=len(left),
        n_never_left=n_never_left,
        n_not_seen_back=int((~back).sum()),
        median=(float(starts[half[0]]), float(ends[half[0]])) if seen else None,
        curve=tuple(
            (float(end), float(value))
            for end, value in zip(ends, share, strict=True)
            if np.isfinite(end)
        ),
        visits=tuple(kaplan_meier(np.where(back, right, left), back)),
        left=left,
        right=right,
        interval_left=starts,
        interval_right=ends,
        mass=mass,
    )
