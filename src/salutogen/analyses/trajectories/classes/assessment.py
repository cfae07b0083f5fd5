"""Classes of courses around the event: tried under several assumptions, claimed behind gates."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.classes.gates import Evidence, Gate, judge_classes
from salutogen.analyses.trajectories.classes.heaping import is_heaped, stops
from salutogen.analyses.trajectories.classes.models import (
    AssumptionSet,
    Courses,
    best_set,
    enumerate_classes,
    refined,
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

FEWEST_POSITIONS = 3
K_MEANS_MOST = 6


@dataclass(frozen=True, kw_only=True)
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
            enumerate_classes(
                self.courses, "latent-class-growth", variances, self.settings, self.seed
            )
            for variances in self.settings.variances
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

    def summary(self) -> dict[str, Any]:
        """`classes`, `gates`, `gates_passed` and what was tried, for `results.json`."""
        fit = self.fit
        claimed = {
            "n": fit.n_classes,
            "shares": fit.shares.tolist(),
            "model": f"{fit.spec.formula}, {self.chosen.variances} variances",
            "n_persons": int(self.rows.size),
            "mean": self.class_means().tolist(),
            "entropy": fit.entropy,
        }
        return {
            "classes": claimed if self.passed else None,
            "gates": [
                {
                    "name": gate.name,
                    "value": gate.value,
                    "threshold": gate.threshold,
                    "passed": gate.passed,
                    "reached": gate.reached,
                }
                for gate in self.gates
            ],
            "gates_passed": self.passed,
            "class_search": {
                "n_persons": int(self.rows.size),
                "chosen": {
                    "model": self.chosen.model,
                    "variances": self.chosen.variances,
                    "classes": self.n_classes,
                },
                "skewed_or_heaped": self.heaped,
                "assumptions": [self._assumption(found) for found in self.shown],
                "k_means": self._k_means(self.k_means),
            },
        }

    def _assumption(self, found: AssumptionSet) -> dict[str, Any]:
        k = found.number(self.settings.gates.bic)
        fit = found.fits[k]
        return {
            "model": found.model,
            "variances": found.variances,
            "may_be_claimed": found.model in self.settings.models,
            "classes": k,
            "bic": fit.bic,
            "entropy": fit.entropy,
            "shares": fit.shares.tolist(),
            "bic_by_classes": {str(number): each.bic for number, each in found.fits.items()},
        }

    def _k_means(self, found: LongitudinalKMeansResult) -> dict[str, Any]:
        return {
            "best": found.best,
            "shares": found.partitions[found.best].shares.tolist(),
            "criteria": {str(k): dict(values) for k, values in found.criteria.items()},
        }

    def class_means(self) -> FloatArray:
        """Mean course of each class of the best set (classes, positions), points of P."""
        means: FloatArray = self.fit.predict(self.courses.grid()).T
        return means


def assess_classes(
    matrix: FloatArray,
    settings: ClassSettings | None = None,
    *,
    seed: int = 1,
    positions: Sequence[str] = POSITIONS,
    bounds: tuple[FloatArray, FloatArray] | None = None,
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
    rows = np.flatnonzero(np.isfinite(values).any(axis=1))
    there = np.isfinite(values).any(axis=0)
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
    sets = [
        enumerate_classes(courses, model, variances, settings, seed)
        for model in settings.models
        for variances in settings.variances
    ]
    best = best_set(sets)
    sets[best] = refined(sets[best], sets[best].number(settings.gates.bic), courses, settings)
    if bounds is None:
        low, high = (np.full(courses.values.shape, end) for end in stops(courses.values))
    else:
        low, high = (np.asarray(end, dtype=float)[rows][:, there] for end in bounds)
    heaped = bounds is not None or is_heaped(courses.values)
    evidence = Evidence(
        sets=tuple(sets), best=best, courses=courses, heaped=heaped, low=low, high=high
    )
    return ClassAssessment(
        settings=settings,
        rows=rows,
        courses=courses,
        sets=tuple(sets),
        best=best,
        gates=judge_classes(evidence, settings, seed=seed),
        heaped=heaped,
        seed=seed,
    )
