"""Compiled loops of k-medoids by Fréchet distance: arrays in, arrays out.

A person's points stand in order of time: the first `counts[i]` of `when[i]` and `points[i]`.

Distances of all pairs are made once and kept: a Fréchet distance costs the product of two numbers
of points, and every start looks up each of them many times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit
from salutogen.models.k_means._kernels_starts import next_uniform

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Labels = NDArray[np.int8]
States = NDArray[np.uint64]


@njit(cache=True, nogil=True)
def squared_frechet(
    when_a: Float, a: Float, n_a: int, when_b: Float, b: Float, n_b: int, row: Float
) -> float:
    """Squared discrete Fréchet distance of two sequences of points (Eiter & Mannila 1994)."""
    # The table of dynamic programming row by row in place, so that its size is one row. Squares
    # throughout: maxima and minima of squares are squares of maxima and minima.
    for i in range(n_a):
        corner = np.inf  # what the row above had one place to the left
        for j in range(n_b):
            gap = (a[i] - b[j]) ** 2 + (when_a[i] - when_b[j]) ** 2
            above = row[j] if i > 0 else np.inf
            reached = min(above, corner)
            if j > 0:
                reached = min(reached, row[j - 1])
            if i == 0 and j == 0:
                reached = 0.0
            corner = above
            row[j] = max(reached, gap)
    distance: float = row[n_b - 1]
    return distance


@njit(cache=True, nogil=True)
def frechet_distances(
    first: int, last: int, n_slices: int, when: Float, points: Float, counts: Int, out: Float
) -> None:
    """Write squared distances (n, n) of all pairs; slice s takes persons s, s + n_slices … on."""
    # Slices of every n_slices-th person, not of neighbours: the first persons have the longest rows
    # of pairs, and threads would end far apart.
    n = points.shape[0]
    row = np.empty(points.shape[1])
    for s in range(first, last):
        for i in range(s, n, n_slices):
            out[i, i] = 0.0
            for j in range(i + 1, n):
                distance = squared_frechet(
                    when[i], points[i], counts[i], when[j], points[j], counts[j], row
                )
                out[i, j] = distance
                out[j, i] = distance


@njit(cache=True, nogil=True)
def draw_medoids(distances: Float, state: States, medoids: Int) -> None:
    """Draw persons far from each other (k-means++)."""
    n, k = distances.shape[0], medoids.shape[0]
    medoids[0] = min(n - 1, int(next_uniform(state) * n))
    nearest = np.full(n, np.inf)
    for c in range(1, k):
        total = 0.0
        for i in range(n):
            nearest[i] = min(nearest[i], distances[medoids[c - 1], i])
            total += nearest[i]
        sought = next_uniform(state) * total
        total = 0.0
        place = -1
        for i in range(n):
            total += nearest[i]
            if nearest[i] > 0.0 or (place < 0 and not (medoids[:c] == i).any()):
                place = i
                if total > sought:
                    break
        medoids[c] = place  # where all lie on medoids, the first who is none


@njit(cache=True, nogil=True)
def settle_medoids(
    distances: Float, medoids: Int, labels: Labels, most_iterations: int
) -> tuple[float, int, bool]:
    """Alternate nearest medoids and best medoids until none moves.

    Returns the sum of squared distances from the own medoid, iterations, and whether settled.
    """
    n, k = distances.shape[0], medoids.shape[0]
    for iteration in range(most_iterations):
        within = 0.0
        for i in range(n):
            best = 0
            for c in range(1, k):
                if distances[i, medoids[c]] < distances[i, medoids[best]]:
                    best = c
            labels[i] = best
            within += distances[i, medoids[best]]
        for c in range(k):  # of equal trajectories each medoid keeps its own class
            labels[medoids[c]] = c
        # A candidate's sum is given up as soon as it reaches the best so far: most are after a few
        # members, which makes the search for the best medoid nearly linear in them.
        moved = False
        for c in range(k):
            least = 0.0
            for j in range(n):
                if labels[j] == c:
                    least += distances[medoids[c], j]
            for i in range(n):
                if labels[i] != c:
                    continue
                total = 0.0
                for j in range(n):
                    if labels[j] == c:
                        total += distances[i, j]
                        if total >= least:
                            break
                if total < least:
                    least = total
                    medoids[c] = i
                    moved = True
        if not moved:
            return within, iteration + 1, True
    return within, most_iterations, False


@njit(cache=True, nogil=True)
def run_medoids(
    first: int,
    last: int,
    distances: Float,
    sizes: Int,
    states: States,
    most_iterations: int,
    medoids: Int,
    labels: Labels,
    outcome: Float,
) -> None:
    """Run starts first … last − 1 of sizes[s] classes; `outcome` gets minus the sum of squares."""
    for s in range(first, last):
        state = np.empty(1, dtype=np.uint64)
        state[0] = states[s]
        own = medoids[s, : sizes[s]]
        draw_medoids(distances, state, own)
        within, iterations, settled = settle_medoids(distances, own, labels[s], most_iterations)
        outcome[s, 0] = -within
        outcome[s, 1] = iterations
        outcome[s, 2] = 1.0 if settled else 0.0
