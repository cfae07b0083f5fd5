"""Compiled loops of longitudinal k-means: arrays in, arrays out.

Trajectories are (persons, occasions); a missing value is 0 with `seen` 0. Every start, and every
slice of the pairs of persons, has its own place in the outputs, so results do not depend on how
many threads share the work.

Lloyd's algorithm (1982) by Hamerly's bounds (2010). No distances by BLAS (‖x‖² − 2 x·c + ‖c‖²):
that form loses digits for near points, has no place for missing values, and with some ten
occasions costs more in its matrix than the loops do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit
from salutogen.models.k_means._kernels_starts import UNASSIGNED, next_uniform, start_labels

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Labels = NDArray[np.int8]
States = NDArray[np.uint64]

SLACK = 1 + 1e-9  # distances closer than this are computed, so that rounding decides nothing


@njit(cache=True, nogil=True)
def sum_classes(values: Float, seen: Float, labels: Labels, sums: Float, counts: Float) -> None:
    """Sum the values seen, and count them, by class (k, occasions)."""
    n, n_times = values.shape
    for c in range(sums.shape[0]):
        for t in range(n_times):
            sums[c, t] = 0.0
            counts[c, t] = 0.0
    for i in range(n):
        c = labels[i]
        if c >= 0:
            for t in range(n_times):
                sums[c, t] += values[i, t]
                counts[c, t] += seen[i, t]


@njit(cache=True, nogil=True)
def has_gaps(counts: Float) -> bool:
    """Whether some class was not seen at some occasion."""
    for c in range(counts.shape[0]):
        for t in range(counts.shape[1]):
            if counts[c, t] == 0:
                return True
    return False


@njit(cache=True, nogil=True)
def gower_distances(
    values: Float, seen: Float, i: int, centres: Float, counts: Float, out: Float
) -> None:
    """Write a person's squared distances where centres have gaps, infinite if nothing is shared.

    Adjusted by the share of occasions that person and centre have in common (Gower 1971);
    without gaps that factor is the same for all centres, and left out.
    """
    # `seen` as a factor instead of a branch: missing values are 0, and the loop has no jumps.
    n_times = values.shape[1]
    for c in range(centres.shape[0]):
        total = 0.0
        common = 0.0
        for t in range(n_times):
            if counts[c, t] > 0:
                gap = values[i, t] - centres[c, t]
                total += seen[i, t] * gap * gap
                common += seen[i, t]
        out[c] = total * n_times / common if common > 0 else np.inf


@njit(cache=True, nogil=True)
def assign(
    values: Float,
    seen: Float,
    centres: Float,
    counts: Float,
    shifts: Float,
    every: bool,
    labels: Labels,
    new: Labels,
    own: Float,
    other: Float,
) -> int:
    """Write each person's nearest class; return how many changed class.

    `own` and `other` bound the distances from the own and from every other centre, above and
    below. As centres move by `shifts`, persons whose bounds stay apart need no distances
    (Hamerly 2010); `every` computes all. A person changes only to a strictly nearer class, the
    first of equally near ones.
    """
    # The triangle inequality needs a distance that is one: with gaps, Gower's factor differs by
    # centre, and no bound holds. Then every distance is computed.
    n, n_times = values.shape
    k = centres.shape[0]
    gaps = has_gaps(counts)
    largest = 0.0
    for c in range(k):
        largest = max(largest, shifts[c])
    distances = np.empty(k)
    changed = 0
    for i in range(n):
        best = max(labels[i], 0)
        if not every:
            own[i] += shifts[best]
            other[i] -= largest
            if own[i] * SLACK < other[i]:
                new[i] = best
                continue
        if gaps:
            gower_distances(values, seen, i, centres, counts, distances)
        else:
            # Written out: a call per person would cost more than the distances.
            for c in range(k):
                total = 0.0
                for t in range(n_times):
                    gap = values[i, t] - centres[c, t]
                    total += seen[i, t] * gap * gap
                distances[c] = total
        least = distances[best]
        second = np.inf
        for c in range(k):
            if distances[c] < least:
                second = least
                least = distances[c]
                best = c
            elif distances[c] < second and c != best:
                second = distances[c]
        new[i] = best
        own[i] = np.sqrt(least)
        other[i] = np.sqrt(second)
        changed += best != labels[i]
    return changed


@njit(cache=True, nogil=True)
def count_persons(labels: Labels, sizes: Int) -> int:
    """Count the persons of each class; return how many classes have none."""
    for c in range(sizes.shape[0]):
        sizes[c] = 0
    for i in range(labels.shape[0]):
        sizes[labels[i]] += 1
    empty = 0
    for c in range(sizes.shape[0]):
        empty += sizes[c] == 0
    return empty


@njit(cache=True, nogil=True)
def fill_empty(seen: Float, new: Labels, own: Float, sizes: Int) -> None:
    """Give each emptied class the person farthest, after Gower, from the own centre."""
    # An empty class would stay empty for good, and fewer classes be reported than were asked for.
    # Never the only person of a class: that would empty another.
    n, n_times = seen.shape
    for c in range(sizes.shape[0]):
        if sizes[c] > 0:
            continue
        farthest = UNASSIGNED
        most = -1.0
        for i in range(n):
            if sizes[new[i]] < 2:
                continue
            answered = 0.0
            for t in range(n_times):
                answered += seen[i, t]
            if own[i] * own[i] / answered > most:
                most = own[i] * own[i] / answered
                farthest = i
        sizes[new[farthest]] -= 1
        sizes[c] = 1
        new[farthest] = c
        own[farthest] = 0.0


@njit(cache=True, nogil=True)
def move_persons(
    values: Float, seen: Float, labels: Labels, new: Labels, sums: Float, counts: Float
) -> None:
    """Carry those who changed class over to the sums of their new class."""
    # Late iterations move few persons: sums of all would cost as much as the first time.
    n, n_times = values.shape
    for i in range(n):
        before, after = labels[i], new[i]
        if before != after:
            for t in range(n_times):
                sums[before, t] -= values[i, t]
                counts[before, t] -= seen[i, t]
                sums[after, t] += values[i, t]
                counts[after, t] += seen[i, t]
            labels[i] = after


@njit(cache=True, nogil=True)
def move_centres(sums: Float, counts: Float, centres: Float, shifts: Float) -> None:
    """Move centres to the class means; `shifts` gets how far."""
    for c in range(centres.shape[0]):
        total = 0.0
        for t in range(centres.shape[1]):
            if counts[c, t] > 0:
                mean = sums[c, t] / counts[c, t]
                total += (mean - centres[c, t]) ** 2
                centres[c, t] = mean
        shifts[c] = np.sqrt(total)


@njit(cache=True, nogil=True)
def settle(
    values: Float, seen: Float, k: int, labels: Labels, most_iterations: int
) -> tuple[int, bool]:
    """Alternate class means and nearest classes until nobody moves."""
    n, n_times = values.shape
    sums = np.empty((k, n_times))
    counts = np.empty((k, n_times))
    centres = np.zeros((k, n_times))
    shifts = np.zeros(k)
    sizes = np.empty(k, dtype=np.int64)
    new = np.empty(n, dtype=np.int8)
    own = np.empty(n)
    other = np.empty(n)
    sum_classes(values, seen, labels, sums, counts)
    fresh = True
    every = True
    for iteration in range(most_iterations):
        move_centres(sums, counts, centres, shifts)
        every = every or has_gaps(counts)
        changed = assign(values, seen, centres, counts, shifts, every, labels, new, own, other)
        every = has_gaps(counts)
        if count_persons(new, sizes) > 0:
            fill_empty(seen, new, own, sizes)
            changed += 1
            every = True
        if changed == 0 and fresh:
            return iteration + 1, True
        # Sums that persons are moved between lose digits: they are renewed before the end.
        fresh = iteration == 0 or changed == 0
        if fresh:
            for i in range(n):
                labels[i] = new[i]
            sum_classes(values, seen, labels, sums, counts)
        else:
            move_persons(values, seen, labels, new, sums, counts)
    return most_iterations, False


@njit(cache=True, nogil=True)
def between_classes(values: Float, k: int, labels: Labels) -> float:
    """Sum of squares between the classes of complete values whose overall means are 0."""
    # Total minus between is within, so that starts can be compared without distances; the values
    # are centred, which leaves nothing to be taken off.
    n, n_times = values.shape
    sizes = np.zeros(k)
    sums = np.zeros((k, n_times))
    for i in range(n):
        sizes[labels[i]] += 1.0
        for t in range(n_times):
            sums[labels[i], t] += values[i, t]
    between = 0.0
    for c in range(k):
        for t in range(n_times):
            if sizes[c] > 0:
                between += sums[c, t] * sums[c, t] / sizes[c]
    return between


@njit(cache=True, nogil=True)
def run_starts(
    first: int,
    last: int,
    values: Float,
    seen: Float,
    complete: Float,
    sizes: Int,
    kinds: Int,
    states: States,
    most_iterations: int,
    labels: Labels,
    outcome: Float,
) -> None:
    """Run starts first … last − 1; start s makes sizes[s] classes.

    `outcome` gets, by start: the sum of squares between classes over `complete`, iterations, and
    1 if it settled.
    """
    for s in range(first, last):
        state = np.empty(1, dtype=np.uint64)
        state[0] = states[s]
        start_labels(values, seen, sizes[s], kinds[s], state, labels[s])
        iterations, settled = settle(values, seen, sizes[s], labels[s], most_iterations)
        outcome[s, 0] = between_classes(complete, sizes[s], labels[s])
        outcome[s, 1] = iterations
        outcome[s, 2] = 1.0 if settled else 0.0


@njit(cache=True, nogil=True)
def run_exchanges(
    first: int,
    last: int,
    values: Float,
    seen: Float,
    complete: Float,
    sizes: Int,
    n_exchanges: int,
    states: States,
    most_iterations: int,
    labels: Labels,
    outcome: Float,
) -> None:
    """Improve partitions first … last − 1, in place, by exchanging centres (Fränti 2018).

    A random class is dissolved, a random person becomes a centre, and everybody moves until
    settled; what is better is kept. `outcome` is as in `run_starts`.
    """
    n = values.shape[0]
    trial = np.empty(n, dtype=np.int8)
    for s in range(first, last):
        k = sizes[s]
        state = np.empty(1, dtype=np.uint64)
        state[0] = states[s]
        for _ in range(n_exchanges):
            dissolved = min(k - 1, int(next_uniform(state) * k))
            for i in range(n):
                trial[i] = UNASSIGNED if labels[s, i] == dissolved else labels[s, i]
            trial[min(n - 1, int(next_uniform(state) * n))] = dissolved
            iterations, settled = settle(values, seen, k, trial, most_iterations)
            between = between_classes(complete, k, trial)
            if settled and between > outcome[s, 0]:
                for i in range(n):
                    labels[s, i] = trial[i]
                outcome[s, 0] = between
                outcome[s, 1] = iterations
                outcome[s, 2] = 1.0
