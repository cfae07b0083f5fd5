"""Growth mixtures of courses around the event, under several sets of assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from salutogen.analyses.trajectories.classes.course_bases import jump_course, main_directions
from salutogen.analyses.trajectories.classes.settings import (
    ClassSettings,
    CourseModel,
    Shape,
    Variances,
)
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.errors import ModelError
from salutogen.models import GrowthMixture, GrowthMixtureResult, Moments
from salutogen.models.parallel.executors import Progress, run_each

RANDOM: Mapping[CourseModel, str] = {
    "latent-class-growth": "0",
    "random-intercept": "1",
    "random-intercept-and-slope": "1 + t",
    "random-intercept-and-jump": "1 + jump",
}
EFFECTS: Mapping[CourseModel, str] = {
    "latent-class-growth": "no random effects",
    "random-intercept": "random intercept",
    "random-intercept-and-slope": "random intercept and slope",
    "random-intercept-and-jump": "random intercept and jump",
    "unstructured": "unstructured covariance",
}
NO_BETTER = 2  # numbers of classes in a row without a lower BIC after which none larger is tried
MORE_STARTS = 5  # times as many starts where too few reached the best solution


@dataclass(frozen=True, kw_only=True, repr=False)
class AssumptionSet:
    """Mixtures with 1, 2, … classes that assume the same about persons within a class.

    Attributes
    ----------
    model : str
        Random effects: none, an intercept, an intercept and a slope over positions or a jump at
        the event, or any covariance of positions.
    variances : str
        Residual and random variances: `equal` over classes or `free`.
    fits : mapping of int to GrowthMixtureResult
        By number of classes, where there is a proper solution.
    failures : mapping of int to str
        Why there is none for other numbers that were tried.
    n_learned : int
        Parameters of the random effects' columns that the data gave beforehand: they count in BIC.
    """

    model: CourseModel
    variances: Variances
    fits: Mapping[int, GrowthMixtureResult]
    failures: Mapping[int, str]
    n_learned: int = 0

    def __repr__(self) -> str:
        """Name what is assumed and the numbers of classes that were fitted."""
        return f"AssumptionSet({self.words!r}, fitted: {sorted(self.fits)})"

    @property
    def words(self) -> str:
        """What is assumed, such as `random intercept, equal variances`."""
        return f"{EFFECTS[self.model]}, {self.variances} variances"

    def bic(self, k: int) -> float:
        """BIC with k classes."""
        fit = self.fits[k]
        return fit.bic + (self.n_learned * float(np.log(fit.n_persons)) if self.n_learned else 0.0)

    @property
    def lowest(self) -> float:
        """Lowest BIC over the numbers of classes."""
        return min(self.bic(k) for k in self.fits)

    def number(self, margin: float) -> int:
        """Smallest number of classes that no larger one beats by `margin` of BIC or more."""
        numbers = sorted(self.fits)
        return next(
            k
            for k in numbers
            if all(self.bic(k) - self.bic(more) < margin for more in numbers if more > k)
        )

    def gain(self, k: int) -> float | None:
        """By how much BIC is lower with k classes than with one fewer."""
        if k not in self.fits or k - 1 not in self.fits:
            return None
        return self.bic(k - 1) - self.bic(k)


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
        random = RANDOM.get(model) or " + ".join(
            ["0", *(name for name in self.bases if "_" in name)]
        )
        return f"SR ~ {self.terms} + ({random} | person)"

    def n_learned(self, model: CourseModel) -> int:
        """Parameters of the columns of the random effects that are taken from the data.

        A jump: the positions after the event but one. Unstructured: what the random effects and
        the residual lack of all variances and covariances.
        """
        T = len(self.positions)
        return {"random-intercept-and-jump": T - 2, "unstructured": T - 1}.get(model, 0)

    @cached_property
    def bases(self) -> dict[str, FloatArray]:
        """Columns over positions of the random effects that are learned from the courses."""
        directions = main_directions(self.values)
        return {
            "jump": jump_course(self.values),
            **{f"direction_{i + 1}": column for i, column in enumerate(directions.T)},
        }

    def random_columns(self, terms: Sequence[str]) -> FloatArray:
        """Columns (T, q) of random terms over positions."""
        T = len(self.positions)
        columns = {"Intercept": np.ones(T), "t": np.arange(T) - 1.0, **self.bases}
        return np.column_stack([columns[name] for name in terms]) if terms else np.zeros((T, 0))

    def rows(self) -> dict[str, Any]:
        """A row per value seen: person, SR, t (0 at the event), an indicator of each position,
        and the columns of random effects that are learned.
        """
        person, place = np.nonzero(np.isfinite(self.values))
        indicators = {
            name: (place == at).astype(float) for at, name in enumerate(self.positions) if at
        }
        learned = {name: column[place] for name, column in self.bases.items()}
        SR = self.values[person, place]
        return {"person": person, "t": place - 1.0, **indicators, **learned, "SR": SR}

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
    return AssumptionSet(
        model=model,
        variances=variances,
        fits=fits,
        failures=failures,
        n_learned=courses.n_learned(model),
    )


def variances_under(model: CourseModel, asked: Sequence[Variances]) -> tuple[Variances, ...]:
    """Which variances are tried under a model: an unstructured covariance is one for all classes.

    One of its own for each class would have more parameters than most samples can carry.
    """
    return ("equal",) if model == "unstructured" else tuple(dict.fromkeys(asked))


@dataclass(frozen=True, kw_only=True)
class _Enumeration:
    """The same courses, settings and seed for every set of assumptions."""

    courses: Courses
    settings: ClassSettings
    seed: int

    def under(self, assumed: tuple[CourseModel, Variances]) -> AssumptionSet | str:
        """Fit 1, 2, … classes under one set of assumptions; why not, where one has no fit."""
        try:
            return enumerate_classes(self.courses, *assumed, self.settings, self.seed)
        except ModelError as error:
            return str(error)


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

    Raises
    ------
    ModelError
        Not even one class can be fitted under any set; sets with which it cannot are left out.
    """
    task = _Enumeration(courses=courses, settings=settings, seed=seed)
    assumed = [
        (model, variances)
        for model in models
        for variances in variances_under(model, settings.variances)
    ]
    found = run_each(task.under, assumed, executor=executor, progress=progress)
    sets = [each for each in found if isinstance(each, AssumptionSet)]
    if not sets:
        raise ModelError(found[0])
    return sets


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
