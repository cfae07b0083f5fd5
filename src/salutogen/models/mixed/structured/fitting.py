"""Fit mixed models with persons in sites, with correlated or with unequal residuals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.mixed_formula import parse_formula
from salutogen.models.mixed.likelihood.zero_variances import (
    SINGULAR,
    SINGULAR_TEXT,
    lower_factor,
    no_worse,
    off_zero,
    settle_at_zero,
    warn_unless_settled,
)
from salutogen.models.mixed.structured.nested_criterion import NestedCriterion
from salutogen.models.mixed.structured.problem import StructuredProblem, structured_problem
from salutogen.models.mixed.structured.residual_structures import Residual, structures_of
from salutogen.models.mixed.structured.result import OuterLevel, StructuredResult
from salutogen.models.mixed.structured.rows import StructuredRows, read_structured
from salutogen.models.mixed.structured.rows_criterion import RowsCriterion
from salutogen.models.moments.moments import Moments
from salutogen.models.optimise import Optimum, minimise
from salutogen.version import VERSION

Float = NDArray[np.float64]

FAINT = 0.05  # correlation at the median distance below which exactly zero is tried
ALMOST_ONE = 0.999  # the same, from which on it is called one
SOON = 15  # iterations after which a search that has not ended is looked at
FAR = 6.0  # logarithm of a ratio of standard deviations that says one of them runs to zero


def fit_structured(formula: str, residual: Residual, data: Any, *, reml: bool) -> StructuredResult:
    """Fit a model with two levels of grouping, a residual structure, or both; see `MixedModel`."""
    structures = structures_of(residual)
    if isinstance(data, Moments):
        raise ModelError(
            f"{formula}: sites and residual structures are fitted from a frame; moments hold "
            "neither the persons' sites nor the order of the rows."
        )
    rows = read_structured(parse_formula(formula, levels=2), structures, data)
    moments = rows.moments(formula)
    problem = structured_problem(rows, moments, reml=reml)
    optimum = _search(problem)
    messages = [*problem.base.messages, *_residual_messages(problem, optimum)]
    factors = optimum.point[len(optimum.point) - problem.criterion.layout.n_free :]
    warn_unless_settled(optimum, factors, messages, moments.outcome, stacklevel=3)
    return _result(formula, rows, moments, problem, optimum, messages)


def _search(problem: StructuredProblem) -> Optimum:
    """Minimise from each start; zero variances and a zero correlation are tried at the end.

    Of many persons a part is searched first.
    """
    criterion, sample = problem.criterion, problem.sample
    first = criterion if sample is None else sample
    found = [_minimised(first, start) for start in first.starts()]
    best = min(found, key=lambda optimum: optimum.value)
    if sample is not None:
        start = off_zero(criterion.near(best.point), criterion.diagonal)
        more = criterion.layout.n_obs / sample.layout.n_obs
        moved = not np.array_equal(criterion.near(best.point), best.point)
        best = _minimised(criterion, start, hessian=None if moved else best.hessian * more)
    best = settle_at_zero(criterion, best, criterion.diagonal)
    return no_worse(criterion, best, 0, -np.inf) if _faint(criterion, best.point) else best


def _minimised(
    criterion: NestedCriterion | RowsCriterion, start: Float, hessian: Float | None = None
) -> Optimum:
    """Minimise from a start; a correlation that runs to zero is not followed there step by step."""
    found = minimise(criterion, start, hessian=hessian, max_iterations=SOON)
    if found.converged:
        return found
    if _faint(criterion, found.point):
        zero = no_worse(criterion, found, 0, -np.inf)
        if zero is not found:
            return zero
    return minimise(criterion, found.point, hessian=found.hessian)


def _faint(criterion: NestedCriterion | RowsCriterion, x: Float) -> bool:
    """Whether there is a correlation of residuals that is small, and not zero."""
    if not isinstance(criterion, RowsCriterion) or not criterion.residuals.is_correlated:
        return False
    return 0 < criterion.share(x) < FAINT


def _residual_messages(problem: StructuredProblem, optimum: Optimum) -> list[str]:
    """What is doubtful about the residuals' parameters, and the path that was taken."""
    criterion, x = problem.criterion, optimum.point
    if not isinstance(criterion, RowsCriterion):
        return []
    residuals = criterion.residuals
    messages = [
        f"Residual structure: each evaluation passed over the {len(criterion.rows)} rows "
        "(path: rows)."
    ]
    share = criterion.share(x)
    if residuals.is_correlated and share == 0:
        messages.append("The correlation of residuals is estimated as zero.")
    if share > ALMOST_ONE:
        messages.append(
            f"The correlation of residuals is almost 1 ({share:.6f} at the median distance of "
            f"{residuals.unit:g}): it can hardly be told from a random intercept. Leave out one."
        )
    logs = np.log(criterion.spreads(x))
    small = [
        f"{residuals.by} = {label!r}"
        for label, value in zip(residuals.labels, logs - logs.max(), strict=True)
        if value < -FAR
    ]
    if small:
        messages.append(f"The residual variance runs to zero at {', '.join(small)}.")
    return messages


def _result(
    formula: str,
    rows: StructuredRows,
    moments: Moments,
    problem: StructuredProblem,
    optimum: Optimum,
    messages: list[str],
) -> StructuredResult:
    """Bring the solution back to the user's units."""
    base, criterion = problem.base, problem.criterion
    inner, theta, at = criterion.solved(optimum.point)
    if at is None:
        raise ModelError(f"{formula}: the likelihood has no value where its search ended.")
    L, K = criterion.layout.factors(theta)
    variance = float(at.profiled.rss / criterion.layout.df * base.scale**2)
    bread = base.fixed_map @ np.linalg.inv(at.profiled.precision) @ base.fixed_map.T
    relative, outer_relative = base.random_map @ L, problem.outer_map @ K
    sizes = np.concatenate([
        np.abs(np.diag(lower_factor(relative))) * base.random_size,
        np.abs(np.diag(lower_factor(outer_relative))) * problem.outer_size,
    ])  # fmt: skip
    singular = bool(np.min(sizes) < SINGULAR)
    if singular:
        messages.append(SINGULAR_TEXT)
    persons, sites = inner.modes(theta, at)
    modes = np.empty_like(persons)
    modes[rows.order] = base.scale * persons @ base.random_map.T
    outer = None
    if rows.sites is not None:
        outer = OuterLevel(
            labels=rows.sites,
            blocks=rows.outer_random,
            covariance=outer_relative @ outer_relative.T * variance,
            modes=base.scale * sites @ problem.outer_map.T,
            designs=rows.outer_designs,
        )
    return StructuredResult(
        formula=formula,
        reml=criterion.layout.reml,
        terms=rows.fixed,
        coefficients=base.scale * (base.fixed_map @ at.profiled.coefficients) + base.shift,
        covariance=bread * variance,
        random_blocks=rows.random,
        random_covariance=relative @ relative.T * variance,
        residual_variance=variance,
        log_likelihood=-(at.profiled.value + base.offset) / 2,
        is_singular=singular,
        converged=optimum.converged,
        n_obs=moments.n_obs,
        persons=moments.persons,
        modes=modes,
        n_parameters=len(rows.fixed) + len(optimum.point) + 1,
        iterations=tuple(step + base.offset for step in optimum.path),
        evaluations=optimum.evaluations,
        messages=tuple(messages),
        designs=moments.designs,
        outcome=moments.outcome,
        version=VERSION,
        path="rows" if isinstance(criterion, RowsCriterion) else "moments",
        outer=outer,
        pair=rows.formula if rows.formula.is_pair else None,
        residual_parameters=_parameters(criterion, optimum.point),
        scaled=problem,
        relative_factor=optimum.point,
    )


def _parameters(criterion: Any, x: Float) -> dict[str, float]:
    """Correlation at distance 1, and standard deviations relative to the first level's."""
    if not isinstance(criterion, RowsCriterion):
        return {}
    residuals, found = criterion.residuals, {}
    if residuals.is_correlated:
        found["correlation"] = float(np.exp(-criterion.decay(x) / residuals.unit))
    if residuals.by is not None:
        for label, spread in zip(residuals.labels, criterion.spreads(x).tolist(), strict=True):
            found[f"{residuals.by}={label}"] = spread
    return found
