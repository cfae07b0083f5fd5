"""Compiled loops that begin longitudinal k-means: random numbers, first centres, partitions.

Trajectories are (persons, occasions); a missing value is 0 with `seen` 0.

Random numbers come from a stream of each start's own (SplitMix64; Steele, Lea & Flood 2014), a
few integer operations on one number of state: NumPy's generators cannot be called from compiled
loops that run in threads without sharing one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Labels = NDArray[np.int8]
States = NDArray[np.uint64]

PLUS_PLUS, PERSONS, PARTITION, FARTHEST = 0, 1, 2, 3  # kinds of starts
UNASSIGNED = -1


@njit(cache=True, nogil=True)
def next_uniform(state: States) -> float:
    """Advance a SplitMix64 stream and return a number in [0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * 2.0**-53  # the 53 bits that a number holds


@njit(cache=True, nogil=True)
def other_person(state: States, chosen: Int, n_chosen: int, n: int) -> int:
    """Draw a person who is not among the first `n_chosen` of `chosen`."""
    # Drawing again is quicker than a list of who is left: at most 100 of n are taken. It ends,
    # since there are never more classes than persons. `min`: just below 1 times n may round to n.
    while True:
        person = min(n - 1, int(next_uniform(state) * n))
        fresh = True
        for c in range(n_chosen):
            if chosen[c] == person:
                fresh = False
        if fresh:
            return person


@njit(cache=True, nogil=True)
def nearest_seed(values: Float, seen: Float, seed: int, first: bool, nearest: Float) -> None:
    """Lower `nearest` to the squared Gower distance of each person from one seed person.

    Persons who share no occasion with the seed count as far as the farthest who does.
    """
    # Two loops, since how far those count who share nothing is known only after all distances.
    n, n_times = values.shape
    largest = 0.0
    distance = np.empty(n)
    for i in range(n):
        total = 0.0
        common = 0.0
        for t in range(n_times):
            both = seen[i, t] * seen[seed, t]
            gap = values[i, t] - values[seed, t]
            total += both * gap * gap
            common += both
        distance[i] = total * n_times / common if common > 0 else -1.0
        largest = max(largest, distance[i])
    for i in range(n):
        gap = distance[i] if distance[i] >= 0 else largest
        nearest[i] = gap if first else min(nearest[i], gap)


@njit(cache=True, nogil=True)
def farthest_person(nearest: Float) -> int:
    """Return the first person with the largest distance."""
    farthest = 0
    for i in range(nearest.shape[0]):
        if nearest[i] > nearest[farthest]:
            farthest = i
    return farthest


@njit(cache=True, nogil=True)
def choose_persons(values: Float, seen: Float, kind: int, state: States, chosen: Int) -> None:
    """Choose distinct persons as first centres, at random or far from one another."""
    n = values.shape[0]
    k = chosen.shape[0]
    chosen[0] = other_person(state, chosen, 0, n)
    nearest = np.empty(n)
    if kind == FARTHEST:
        nearest_seed(values, seen, chosen[0], True, nearest)
        chosen[0] = farthest_person(nearest)
    for c in range(1, k):
        chosen[c] = UNASSIGNED
        if kind in (PLUS_PLUS, FARTHEST):
            nearest_seed(values, seen, chosen[c - 1], c == 1, nearest)
            for before in range(c):  # nobody twice
                nearest[chosen[before]] = 0.0
            total = 0.0
            for i in range(n):
                total += nearest[i]
            if total > 0 and kind == FARTHEST:
                chosen[c] = farthest_person(nearest)
            elif total > 0:
                left = next_uniform(state) * total
                for i in range(n):
                    if nearest[i] > 0:
                        chosen[c] = i
                        left -= nearest[i]
                        if left < 0:
                            break
        if chosen[c] == UNASSIGNED:
            chosen[c] = other_person(state, chosen, c, n)


@njit(cache=True, nogil=True)
def start_labels(
    values: Float, seen: Float, k: int, kind: int, state: States, labels: Labels
) -> None:
    """Write the classes a start begins with; `UNASSIGNED` but for the chosen persons."""
    n = values.shape[0]
    for i in range(n):
        labels[i] = UNASSIGNED
        if kind == PARTITION:
            labels[i] = min(k - 1, int(next_uniform(state) * k))
    chosen = np.empty(k, dtype=np.int64)
    choose_persons(values, seen, PERSONS if kind == PARTITION else kind, state, chosen)
    for c in range(k):
        labels[chosen[c]] = c
