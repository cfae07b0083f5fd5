"""How far two classifications agree, and whether classes come back in other samples."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import refuse_not_whole
from salutogen.models.mixture.likelihood.parameters import ClassParameters, Layout
from salutogen.models.mixture.likelihood.problem import MixtureProblem
from salutogen.models.mixture.likelihood.search import one_class, search
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]


def _has_missing(labels: NDArray[Any]) -> bool:
    if labels.dtype.kind == "O":
        return any(label is None or label != label for label in labels.tolist())
    return labels.dtype.kind == "f" and bool(np.isnan(labels).any())


def adjusted_rand_index(first: ArrayLike, second: ArrayLike) -> float:
    """Return the agreement of two partitions, corrected for chance (Hubert & Arabie 1985).

    Parameters
    ----------
    first, second : array (n,)
        Labels; only which of them are equal matters.

    Returns
    -------
    float
        1 for the same partition, 0 on average for unrelated ones; 1 where both put all persons
        into one class, or each person into a class of its own.

    Raises
    ------
    ModelError
        Different lengths, missing labels, or no persons.

    Examples
    --------
    >>> adjusted_rand_index([1, 1, 2, 2], ["b", "b", "a", "a"])
    1.0
    """
    a, b = np.asarray(first).ravel(), np.asarray(second).ravel()
    if len(a) != len(b) or len(a) == 0:
        raise ModelError(f"Expected two labels for each person, got {len(a)} and {len(b)} labels.")
    if _has_missing(a) or _has_missing(b):
        raise ModelError("Expected two labels for each person; some are missing.")
    rows, columns = (np.unique(labels, return_inverse=True)[1] for labels in (a, b))
    table = np.bincount(rows * (columns.max() + 1) + columns).astype(float)
    together, in_a, in_b = (
        float(np.sum(counts * (counts - 1)) / 2)
        for counts in (table, np.bincount(rows), np.bincount(columns))
    )
    pairs = len(a) * (len(a) - 1) / 2
    expected = in_a * in_b / pairs if pairs else 0.0
    highest = (in_a + in_b) / 2
    return 1.0 if highest == expected else (together - expected) / (highest - expected)


@short_repr("method", "classes", "values", "median", "n_failed")
@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement of classifications by fits to other samples of the same persons.

    Attributes
    ----------
    method : str
        `split halves` or `bootstrap`.
    classes : int
        Number of classes.
    values : array (n,)
        Adjusted Rand index of each sample; 0 where a sample has no proper solution.
    n_failed : int
        Samples in which every start was degenerate.
    """

    method: str
    classes: int
    values: Float
    n_failed: int

    @property
    def median(self) -> float:
        """Median over the samples."""
        return float(np.median(self.values))

    def quantile(self, share: float) -> float:
        """Return a quantile over the samples."""
        return float(np.quantile(self.values, share))


def split_half_agreement(
    spec: GrowthMixture,
    data: Any,
    *,
    splits: int = 20,
    starts: int = 8,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Agreement:
    """Fit two random halves of the persons, and compare how both fits classify all of them.

    Parameters
    ----------
    spec : GrowthMixture
        The model, with at least 2 classes.
    data : data frame, mapping of arrays, or Moments
        Rows or their reduction.
    splits : int
        Number of random splits.
    starts : int
        Random starts of each fit; the solution of the full sample is one more. The one with the
        highest likelihood counts, so the further start only keeps a half from missing its optimum.
    seed : int
        Each split has its own stream, so executor and workers do not change the result.
    executor, progress
        As for `compare_classes`.

    Raises
    ------
    ModelError
        What `GrowthMixture.fit` refuses; fewer than 2 classes or 1 split; halves with fewer
        persons than classes.
    """
    task = _refits(spec, data, splits, "splits", starts, seed, parts=2)
    seeds = np.random.SeedSequence(seed).spawn(splits)
    values = run_each(task.split, seeds, executor=executor, progress=progress)
    return _agreement("split halves", spec, values)


def bootstrap_agreement(
    spec: GrowthMixture,
    data: Any,
    *,
    draws: int = 50,
    starts: int = 8,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Agreement:
    """Fit samples of persons drawn with replacement, and compare with the full fit's classes.

    Each fit classifies the original persons; its labels are compared with those of the full fit
    (Hennig 2007).

    Parameters
    ----------
    spec, data, starts, seed, executor, progress
        As for `split_half_agreement`.
    draws : int
        Number of samples.

    Raises
    ------
    ModelError
        What `GrowthMixture.fit` refuses; fewer than 2 classes or 1 draw.
    """
    task = _refits(spec, data, draws, "draws", starts, seed)
    seeds = np.random.SeedSequence(seed).spawn(draws)
    values = run_each(task.resample, seeds, executor=executor, progress=progress)
    return _agreement("bootstrap", spec, values)


@dataclass(frozen=True, kw_only=True)
class _Refits:
    """Fits of parts of the persons that classify all of them."""

    problem: MixtureProblem
    layout: Layout
    best: ClassParameters
    labels: Int
    starts: int

    def split(self, seed: np.random.SeedSequence) -> float:
        """Agreement of the two halves of a random split; NaN where one has no solution."""
        own, *rest = seed.spawn(3)
        n = self.problem.data.shape[1]
        order = np.random.default_rng(own).permutation(n)
        found = []
        for part, start in zip((order[: n // 2], order[n // 2 :]), rest, strict=True):
            weight = np.zeros(n)
            weight[part] = self.problem.weight[part]
            found.append(self._labels(weight, start))
        if found[0] is None or found[1] is None:
            return np.nan
        return adjusted_rand_index(found[0], found[1])

    def resample(self, seed: np.random.SeedSequence) -> float:
        """Agreement of a fit to resampled persons with the full one; NaN without a solution."""
        own, start = seed.spawn(2)
        n = self.problem.data.shape[1]
        times = np.bincount(np.random.default_rng(own).integers(n, size=n), minlength=n)
        labels = self._labels(self.problem.weight * times, start)
        return np.nan if labels is None else adjusted_rand_index(labels, self.labels)

    def _labels(self, weight: Float, seed: np.random.SeedSequence) -> Int | None:
        drawn = weight > 0
        if drawn.sum() < self.layout.classes:
            return None
        part = replace(
            self.problem,
            data=np.ascontiguousarray(self.problem.data[:, drawn]),
            weight=weight[drawn],
            covariates=np.ascontiguousarray(self.problem.covariates[:, drawn]),
        )
        single = replace(self.layout, classes=1, shared=(False,) * part.p, lowest=1e-8)
        pooled = single.unpack(one_class(part, self.layout.blocks, polish=False).free)
        best = search(
            part,
            self.layout,
            pooled,
            starts=self.starts + 1,
            seed=seed,
            first=self.best,
            polish=False,
        ).best
        return None if best is None else _labels(self.problem, self.layout.unpack(best.free))


def _labels(problem: MixtureProblem, at: ClassParameters) -> Int:
    """Most probable class of each person."""
    labels: Int = np.argmax(problem.pass_over(at)[1], axis=0)
    return labels


def _refits(
    spec: GrowthMixture,
    data: Any,
    samples: int,
    name: str,
    starts: int,
    seed: int,
    parts: int = 1,
) -> _Refits:
    if not isinstance(spec, GrowthMixture):
        raise ModelError(f"spec: expected a GrowthMixture, got {type(spec).__name__}.")
    refuse_not_whole(1, **{name: samples, "starts": starts})
    refuse_not_whole(0, seed=seed)
    if spec.classes < 2:
        raise ModelError("classes: one class always agrees with itself; expected at least 2.")
    moments, problem, terms = spec.prepare(data)
    if moments.n_persons // parts < spec.classes:
        raise ModelError(
            f"{name}: {moments.n_persons // parts} of {moments.n_persons} persons cannot hold "
            f"{spec.classes} classes."
        )
    layout, found = spec.search(problem, moments, terms)
    if found.best is None:
        raise ModelError(
            f"{spec.formula}: every start with {spec.classes} classes is degenerate; there are no "
            "classes to find again."
        )
    best = layout.unpack(found.best.free)
    return _Refits(
        problem=problem, layout=layout, best=best, labels=_labels(problem, best), starts=starts
    )


def _agreement(method: str, spec: GrowthMixture, found: list[float]) -> Agreement:
    values = np.array(found)
    failed = np.isnan(values)
    return Agreement(
        method=method,
        classes=spec.classes,
        values=np.where(failed, 0.0, values),
        n_failed=int(failed.sum()),
    )
