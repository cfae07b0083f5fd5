"""Compiled sums of the distances of all pairs of persons: arrays in, arrays out.

Distances do not depend on the partition, and their roots are what costs: each pair's is made once
and added to its place in all partitions. They are never held for all pairs, which would take a
memory that grows with the square of the persons.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@njit(cache=True, nogil=True)
def pair_distances(
    first: int, last: int, n_slices: int, values: Float, runs: Int, labels: Int, out: Float
) -> None:
    """Sum Euclidean distances of pairs of persons by their classes in several partitions.

    Persons stand in runs of equal classes in every partition; run r is runs[r] … runs[r + 1] − 1
    and belongs to class labels[p, r] of partition p. Slice s takes each pair whose first person
    is s, s + n_slices, …; out[s, p, a, b] gets the sums, the first person's class first. Here
    `values` is (occasions, persons), so that the innermost loops run over neighbours.
    """
    # Runs turn the sums by class into sums of stretches without a look-up per pair: persons in the
    # same run have the same class in every partition.
    n_times, n = values.shape
    n_runs = runs.shape[0] - 1
    run_of = np.empty(n, dtype=np.int64)
    for r in range(n_runs):
        for i in range(runs[r], runs[r + 1]):
            run_of[i] = r
    distance = np.empty(n)
    for s in range(first, last):
        for i in range(s, n, n_slices):
            for j in range(i + 1, n):
                distance[j] = 0.0
            for t in range(n_times):
                here = values[t, i]
                for j in range(i + 1, n):
                    gap = values[t, j] - here
                    distance[j] += gap * gap
            for j in range(i + 1, n):
                distance[j] = np.sqrt(distance[j])
            own = run_of[i]
            for r in range(own, n_runs):
                total = 0.0
                for j in range(max(i + 1, runs[r]), runs[r + 1]):
                    total += distance[j]
                for p in range(labels.shape[0]):
                    out[s, p, labels[p, own], labels[p, r]] += total
