"""Classes of trajectories by Fréchet distance, each around one of its own persons."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.parallel.threads import share_work

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Labels = NDArray[np.int8]

MOST_PERSONS = 10_000  # the distances of all pairs are held in memory
SLICES = 64


class MedoidRuns(NamedTuple):
    """By start: labels (runs, n), minus sums of squares, iterations, settled; medoids (runs, k)."""

    labels: Labels
    outcome: Float
    medoids: Int


def frechet_distance_matrix(values: Float, time_scale: float) -> Float:
    """Return squared discrete Fréchet distances (n, n) of trajectories with NaN where missing.

    A trajectory is the sequence of its seen points (occasion × `time_scale` × SD of all values,
    value). Two are as far apart as a leash must be long on which both walk forward along their
    points, each at its own pace (Eiter & Mannila 1994).

    Raises
    ------
    ModelError
        More than 10,000 persons.
    """
    from salutogen.models.k_means._kernels_medoids import frechet_distances

    n, width = values.shape
    if n > MOST_PERSONS:
        raise ModelError(
            f"distance: Fréchet distances are held for all pairs of at most {MOST_PERSONS} "
            f"persons, got {n}. Draw a sample, or take distance='shape'."
        )
    seen = ~np.isnan(values)
    order = np.argsort(~seen, axis=1, kind="stable")
    points = np.take_along_axis(np.where(seen, values, 0.0), order, axis=1)
    when: Float = order.astype(np.float64) * np.float64(time_scale * np.nanstd(values))
    out = np.empty((n, n))
    counts = seen.sum(axis=1).astype(np.int64)
    share_work(
        lambda first, last: frechet_distances(first, last, SLICES, when, points, counts, out),
        SLICES,
        cost=n * n * width * width / SLICES,
    )
    return out


def run_medoid_starts(
    distances: Float, sizes: Int, states: NDArray[np.uint64], max_iterations: int
) -> MedoidRuns:
    """Run starts; start s makes sizes[s] classes around persons of their own."""
    from salutogen.models.k_means._kernels_medoids import run_medoids

    runs, n = len(sizes), len(distances)
    found = MedoidRuns(
        labels=np.empty((runs, n), dtype=np.int8),
        outcome=np.empty((runs, 3)),
        medoids=np.zeros((runs, int(sizes.max())), dtype=np.int64),
    )
    share_work(
        lambda first, last: run_medoids(
            first, last, distances, sizes, states, max_iterations,
            found.medoids, found.labels, found.outcome,
        ),
        runs,
        cost=20.0 * n * n,
    )  # fmt: skip
    return found
