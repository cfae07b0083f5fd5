"""From the rows of a model with sites or a residual structure to a well-scaled problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import combine, triangular_inverse
from salutogen.models.mixed.inference.fixed_effects import FixedInference, inference_from
from salutogen.models.mixed.likelihood.deviance import STEP, differenced
from salutogen.models.mixed.likelihood.problem import (
    MixedProblem,
    mixed_problem,
    root_of,
    scaled_blocks,
    select_terms,
    tolerance_of,
)
from salutogen.models.mixed.structured.nested_criterion import Layout, NestedCriterion
from salutogen.models.mixed.structured.rows import StructuredRows
from salutogen.models.mixed.structured.rows_criterion import RowsCriterion
from salutogen.models.moments.moments import Moments

Float = NDArray[np.float64]

SAMPLED = 400  # persons among whom a first search is made where there are four times as many
FEWEST_SAMPLED, ROWS_SAMPLED = 100, 20_000  # fewer will do where they have many rows
SPARSEST = 16  # and where there are very many, one in so many: the search ends nearer the goal


@dataclass(frozen=True, kw_only=True)
class StructuredProblem:
    """A criterion in well-scaled columns, with the maps back to the user's units.

    Attributes
    ----------
    criterion : NestedCriterion or RowsCriterion
        From persons' moments, or from rows where residuals are not independent and alike.
    base : MixedProblem
        Maps of fixed effects, persons' random effects and outcome.
    outer_map : array (s, s)
        Sites' random effects in the user's units = outer_map @ scaled ones, times `base.scale`.
    outer_size : array (s,)
        Root mean square of each of their columns.
    sample : NestedCriterion, RowsCriterion or None
        The criterion of an evenly spaced part of the persons, where there are many: its minimum
        is a good start.
    """

    criterion: NestedCriterion | RowsCriterion
    base: MixedProblem
    outer_map: Float
    outer_size: Float
    sample: NestedCriterion | RowsCriterion | None


def structured_problem(rows: StructuredRows, moments: Moments, *, reml: bool) -> StructuredProblem:
    """Prepare a fit; raises ModelError for what no model of these rows can be."""
    base = mixed_problem(moments, rows.fixed, rows.random, reml=reml)
    root = root_of(moments.reduction.total)
    outer_left, outer_map = scaled_blocks(moments, root, rows.outer_random, tolerance_of(moments))
    terms = tuple(name for block in rows.outer_random for name in block)
    G = select_terms(moments, moments.reduction.augmented, terms)
    layout = Layout(
        starts=rows.site_starts,
        blocks=tuple(len(block) for block in rows.random),
        outer_blocks=tuple(len(block) for block in rows.outer_random),
        p=len(rows.fixed),
        n_obs=moments.n_obs,
        reml=reml,
    )
    right = np.column_stack([outer_left, base.right])
    every = _one_in(moments.n_persons, moments.n_obs)
    criterion: NestedCriterion | RowsCriterion
    sample: NestedCriterion | RowsCriterion | None
    if rows.residuals is None:
        criterion, sample = _from_moments(layout, moments, base.left, right, rows, every)
    else:
        whole = RowsCriterion(
            layout=layout,
            rows=_scaled(rows, moments, np.column_stack([base.left, right])),
            residuals=rows.residuals,
        )
        criterion, sample = whole, whole.part(every) if every else None
    return StructuredProblem(
        criterion=criterion,
        sample=sample,
        base=base,
        outer_map=outer_map,
        outer_size=np.sqrt(np.sum((root @ G) ** 2, axis=0) / moments.n_obs),
    )


def _one_in(n_persons: int, n_obs: int) -> int:
    """Among one in how many persons a first search is made; 0 where it is of no use."""
    wanted = np.clip(ROWS_SAMPLED * n_persons / n_obs, FEWEST_SAMPLED, SAMPLED)
    every = int(n_persons // wanted)
    return min(every, SPARSEST) if every >= 4 else 0


def _from_moments(
    layout: Layout, moments: Moments, left: Float, right: Float, rows: StructuredRows, every: int
) -> tuple[NestedCriterion, NestedCriterion | None]:
    """Products of persons, in the order of their sites, and of sites; the same of a part."""
    reduction = moments.reduction
    products = reduction.project(left, np.column_stack([left, right]))[rows.order]
    by_person = reduction.project(right, right)[rows.order]
    whole = _nested(layout, products, by_person)
    if not every:
        return whole, None
    persons = np.arange(0, moments.n_persons, every)
    n_obs = int(reduction.cross[rows.order[persons], 0].sum())
    return whole, _nested(layout.part(persons, n_obs), products[persons], by_person[persons])


def _nested(layout: Layout, products: Float, by_person: Float) -> NestedCriterion:
    """Add [S X y]'[S X y] of persons up by site; a site without persons has zeros."""
    rest = np.zeros((layout.n_sites, by_person.shape[1]))
    seen = np.diff(layout.starts) > 0
    rest[seen] = np.add.reduceat(by_person, layout.starts[:-1][seen], axis=0)
    return NestedCriterion(layout=layout, products=np.ascontiguousarray(products), rest=rest)


def _scaled(rows: StructuredRows, moments: Moments, combination: Float) -> Float:
    """Rows of the combinations (k + 1, m) of the moments' augmented columns."""
    reduction = moments.reduction
    columns = np.column_stack(list(rows.columns.values())) - reduction.centre
    weights = triangular_inverse(reduction.basis) @ combination[1:]
    made = [combine(columns, weights[:, j]) + combination[0, j] for j in range(weights.shape[1])]
    return np.ascontiguousarray(np.column_stack(made))


def structured_inference(
    problem: StructuredProblem, x: Float, coefficients: Float, covariance: Float
) -> FixedInference:
    """Difference the exact gradient around a fit; all parameters count, those of residuals too.

    A correlation of exactly zero is taken as known.

    Parameters
    ----------
    problem : StructuredProblem
        The problem that was solved.
    x : array (m,)
        Its parameters at the solution.
    coefficients, covariance : array (p,), (p, p)
        Fixed effects and their covariance in the user's units.
    """
    criterion = problem.criterion
    layout = criterion.layout
    inner, factors, at = criterion.solved(x)
    if at is None:
        raise ModelError("The likelihood has no value at its maximum.")
    variance = at.profiled.rss / layout.df
    moving = np.isfinite(x)
    n_residual = len(x) - len(factors)

    def beside(free: Float) -> tuple[Float, Float] | None:
        whole = x.copy()
        whole[moving] = free
        if np.array_equal(whole[:n_residual], x[:n_residual]):  # the rows are as they were
            found = inner.beside(whole[n_residual:], variance)
            known = None if found is None else np.append(np.full(n_residual, np.nan), found[0])
        else:
            found = criterion.beside(whole, variance)
            known = None if found is None else found[0]
        if found is None or known is None:
            return None
        return known[np.append(moving, True)], found[1]

    step = STEP / np.sqrt(layout.n_obs / layout.starts[-1])
    bend = differenced(beside, x[moving], float(step), df=layout.df)
    scale = float(variance * problem.base.scale**2)
    return inference_from(
        bend, at.profiled.precision, problem.base.fixed_map, scale, coefficients, covariance
    )
