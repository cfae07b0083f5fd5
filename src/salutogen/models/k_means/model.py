"""K-means of whole trajectories, with missing values, by many starts."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import is_between, not_whole
from salutogen.models.compiling.background import announce
from salutogen.models.compiling.cache import K_MEANS
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.k_means.criteria import class_means, qualities_of
from salutogen.models.k_means.frechet import frechet_distance_matrix, run_medoid_starts
from salutogen.models.k_means.imputation import Variant, copy_mean, few_different, own_means
from salutogen.models.k_means.reading import read_trajectories
from salutogen.models.k_means.result import KMeansPartition, LongitudinalKMeansResult
from salutogen.models.parallel.threads import share_work
from salutogen.version import VERSION

Float = NDArray[np.float64]
Labels = NDArray[np.int8]
Distance = Literal["gower", "shape", "frechet", "frechet-shape"]
Beginning = Literal["mixed", "k-means++", "random-persons", "random-partition", "farthest"]

MOST_CLASSES = 100
CHAINS = 4  # independent series of exchanges for each number of classes
SAME = 1e-9  # relative difference of sums of squares between two starts that count as one


class _Runs(NamedTuple):
    """Labels (runs, persons), and by run: sum of squares between, iterations, whether settled."""

    labels: Labels
    outcome: Float


@dataclass(frozen=True, kw_only=True)
class LongitudinalKMeans:
    """Longitudinal k-means: classes of persons whose trajectories lie close together.

    Parameters
    ----------
    classes : sequence of int, or int
        Numbers of classes to try, each from 2 to 100.
    starts : int
        Starts for each number of classes; the best partition found is kept.
    distance : {"gower", "shape", "frechet", "frechet-shape"}
        Euclidean over the occasions that person and class mean share, adjusted for those they do
        not (Gower 1971); or the same after each trajectory's own mean is taken off, so that
        level does not count. "frechet": discrete Fréchet distance of the points seen, so that the
        same course a little earlier or later is close (Eiter & Mannila 1994); since Fréchet
        distances have no simple mean, the centre of a class is the one of its persons with the
        least sum of squared distances to the others (k-medoids), `begin` is k-means++, there are
        no exchanges, and at most 10,000 persons. "frechet-shape": after the own mean is taken off.
    time_scale : float
        For Fréchet distances: how many standard deviations of all values one occasion's difference
        in time counts. 0 leaves time out (only the order of the values counts); large values
        compare values at the same occasion only.
    begin : str
        How starts begin: "k-means++" (Arthur and Vassilvitskii 2007), "random-persons" as
        centres, "random-partition" of all persons, "farthest" persons from one another, or
        "mixed", which takes turns (default).
    exchanges : int, optional
        Exchanges of a centre tried, in each of four series, on the best start's partition: a
        class is dissolved and a random person becomes a centre (random swap, Fränti 2018). What
        is better is kept; 0 for none. Default 20,000 / persons, from 5 to 30: small samples
        have more local optima, and cost less.
    imputation : {"locf", "global", "local"}
        Variant of `copy_mean` by which gaps are filled for criteria built on distances; the
        classes themselves are made from the values seen.
    max_iterations : int
        Iterations of one start.
    seed : int
        Seed of the starts; each start of each number of classes has a stream of its own.

    Notes
    -----
    Each start alternates class means and nearest classes until nobody moves. Of all partitions
    into one number of classes, that with the largest Caliński–Harabasz criterion is kept (with
    Fréchet distances, that with the least sum of squared distances from the class's person).
    Classes are ordered by size, the largest first; of equal ones, that of the earlier first
    person. Level dominates Euclidean distances, criteria may disagree, and classes are made even
    of homogeneous persons: k-means alone is no evidence for types.

    Examples
    --------
    >>> import numpy as np
    >>> nan = float("nan")
    >>> low, high = [[1, 1, 2], [1, nan, 1], [2, 1, 1]], [[8, 9, nan], [9, 9, 9]]
    >>> result = LongitudinalKMeans(classes=2, starts=5).fit(np.array(low + high))
    >>> result.labels.tolist(), result.centres.round(2).tolist()
    ([0, 0, 0, 1, 1], [[1.33, 1.0, 1.33], [8.5, 9.0, 9.0]])
    """

    classes: Sequence[int] | int = range(2, 7)
    starts: int = 20
    distance: Distance = "gower"
    time_scale: float = 0.1
    begin: Beginning = "mixed"
    exchanges: int | None = None
    imputation: Variant = "locf"
    max_iterations: int = 200
    seed: int = 1

    def __post_init__(self) -> None:
        problems = []
        numbers = self._classes_as_given()
        if not numbers or not_whole(2, classes=min(numbers)) or max(numbers) > MOST_CLASSES:
            problems.append(
                f"classes: expected whole numbers from 2 to {MOST_CLASSES}, got {self.classes!r}."
            )
        for name, value, kind in (
            ("distance", self.distance, Distance),
            ("begin", self.begin, Beginning),
            ("imputation", self.imputation, Variant),
        ):
            if value not in get_args(kind):
                problems.append(
                    f"{name}: expected one of {', '.join(get_args(kind))}, got {value!r}."
                )
        for name, number, least in (
            ("starts", self.starts, 1),
            ("exchanges", self.exchanges or 0, 0),
            ("max_iterations", self.max_iterations, 1),
            ("seed", self.seed, 0),
        ):
            problems += not_whole(least, **{name: number})
        if not is_between(self.time_scale, -np.finfo(float).tiny, np.inf):
            problems.append(f"time_scale: expected a number from 0, got {self.time_scale!r}.")
        if problems:
            raise ModelError(" ".join(problems))

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of classes to try, ascending."""
        return tuple(sorted({int(number) for number in self._classes_as_given()}))

    def _classes_as_given(self) -> tuple[Any, ...]:
        """The numbers of classes, none of them if one is no whole number."""
        classes: Any = self.classes
        several = isinstance(classes, Iterable) and not isinstance(classes, str)
        given = tuple(classes) if several else (classes,)
        return given if all(not not_whole(0, number=number) for number in given) else ()

    def fit(self, data: Any, *, occasions: Sequence[str] | None = None) -> LongitudinalKMeansResult:
        """Partition persons, one row each, by their values over the occasions.

        Parameters
        ----------
        data : array (n_persons, n_occasions), or data frame
            Values with NaN or null where missing, occasions in their order in time.
        occasions : sequence of str, optional
            The frame's columns to take, in this order; default all. A column of whole numbers
            that are all different, which looks like the persons' numbers, is taken only if it is
            named here.

        Raises
        ------
        ModelError
            Not numbers, a column that looks like the persons' numbers, infinite values, persons
            without any value, fewer than two occasions,
            more classes than persons, unknown columns.

        Warns
        -----
        ConvergenceWarning
            A partition that is kept was still changing after `max_iterations`.
        """
        table, names = read_trajectories(data, occasions)
        n, width = table.shape
        if width < 2:
            raise ModelError(f"data: a trajectory needs at least 2 occasions, got {width}.")
        if max(self.numbers) > n:
            raise ModelError(
                f"classes: {max(self.numbers)} classes were asked of {n} persons; there cannot "
                "be more classes than persons."
            )
        values = table - own_means(table) if self.distance.endswith("shape") else table
        complete = copy_mean(values, variant=self.imputation)
        if self.distance.startswith("frechet"):
            return self._around_persons(values, complete, names)
        announce(K_MEANS)
        starts = self._run_starts(values, complete)
        kept = self._exchange(values, complete, starts)
        return self._result(values, complete, names, starts, kept)

    def _streams(self, purpose: int, runs: Sequence[tuple[int, int]]) -> NDArray[np.uint64]:
        """A stream of its own for each numbered run of each number of classes."""
        sequences = [
            np.random.SeedSequence(self.seed, spawn_key=(purpose, k, run)) for run, k in runs
        ]
        return np.array(
            [int(sequence.generate_state(1, np.uint64)[0]) for sequence in sequences],
            dtype=np.uint64,
        )

    def _run_starts(self, values: Float, complete: Float) -> _Runs:
        """Run all starts, the numbers of classes in turn."""
        from salutogen.models.k_means import _kernels_lloyd as kernels
        from salutogen.models.k_means import _kernels_starts as ways

        chosen = {
            "mixed": (ways.FARTHEST, ways.PLUS_PLUS, ways.PERSONS, ways.PARTITION),
            "k-means++": (ways.PLUS_PLUS,),
            "random-persons": (ways.PERSONS,),
            "random-partition": (ways.PARTITION,),
            "farthest": (ways.FARTHEST,),
        }[self.begin]
        runs = [(start, k) for start in range(self.starts) for k in self.numbers]
        found = _Runs(
            labels=np.empty((len(runs), len(values)), dtype=np.int8),
            outcome=np.empty((len(runs), 3)),
        )
        arrays = _kernel_arrays(values, complete)
        sizes = np.array([k for _, k in runs], dtype=np.int64)
        begun = np.array([chosen[start % len(chosen)] for start, _ in runs], dtype=np.int64)
        states = self._streams(0, runs)
        share_work(
            lambda first, last: kernels.run_starts(
                first, last, *arrays, sizes, begun, states, self.max_iterations, *found
            ),
            len(runs),
            cost=20.0 * values.size * max(self.numbers),
        )
        return found

    def _exchange(self, values: Float, complete: Float, starts: _Runs) -> _Runs:
        """Improve the best start of each number of classes; return the best of each."""
        from salutogen.models.k_means import _kernels_lloyd as kernels

        best = self._best_runs(starts.outcome)
        tries = self.exchanges
        if tries is None:
            tries = min(30, max(5, 20_000 // len(values)))
        if tries == 0:
            return _Runs(labels=starts.labels[best], outcome=starts.outcome[best])
        runs = [(chain, k) for chain in range(CHAINS) for k in self.numbers]
        chains = _Runs(
            labels=np.tile(starts.labels[best], (CHAINS, 1)),
            outcome=np.tile(starts.outcome[best], (CHAINS, 1)),
        )
        arrays = _kernel_arrays(values, complete)
        sizes = np.array([k for _, k in runs], dtype=np.int64)
        states = self._streams(1, runs)
        share_work(
            lambda first, last: kernels.run_exchanges(
                first, last, *arrays, sizes, tries, states, self.max_iterations, *chains
            ),
            len(runs),
            cost=10.0 * tries * values.size * max(self.numbers),
        )
        best = self._best_runs(chains.outcome)
        return _Runs(labels=chains.labels[best], outcome=chains.outcome[best])

    def _around_persons(
        self, values: Float, complete: Float, names: tuple[str, ...]
    ) -> LongitudinalKMeansResult:
        """Classes by Fréchet distance; the best start of each number of classes is kept."""
        distances = frechet_distance_matrix(values, self.time_scale)
        runs = [(start, k) for start in range(self.starts) for k in self.numbers]
        sizes = np.array([k for _, k in runs], dtype=np.int64)
        found = run_medoid_starts(distances, sizes, self._streams(0, runs), self.max_iterations)
        best = self._best_runs(found.outcome)
        return self._result(
            values,
            complete,
            names,
            _Runs(labels=found.labels, outcome=found.outcome),
            _Runs(labels=found.labels[best], outcome=found.outcome[best]),
            medoids=[found.medoids[run, : sizes[run]] for run in best],
        )

    def _best_runs(self, outcome: Float) -> list[int]:
        """The run with the largest outcome for each number of classes, which take turns."""
        m = len(self.numbers)
        return [j + m * int(np.argmax(outcome[j::m, 0])) for j in range(m)]

    def _result(
        self,
        values: Float,
        complete: Float,
        names: tuple[str, ...],
        starts: _Runs,
        kept: _Runs,
        medoids: Sequence[NDArray[np.int64]] | None = None,
    ) -> LongitudinalKMeansResult:
        labels = [_ordered(found) for found in kept.labels]
        messages = few_different(complete, max(self.numbers))
        partitions = {}
        for j, (k, quality) in enumerate(
            zip(self.numbers, qualities_of(values, complete, labels), strict=True)
        ):
            between, iterations, settled = kept.outcome[j]
            by_start = starts.outcome[j :: len(self.numbers), 0]
            messages += quality.messages
            if not settled:
                messages.append(
                    f"{k} classes: the partition was still changing after "
                    f"{self.max_iterations} iterations."
                )
                warnings.warn(messages[-1], ConvergenceWarning, stacklevel=3)
            centres = class_means(values, labels[j], k)
            within = float(np.nansum((values - centres[labels[j]]) ** 2))
            if medoids is not None:
                within = -float(between)
                centres[labels[j][medoids[j]]] = values[medoids[j]]
            partitions[k] = KMeansPartition(
                n_classes=k,
                labels=labels[j].astype(np.int64),
                sizes=np.bincount(labels[j]),
                centres=centres,
                criteria=quality.criteria,
                posterior=quality.posterior,
                log_likelihood=quality.log_likelihood,
                within=within,
                starts=by_start,
                n_best=int(np.sum(by_start >= between - SAME * abs(between))),
                iterations=int(iterations),
                converged=bool(settled),
            )
        return LongitudinalKMeansResult(
            spec=self,
            partitions=partitions,
            occasions=names,
            n_persons=len(values),
            n_obs=int(np.count_nonzero(~np.isnan(values))),
            messages=tuple(messages),
            version=VERSION,
        )


def _kernel_arrays(values: Float, complete: Float) -> tuple[Float, Float, Float]:
    """Values with 0 where missing, whether they were seen, and completed ones; all centred."""
    centred = values - np.nanmean(values)
    seen = ~np.isnan(centred)
    return (
        np.ascontiguousarray(np.where(seen, centred, 0.0)),
        np.ascontiguousarray(seen.astype(float)),
        np.ascontiguousarray(complete - complete.mean(axis=0)),
    )


def _ordered(labels: Labels) -> Labels:
    """Number classes by size, the largest first; of equal ones that of the earlier person."""
    found, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    position = np.empty(int(found.max()) + 1, dtype=np.int8)
    position[found[order]] = np.arange(len(found), dtype=np.int8)
    ordered: Labels = position[labels]
    return ordered
