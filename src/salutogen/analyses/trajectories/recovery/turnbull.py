"""Distribution of times that are known to lie in intervals only.

Turnbull (1976): the distribution that makes the observed intervals most likely, by
self-consistency.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray

ITERATIONS = 10_000
TOLERANCE = 1e-9


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
