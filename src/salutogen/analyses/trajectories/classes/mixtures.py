"""Growth mixtures of courses around the event, under several sets of assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from salutogen.analyses.trajectories.classes.settings import (
    ClassSettings,
    CourseModel,
    Shape,
    Variances,
)
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.models import GrowthMixture, GrowthMixtureResult, Moments
from salutogen.models.parallel.executors import Progress, run_each

RANDOM: Mapping[CourseModel, str] = {
    "latent-class-growth": "0",
    "random-intercept": "1",
    "random-intercept-and-slope": "1 + t",
}
EFFECTS: Mapping[CourseModel, str] = {
    "latent-class-growth": "no random effects",
    "random-intercept": "random intercept",
    "random-intercept-and-slope": "random intercept and slope",
}
NO_BETTER = 2  # numbers of classes in a row without a lower BIC after which none larger is tried
MORE_STARTS = 5  # times as many starts where too few reached the best solution


@dataclass(frozen=True, kw_only=True, repr=False)
class AssumptionSet:
    """Mixtures with 1, 2, … classes that assume the same about persons within a class.

    Attributes
    ----------
    model : str
        Random effects: none, an intercept, an intercept and a slope over positions.
    variances : str
        Residual and random variances: `equal` over classes or `free`.
    fits : mapping of int to GrowthMixtureResult
        By number of classes, where there is a proper solution.
    failures : mapping of int to str
        Why there is none for other numbers that were tried.
    """

    model: CourseModel
    variances: Variances
    fits: Mapping[int, GrowthMixtureResult]
    failures: Mapping[int, str]

    def __repr__(self) -> str:
        """Name what is assumed and the numbers of classes that were fitted."""
        return f"AssumptionSet({self.words!r}, fitted: {sorted(self.fits)})"

    @property
    def words(self) -> str:
        """What is assumed, such as `random intercept, equal variances`."""
        return f"{EFFECTS[self.model]}, {self.variances} variances"

    @property
    def lowest(self) -> float:
        """Lowest BIC over the numbers of classes."""
        return min(fit.bic for fit in self.fits.values())

    def number(self, margin: float) -> int:
        """Smallest number of classes that no larger one beats by `margin` of BIC or more."""
        numbers = sorted(self.fits)
        return next(
            k
            for k in numbers
            if all(self.fits[k].bic - self.fits[more].bic < margin for more in numbers if more > k)
        )

    def gain(self, k: int) -> float | None:
        """By how much BIC is lower with k classes than with one fewer."""
        if k not in self.fits or k - 1 not in self.fits:
            return None
        return self.fits[k - 1].bic - self.fits[k].bic


@dataclass(frozen=True, kw_only=True, repr=False)
class Courses:
    """Courses as rows for a mixture.

    Attributes
    ----------
    values : ndarray, shape (n, T)
        SR by position, NaN where missing; every person has some.
    positions : tuple of str
        Names of the positions.
    shape : str
        `positions` or `quadratic`.
    """

    values: FloatArray
    positions: tuple[str, ...]
    shape: Shape

    def __repr__(self) -> str:
        """Give persons and positions."""
        return f"Courses({len(self.values)} persons, {', '.join(self.positions)})"

    @property
    def terms(self) -> str:
        """Fixed part of the formula."""
        if self.shape == "quadratic":
            return "t + I(t**2)"
        return " + ".join(self.positions[1:])

    def formula(self, model: CourseModel) -> str:
        """Formula of a mixture of these courses."""
        return f"SR ~ {self.terms} + ({RANDOM[model]} | person)"

    def rows(self) -> dict[str, Any]:
        """A row per value seen: person, t (0 at the event), an indicator of each position, SR."""
        person, place = np.nonzero(np.isfinite(self.values))
        indicators = {
            name: (place == at).astype(float) for at, name in enumerate(self.positions) if at
        }
        t = place - 1.0
        return {"person": person, "t": t, **indicators, "SR": self.values[person, place]}

    def moments(self, formula: str) -> Moments:
        """Reduction of the rows for a formula."""
        return Moments.from_frame(formula, self.rows())

    def grid(self) -> dict[str, Any]:
        """One row per position, for predictions."""
        places = np.arange(len(self.positions))
        indicators = {
            name: (places == at).astype(float) for at, name in enumerate(self.positions) if at
        }
        return {"t": places - 1.0, **indicators}


def enumerate_classes(
    courses: Courses, model: CourseModel, variances: Variances, settings: ClassSettings, seed: int
) -> AssumptionSet:
    """Fit 1, 2, … classes until two more in a row bring no lower BIC, or `settings.max`.

    Raises
    ------
    ModelError
        Not even one class can be fitted.
    """
    spec = GrowthMixture(
        courses.formula(model),
        starts=settings.starts,
        seed=seed,
        random_covariance=variances,
        residual_variance=variances,
    )
    moments = courses.moments(spec.formula)
    fits = {1: replace(spec, classes=1).fit(moments)}
    failures: dict[int, str] = {}
    lowest, idle = fits[1].bic, 0
    for k in range(2, min(settings.max, moments.n_persons) + 1):
        found = replace(spec, classes=k).try_fit(moments)
        if isinstance(found, str):
            failures[k] = found
        else:
            fits[k] = found
        better = not isinstance(found, str) and found.bic < lowest
        if not isinstance(found, str):
            lowest = min(lowest, found.bic)
        idle = 0 if better else idle + 1
        if idle == NO_BETTER:
            break
    return AssumptionSet(model=model, variances=variances, fits=fits, failures=failures)


@dataclass(frozen=True, kw_only=True)
class _Enumeration:
    """The same courses, settings and seed for every set of assumptions."""

    courses: Courses
    settings: ClassSettings
    seed: int

    def under(self, assumed: tuple[CourseModel, Variances]) -> AssumptionSet:
        """Fit 1, 2, … classes under one set of assumptions."""
        return enumerate_classes(self.courses, *assumed, self.settings, self.seed)


def enumerate_sets(
    courses: Courses,
    models: Sequence[CourseModel],
    settings: ClassSettings,
    seed: int,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[AssumptionSet]:
    """Enumerate classes under each of some models, with each kind of variances.

    Parameters
    ----------
    courses, models, settings, seed
        As for `enumerate_classes`.
    executor : concurrent.futures.Executor, optional
        Where the sets are fitted; by default here, one after the other.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of sets.
    """
    task = _Enumeration(courses=courses, settings=settings, seed=seed)
    assumed = [(model, variances) for model in models for variances in settings.variances]
    return run_each(task.under, assumed, executor=executor, progress=progress)


def best_set(sets: Sequence[AssumptionSet]) -> int:
    """Place of the set with the lowest BIC; the first of equal ones."""
    return int(np.argmin([found.lowest for found in sets]))


def refined(
    found: AssumptionSet, k: int, courses: Courses, settings: ClassSettings
) -> AssumptionSet:
    """Run more starts where fewer than the gate asks for reached the best solution."""
    fit = found.fits[k]
    if k == 1 or fit.starts_at_best >= settings.gates.starts_at_best:
        return found
    spec = replace(fit.spec, starts=MORE_STARTS * settings.starts)
    again = spec.try_fit(courses.moments(spec.formula))
    if isinstance(again, str) or again.log_likelihood < fit.log_likelihood:
        return found
    return replace(found, fits={**found.fits, k: again})
