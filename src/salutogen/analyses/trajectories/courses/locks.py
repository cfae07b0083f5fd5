"""SR and P at the scheduled occasions around each anchor: pre, peri, post1, post2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.rules import Anchors

POSITIONS = ("pre", "peri", "post1", "post2")
OFFSETS = (-1, 0, 1, 2)
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


def position_means(values: FloatArray) -> dict[str, float | None]:
    """Mean over the persons with a value, by position."""
    return {
        name: float(np.mean(found)) if found.size else None
        for name, found in (
            (name, column[np.isfinite(column)])
            for name, column in zip(POSITIONS, values.T, strict=True)
        )
    }


def level_after(values: FloatArray) -> FloatArray:
    """Mean over post1 and post2 (those that are there) of values by position, shape (n, 4)."""
    later = values[:, 2:]
    there = np.isfinite(later)
    n = there.sum(axis=1)
    total = np.where(there, later, 0.0).sum(axis=1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


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
