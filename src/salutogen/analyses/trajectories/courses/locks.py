"""SR and P at the scheduled occasions around each anchor: pre, peri, post1, post2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.rules import Anchors

POSITIONS = ("pre", "peri", "post1", "post2")
OFFSETS = (-1, 0, 1, 2)
FEWEST_TOLD = 10
LOCKED = ("SR", "P", "SR_z", "SR_within")
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False)
class Lock:
    """Values around each anchor. SR in points of P; positive = over-reactive = less resilient.

    Attributes
    ----------
    occasion : ndarray of int, shape (n, 4)
        Place of the planned occasion; -1 beyond the first or last one.
    SR, P, SR_z : ndarray, shape (n, 4)
        NaN where missing.
    SR_within : ndarray or None, shape (n, 4)
        SR scored with the slope within persons; None where there is no such line.
    """

    occasion: NDArray[np.int64]
    SR: FloatArray
    P: FloatArray
    SR_z: FloatArray
    SR_within: FloatArray | None = None

    def __repr__(self) -> str:
        """Say how many courses there are, and how many are complete."""
        return f"Lock({self.SR.shape[0]} courses, {int(self.complete.sum())} complete)"

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Persons with SR at all four positions."""
        return np.asarray(np.isfinite(self.SR).all(axis=1))

    def only(self, courses: NDArray[np.bool_]) -> Lock:
        """Return the lock without the values of other courses than some (n,)."""
        if courses.all():
            return self

        def kept(values: FloatArray) -> FloatArray:
            return np.where(courses[:, None], values, np.nan)

        within = None if self.SR_within is None else kept(self.SR_within)
        return replace(
            self, SR=kept(self.SR), P=kept(self.P), SR_z=kept(self.SR_z), SR_within=within
        )


def as_it_is(mean: float, sd: float, n: int) -> float:
    """A mean where everything may be told."""
    return mean


def position_means(
    values: FloatArray,
    told: NDArray[np.bool_] | None = None,
    told_mean: Callable[[float, float, int], float] = as_it_is,
) -> dict[str, float | None]:
    """Mean over the persons with a value, by position; only where it is `told`, if given.

    Each mean is as `told_mean` (`Audience.told_mean`) makes it of its SD and number.
    """
    shown = np.ones(len(POSITIONS), dtype=bool) if told is None else told
    return {
        name: told_mean(float(np.mean(found)), float(np.std(found)), found.size)
        if found.size and one
        else None
        for name, found, one in (
            (name, column[np.isfinite(column)], one)
            for name, column, one in zip(POSITIONS, values.T, shown, strict=True)
        )
    }


def told_positions(
    values: FloatArray, smallest: int, beside: FloatArray | None = None
) -> NDArray[np.bool_]:
    """Positions whose mean may be told, shape (4,).

    Means over nearly the same courses give the value of those who make the difference. Left out is
    that of a position which few courses lack, and one of two which few courses have only one of.

    Parameters
    ----------
    values : ndarray, shape (n, 4)
        NaN where missing.
    smallest : int
        Smallest number of persons of whom something is told; 1 where all are.
    beside : ndarray, shape (n, 4), optional
        Values of which means by position are told as well.
    """
    there = np.isfinite(values)
    others = there if beside is None else np.isfinite(beside)
    told: list[int] = []
    for place in np.argsort(-there.sum(axis=0), kind="stable"):
        sets = [others.any(axis=1), others[:, place], *there.T[told]]
        if not any(0 < np.count_nonzero(one ^ there[:, place]) < smallest for one in sets):
            told.append(int(place))
    return np.isin(np.arange(there.shape[1]), told)


def level_after(values: FloatArray) -> FloatArray:
    """Mean over post1 and post2 (those that are there) of values by position, shape (n, 4)."""
    later = values[:, 2:]
    there = np.isfinite(later)
    n = there.sum(axis=1)
    total = np.where(there, later, 0.0).sum(axis=1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def told_courses(lock: Lock, smallest: int) -> NDArray[np.bool_]:
    """Courses that means are told of, shape (n,): all, or the complete ones.

    Where few courses lack a position, means by position, jump and mean change of all of them would
    give the few away; over the complete courses all are of the same persons. Where these are too
    few, or fewer than half, all stay, and single positions are left out (`told_positions`).
    """
    complete = lock.complete
    enough = complete.sum() >= max(FEWEST_TOLD, complete.size / 2)
    if not enough or told_positions(lock.SR, smallest).all():
        return np.ones(complete.size, dtype=bool)
    return complete


def lock_courses(anchors: Anchors, scored: Mapping[str, FloatArray]) -> Lock:
    """Take SR and P at the scheduled occasions t - 1, t, t + 1 and t + 2.

    Parameters
    ----------
    anchors : Anchors
    scored : mapping of str to ndarray, shape (persons, planned occasions)
        `SR` and `P`, and `SR_z` and `SR_within` where they are known; NaN where missing.

    Returns
    -------
    Lock
    """
    n_occasions = scored["SR"].shape[1]
    place = anchors.occasion[:, None] + np.asarray(OFFSETS)
    inside = (place >= 0) & (place < n_occasions)
    safe = np.where(inside, place, 0)

    def locked(name: str) -> FloatArray:
        if name not in scored:
            return np.full(place.shape, np.nan)
        return np.where(inside, scored[name][anchors.person[:, None], safe], np.nan)

    return Lock(
        occasion=np.where(inside, place, -1).astype(np.int64),
        SR=locked("SR"),
        P=locked("P"),
        SR_z=locked("SR_z"),
        SR_within=locked("SR_within") if "SR_within" in scored else None,
    )
