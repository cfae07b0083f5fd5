"""Bootstraps of a mixed model from persons' moments: outcomes or persons are drawn, never rows."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import refuse_not_whole
from salutogen.models.mixed.likelihood.criterion import Profiled, ProfiledCriterion
from salutogen.models.mixed.likelihood.parameters import MixedParameter, in_units
from salutogen.models.mixed.likelihood.problem import MixedProblem
from salutogen.models.mixed.likelihood.zero_variances import off_zero, settle_at_zero
from salutogen.models.moments.moments import Moments
from salutogen.models.moments.person_coordinates import Coordinates
from salutogen.models.optimise import minimise
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]

KINDS = ("parametric", "person")
COLLINEAR = 1e-9  # what a direction of the fixed columns keeps in a sample where it is not lost


@short_repr("kind", "draws", "n_failed", "seed")
@dataclass(frozen=True, kw_only=True)
class MixedBootstrap:
    """Bootstrap draws of every parameter of a mixed model.

    Attributes
    ----------
    kind : str
        `parametric` or `person`.
    parameters : tuple of MixedParameter
        What the columns of `draws` are, as `MixedModelResult.tidy` names them.
    estimates : array (k,)
        The fit's own values.
    draws : array (n, k)
        Estimates of each draw; NaN for a correlation with a variance of zero.
    n_failed : int
        Draws that could not be fitted or did not converge; left out of `draws`.
    seed : int
        Each draw has its own stream of this seed.
    """

    kind: str
    parameters: tuple[MixedParameter, ...]
    estimates: Float
    draws: Float
    n_failed: int
    seed: int

    def intervals(self, level: float = 0.95) -> pl.DataFrame:
        """Return `term, effect, group, estimate, bias, std_error, conf_low, conf_high`.

        Percentile intervals (Efron 1979) of the draws that have a value.
        """
        rows = []
        for parameter, estimate, column in zip(
            self.parameters, self.estimates.tolist(), self.draws.T, strict=True
        ):
            drawn = column[np.isfinite(column)]
            low, high, bias, error = None, None, None, None
            if len(drawn) > 1:
                low, high = percentile_interval(drawn, level).tolist()
                bias, error = float(np.mean(drawn)) - estimate, float(np.std(drawn, ddof=1))
            rows.append(
                (
                    parameter.term,
                    parameter.effect,
                    parameter.group,
                    estimate,
                    bias,
                    error,
                    low,
                    high,
                )
            )
        names = [
            "term",
            "effect",
            "group",
            "estimate",
            "bias",
            "std_error",
            "conf_low",
            "conf_high",
        ]
        types = [pl.String] * 3 + [pl.Float64] * 5
        schema = dict(zip(names, types, strict=True))
        return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
            pl.col(pl.Float64).fill_nan(None)
        )


class Draw(Protocol):
    """Makes the criterion of one bootstrap sample."""

    def criterion(self, generator: np.random.Generator) -> ProfiledCriterion:
        """Return the likelihood of a sample."""
        ...


@dataclass(frozen=True, kw_only=True)
class OutcomeDraw:
    """New outcomes of the same persons from the fitted model.

    An outcome's cross-products with a person's own X and Z are normal, and what is left of its
    square is chi-square, so no rows are drawn.
    """

    criterion_of_fit: ProfiledCriterion
    coordinates: Coordinates
    factor: Float
    coefficients: Float
    sd: float

    @classmethod
    def of(cls, moments: Moments, problem: MixedProblem, L: Float, at: Profiled) -> OutcomeDraw:
        """Prepare draws from a fit with relative factor L."""
        p, reduction = problem.criterion.p, moments.reduction
        columns = np.column_stack([problem.right[:, :p], problem.left])
        m = columns.shape[1]
        cross = reduction.project(columns, columns).reshape(-1, m, m)
        sd = float(np.sqrt(at.rss / problem.criterion.df))
        return cls(
            criterion_of_fit=problem.criterion,
            coordinates=Coordinates.factored(cross, moments.counts),
            factor=sd * L,
            coefficients=at.coefficients,
            sd=sd,
        )

    def criterion(self, generator: np.random.Generator) -> ProfiledCriterion:
        """Return the likelihood of an outcome drawn from the model."""
        place, p = self.coordinates, len(self.coefficients)
        persons, q = len(place.left), len(self.factor)
        effects = generator.normal(size=(persons, q)) @ self.factor.T
        noise = generator.normal(size=place.seen.shape) * place.seen
        rest = np.where(place.left > 0, generator.chisquare(np.maximum(place.left, 1)), 0.0)
        along = place.basis[:, :, :p] @ self.coefficients + self.sd * noise
        along += np.sum(place.basis[:, :, p:] * effects[:, None, :], axis=2)
        products = place.products(along)
        return self.criterion_of_fit.with_outcome(
            random=products[:, p:],
            fixed=products[:, :p].sum(axis=0),
            square=float(np.sum(along**2) + self.sd**2 * np.sum(rest)),
        )


@dataclass(frozen=True, kw_only=True)
class PersonDraw:
    """Persons drawn with replacement, each with all of their rows."""

    criterion_of_fit: ProfiledCriterion
    fixed: Float
    counts: Float

    def criterion(self, generator: np.random.Generator) -> ProfiledCriterion:
        """Return the likelihood of a sample of persons."""
        criterion = self.criterion_of_fit
        n, c = criterion.n_persons, criterion.p + 1
        places = np.sort(generator.integers(0, n, n))
        times = np.bincount(places, minlength=n).astype(float)
        total = np.sum(self.fixed * times[:, None], axis=0).reshape(c, c)
        return criterion.of_persons(places, total, round(float(np.sum(self.counts * times))))


@dataclass(frozen=True, kw_only=True)
class _Refit:
    """Fits samples."""

    draw: Draw
    problem: MixedProblem
    theta: Float
    hessian: Float
    parameters: tuple[MixedParameter, ...]

    def estimates(self, seed: np.random.SeedSequence) -> Float:
        """Return every parameter (k,) of one sample, all NaN where the fit failed."""
        criterion = self.draw.criterion(np.random.default_rng(seed))
        failed = np.full(len(self.parameters), np.nan)
        start = off_zero(self.theta, criterion.diagonal)
        lost = np.linalg.eigvalsh(criterion.total[:-1, :-1])[0] < COLLINEAR
        if lost or not np.isfinite(criterion(start)[0]):
            return failed
        best = minimise(criterion, start, hessian=self.hessian)
        best = settle_at_zero(criterion, best, criterion.diagonal)
        L = criterion.factor(best.point)
        at = criterion.profile(L)
        if at is None or not best.converged:
            return failed
        found = in_units(replace(self.problem, criterion=criterion), L, at)
        return np.array([found.value(parameter) for parameter in self.parameters])


def mixed_bootstrap(
    moments: Moments,
    problem: MixedProblem,
    theta: Float,
    parameters: tuple[MixedParameter, ...],
    *,
    kind: str,
    draws: int,
    seed: int,
    executor: Executor | None,
    progress: Progress | None,
) -> MixedBootstrap:
    """Draw samples and fit each; see `MixedModelResult.bootstrap`."""
    if kind not in KINDS:
        raise ModelError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}.")
    refuse_not_whole(1, draws=draws)
    refuse_not_whole(0, seed=seed)
    problem = replace(problem, sample=None)
    L = problem.criterion.factor(theta)
    at = problem.criterion.profile(L)
    if at is None:
        raise ModelError("The likelihood has no value at its maximum.")
    draw: Draw = (
        OutcomeDraw.of(moments, problem, L, at)
        if kind == "parametric"
        else PersonDraw(
            criterion_of_fit=problem.criterion,
            fixed=moments.reduction.project(problem.right, problem.right),
            counts=moments.counts.copy(),
        )
    )
    refit = _Refit(
        draw=draw,
        problem=problem,
        theta=theta,
        hessian=minimise(problem.criterion, theta).hessian,
        parameters=parameters,
    )
    own = in_units(problem, L, at)
    seeds = np.random.SeedSequence(seed).spawn(draws)
    found = np.array(run_each(refit.estimates, seeds, executor=executor, progress=progress))
    failed = np.isnan(found).all(axis=1)
    return MixedBootstrap(
        kind=kind,
        parameters=parameters,
        estimates=np.array([own.value(parameter) for parameter in parameters]),
        draws=found[~failed],
        n_failed=int(failed.sum()),
        seed=seed,
    )
