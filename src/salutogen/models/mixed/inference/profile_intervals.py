"""Profile-likelihood intervals of a mixed model: each parameter held, the rest refitted."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.mixed.inference.held_parameters import (
    Family,
    FixedFamily,
    ResidualFamily,
    correlation_family,
    sd_family,
)
from salutogen.models.mixed.likelihood.parameters import MixedParameter, UnitEstimates, in_units
from salutogen.models.mixed.likelihood.problem import MixedProblem
from salutogen.models.mixed.likelihood.zero_variances import no_worse, off_zero, settle_at_zero
from salutogen.models.optimise import minimise
from salutogen.models.parallel.executors import Progress, run_each

Float = NDArray[np.float64]

EXACT = 1e-6  # of a limit, relative to its distance from the estimate
AT_BOUND = 1e-6  # distance from the end of the range that counts as being there
FLAT = 1e-3  # slope of the other parameters at a fit on the edge
TRIES = 60  # steps outwards in search of a limit


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One end of an interval, and whether every fit on the way to it converged."""

    value: float
    settled: bool


@dataclass(frozen=True, kw_only=True)
class Profiler:
    """The maximum of the likelihood, around which parameters are held.

    Attributes
    ----------
    problem : MixedProblem
        With a criterion of maximum likelihood.
    theta : array (m,)
        Free entries of the relative factor at the maximum.
    value : float
        −2 log-likelihood there.
    estimates : UnitEstimates
        Estimates there, in the user's units.
    """

    problem: MixedProblem
    theta: Float
    value: float
    estimates: UnitEstimates

    @classmethod
    def around(cls, problem: MixedProblem, theta: Float) -> Profiler:
        """Maximise the likelihood from a fit by either criterion."""
        criterion = replace(problem.criterion, reml=False)
        best = minimise(criterion, off_zero(theta, criterion.diagonal))
        best = settle_at_zero(criterion, best, criterion.diagonal)
        L = criterion.factor(best.point)
        at = criterion.profile(L)
        if at is None:
            raise ModelError("The likelihood has no value at its maximum.")
        return cls(
            problem=replace(problem, criterion=criterion, sample=None),
            theta=best.point,
            value=at.value,
            estimates=in_units(replace(problem, criterion=criterion), L, at),
        )

    def estimate(self, parameter: MixedParameter) -> float:
        """Return the parameter at the maximum."""
        return self.estimates.value(parameter)

    def family(self, parameter: MixedParameter) -> Family:
        """Return the fits in which the parameter is held."""
        criterion, problem = self.problem.criterion, self.problem
        if parameter.effect == "fixed":
            (j,) = parameter.places
            return FixedFamily(
                criterion=criterion,
                theta=self.theta,
                row=problem.scale * problem.fixed_map[j],
                shift=float(problem.shift[j]),
            )
        if not parameter.places:
            return ResidualFamily(criterion=criterion, theta=self.theta, unit=problem.scale)
        rows = problem.random_map[list(parameter.places)]
        if len(rows) == 1:
            variance = self.estimates.residual_variance / problem.scale**2
            return sd_family(criterion, self.theta, rows[0], scale=problem.scale, variance=variance)
        return correlation_family(criterion, self.theta, rows)

    def limit(self, asked: tuple[MixedParameter, int, float]) -> Limit:
        """Find where the likelihood has fallen enough on one side (-1 or 1) of the maximum.

        The last of `asked` is the fall: the square of the normal quantile, in units of −2
        log-likelihood.
        """
        parameter, side, fall = asked
        estimate = self.estimate(parameter)
        bound = _bound(parameter, side)
        if not np.isfinite(estimate):
            return Limit(value=float("nan"), settled=True)
        if abs(estimate - bound) < AT_BOUND:
            return Limit(value=bound, settled=True)
        path = _Path(self.family(parameter), estimate, self.value)
        root = float(np.sqrt(fall))
        near, far = estimate, estimate + side * self._first_step(parameter, estimate) * root
        for _ in range(TRIES):
            far = min(far, bound) if side > 0 else max(far, bound)
            height = path.height(far)
            if height >= root:
                break
            if far == bound:
                return Limit(value=bound, settled=path.settled)
            near = far
            far = estimate + (far - estimate) * min(max(1.05 * root / max(height, 1e-3), 1.1), 10)
        else:
            return Limit(value=side * float("inf"), settled=path.settled)
        from scipy.optimize import brentq

        found = brentq(
            lambda held: path.height(held) - root,
            near,
            far,
            xtol=EXACT * abs(far - estimate),
            rtol=1e-12,
        )
        return Limit(value=float(found), settled=path.settled)

    def _first_step(self, parameter: MixedParameter, estimate: float) -> float:
        """About one standard error."""
        criterion = self.problem.criterion
        if parameter.effect == "fixed":
            return float(np.sqrt(self.estimates.covariance[parameter.places * 2]))
        if not parameter.places:
            return estimate / float(np.sqrt(2 * criterion.df))
        persons = criterion.n_persons
        if len(parameter.places) == 2:
            return max(1 - estimate**2, 0.1) / float(np.sqrt(persons))
        residual = np.sqrt(self.estimates.residual_variance)
        noise = residual / self.problem.random_size[parameter.places[0]]
        return max(estimate, float(noise)) / float(np.sqrt(2 * persons))


class _Path:
    """Heights of the likelihood along one family, each fit started from the last ones."""

    def __init__(self, family: Family, estimate: float, lowest: float) -> None:
        self.family, self.lowest = family, lowest
        self.last = self.before = (estimate, family.start())
        self.known: dict[float, float] = {estimate: 0.0}
        self.settled = True
        self.hessian: Float | None = None

    def height(self, held: float) -> float:
        """Root of the rise of −2 log-likelihood over its minimum, at a held value."""
        if held not in self.known:
            function = self.family.at(held)
            found = minimise(function, self._guess(held), hessian=self.hessian)
            self.hessian = found.hessian
            first, second = self.family.edges
            if first != second and found.point[first] * found.point[second] < 0:
                found = replace(found, value=float("inf"))
                for edge in (first, second):
                    found = no_worse(function, found, edge, 0.0)
                free = np.abs(found.gradient[found.point != 0])
                found = replace(found, converged=bool(np.all(free < FLAT)))
            self.settled = self.settled and found.converged
            self.before, self.last = self.last, (held, found.point)
            self.known[held] = float(np.sqrt(max(0.0, found.value - self.lowest)))
        return self.known[held]

    def _guess(self, held: float) -> Float:
        """Extrapolate the last two solutions."""
        (c0, x0), (c1, x1) = self.before, self.last
        if c0 == c1:
            return x1
        share = np.clip((held - c1) / (c1 - c0), -2, 2)
        return np.asarray(x1 + share * (x1 - x0))


def _bound(parameter: MixedParameter, side: int) -> float:
    """The end of a parameter's range on one side."""
    if parameter.effect == "fixed":
        return side * float("inf")
    if len(parameter.places) == 2:
        return float(side)
    return 0.0 if side < 0 else float("inf")


def profile_intervals(
    problem: MixedProblem,
    theta: Float,
    parameters: Sequence[MixedParameter],
    level: float,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """Return profile-likelihood limits; see `MixedModelResult.profile_intervals`."""
    from scipy.special import chdtri

    if not 0 < level < 1:
        raise ModelError(f"level: expected a number between 0 and 1, got {level}.")
    profiler = Profiler.around(problem, theta)
    fall = float(chdtri(1, 1 - level))
    asked = [(parameter, side, fall) for parameter in parameters for side in (-1, 1)]
    limits = run_each(profiler.limit, asked, executor=executor, progress=progress)
    low, high = limits[::2], limits[1::2]
    unsettled = [
        parameter.term
        for parameter, *pair in zip(parameters, low, high, strict=True)
        if not all(limit.settled for limit in pair)
    ]
    if unsettled:
        warnings.warn(
            f"Profile intervals of {', '.join(unsettled)}: a fit on the way did not converge.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return pl.DataFrame(
        {
            "term": [parameter.term for parameter in parameters],
            "effect": [parameter.effect for parameter in parameters],
            "group": pl.Series([parameter.group for parameter in parameters], dtype=pl.String),
            "estimate": [profiler.estimate(parameter) for parameter in parameters],
            "conf_low": [limit.value for limit in low],
            "conf_high": [limit.value for limit in high],
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
