"""Classes of courses around the event: tried under several assumptions, claimed behind gates."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.classes.gates import (
    Evidence,
    Gate,
    judge_classes,
    samples_asked,
)
from salutogen.analyses.trajectories.classes.heaping import is_heaped, stops
from salutogen.analyses.trajectories.classes.mixtures import (
    AssumptionSet,
    Courses,
    best_set,
    enumerate_sets,
    refined,
    variances_under,
)
from salutogen.analyses.trajectories.classes.settings import ClassSettings
from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray
from salutogen.errors import ModelError
from salutogen.models import (
    ConvergenceWarning,
    GrowthMixtureResult,
    LongitudinalKMeans,
    LongitudinalKMeansResult,
)
from salutogen.models.parallel.executors import Progress

FEWEST_POSITIONS = 3
K_MEANS_MOST = 6


@dataclass(frozen=True, kw_only=True, repr=False)
class ClassAssessment:
    """What was tried to find classes of courses, and whether they may be claimed.

    SR = observed - expected problems, in points of P; positive = over-reactive = less resilient.

    Attributes
    ----------
    settings : ClassSettings
    rows : ndarray of int, shape (n,)
        Rows of the matrix with any value: the persons in the models.
    courses : Courses
        Their values.
    sets : tuple of AssumptionSet
        On which a claim may rest.
    best : int
        Place of the set with the lowest BIC among them.
    gates : tuple of Gate
    heaped : bool
        Whether SR is skewed or heaped at an end.
    seed : int
    """

    settings: ClassSettings
    rows: NDArray[np.int64]
    courses: Courses
    sets: tuple[AssumptionSet, ...]
    best: int
    gates: tuple[Gate, ...]
    heaped: bool
    seed: int

    @cached_property
    def growth(self) -> tuple[AssumptionSet, ...]:
        """Latent class growth (no random effects): for comparison, without any claim."""
        if "latent-class-growth" in self.settings.models:
            return ()
        return tuple(
            enumerate_sets(self.courses, ("latent-class-growth",), self.settings, self.seed)
        )

    @cached_property
    def k_means(self) -> LongitudinalKMeansResult:
        """Longitudinal k-means: for description, without any claim."""
        most = min(K_MEANS_MOST, len(self.courses.values))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it stands in the result
            return LongitudinalKMeans(classes=range(2, most + 1), seed=self.seed).fit(
                self.courses.values
            )

    @property
    def passed(self) -> bool:
        """Whether all gates hold, so that classes are claimed."""
        return all(gate.passed for gate in self.gates)

    @property
    def chosen(self) -> AssumptionSet:
        """The best set of assumptions."""
        return self.sets[self.best]

    @property
    def n_classes(self) -> int:
        """Number of classes that BIC chooses under the best set, whether claimed or not."""
        return self.chosen.number(self.settings.gates.bic)

    @property
    def fit(self) -> GrowthMixtureResult:
        """The mixture with that number of classes."""
        return self.chosen.fits[self.n_classes]

    @property
    def shown(self) -> tuple[AssumptionSet, ...]:
        """All sets, those without random effects first."""
        return (*self.growth, *self.sets)

    @property
    def at_the_edge(self) -> bool:
        """Whether the number of classes is the largest that was to be tried."""
        return self.n_classes == self.settings.max

    def labels(self) -> NDArray[np.int64]:
        """Most probable class of each person in the models (n,), from 0."""
        return np.argmax(self.fit.posterior, axis=1).astype(np.int64)

    def class_means(self) -> FloatArray:
        """Mean course of each class of the best set (classes, positions), points of P."""
        means: FloatArray = self.fit.predict(self.courses.grid()).T
        return means

    def __repr__(self) -> str:
        """Say how many persons, how many classes by BIC, and whether they are claimed."""
        claim = "claimed" if self.passed else "not claimed"
        return (
            f"ClassAssessment({len(self.rows)} persons, {self.n_classes} by BIC under "
            f"{self.chosen.words!r}, {claim})"
        )


def usable_rows(matrix: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rows of persons with any value, and which positions anybody has a value at."""
    seen = np.isfinite(matrix)
    return np.flatnonzero(seen.any(axis=1)), seen.any(axis=0)


def assess_classes(
    matrix: FloatArray,
    settings: ClassSettings | None = None,
    *,
    seed: int = 1,
    positions: Sequence[str] = POSITIONS,
    bounds: tuple[FloatArray, FloatArray] | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ClassAssessment:
    """Look for classes of courses, and hold them against every gate.

    Parameters
    ----------
    matrix : ndarray, shape (n, T)
        SR by person and position around the event, NaN where missing.
    settings : ClassSettings, optional
        Default: those of the definitions.
    seed : int
        Of starts, draws and resamples.
    positions : sequence of str, length T
        Names of the positions, the second being the event.
    bounds : pair of ndarray, shape (n, T), optional
        Lowest and highest that each value could be, where the scores behind SR heap at an end of
        their scale, infinite where they do not. Default: the matrix's own lowest and highest,
        where values heap there.
    executor : concurrent.futures.Executor, optional
        Where models and samples are fitted, for example a cluster; by default in this process,
        on all its cores. It changes no number.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of sets of assumptions and of samples.

    Returns
    -------
    ClassAssessment

    Raises
    ------
    ModelError
        Fewer persons than `settings.fewest` or than 3 positions with values, or no model of one
        class.
    """
    settings = settings or ClassSettings()
    values = np.asarray(matrix, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(positions):
        raise ModelError(
            f"matrix: expected a column for each of {', '.join(positions)}, got an array of shape "
            f"{values.shape}."
        )
    rows, there = usable_rows(values)
    if rows.size < settings.fewest or there.sum() < FEWEST_POSITIONS:
        raise ModelError(
            f"Classes need at least {settings.fewest} persons and {FEWEST_POSITIONS} positions "
            f"with values, got {rows.size} persons and {int(there.sum())} positions."
        )
    courses = Courses(
        values=values[rows][:, there],
        positions=tuple(name for name, seen in zip(positions, there, strict=True) if seen),
        shape=settings.shape,
    )
    tried = sum(len(variances_under(model, settings.variances)) for model in settings.models)
    total = tried + samples_asked(settings)
    sets = enumerate_sets(
        courses, settings.models, settings, seed,
        executor=executor, progress=_counting(progress, 0, total),
    )  # fmt: skip
    best = best_set(sets)
    sets[best] = refined(sets[best], sets[best].number(settings.gates.bic), courses, settings)
    if bounds is None:
        low, high = (np.full(courses.values.shape, end) for end in stops(courses.values))
    else:
        low, high = (np.asarray(end, dtype=float)[rows][:, there] for end in bounds)
    heaped = bounds is not None or is_heaped(courses.values)
    evidence = Evidence(sets=tuple(sets), best=best, courses=courses, low=low, high=high)
    gates = judge_classes(
        evidence, settings, seed=seed,
        executor=executor, progress=_counting(progress, tried, total),
    )  # fmt: skip
    if progress is not None:
        progress(total, total)  # gates that are not reached cost nothing
    return ClassAssessment(
        settings=settings,
        rows=rows,
        courses=courses,
        sets=tuple(sets),
        best=best,
        gates=gates,
        heaped=heaped,
        seed=seed,
    )


def _counting(
    progress: Progress | None, before: int, total: int
) -> Callable[[int, int], None] | None:
    """Progress over everything, told by a part of it."""
    return None if progress is None else lambda done, _: progress(before + done, total)
