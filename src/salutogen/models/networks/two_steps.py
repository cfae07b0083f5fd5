"""Both steps of a multilevel vector autoregression, each outcome by a mixed model."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.formula.mixed_formula import INTERCEPT
from salutogen.models.mixed.model import fit_moments
from salutogen.models.mixed.prediction import sum_of
from salutogen.models.mixed.result import MixedModelResult
from salutogen.models.moments.moments import Moments
from salutogen.models.networks.nodewise import NodewiseNetwork, nodewise_network
from salutogen.models.networks.prompts import PromptPairs

Float = NDArray[np.float64]
Int = NDArray[np.int64]
RandomEffects = Literal["orthogonal", "correlated"]


NOTHING = 1e-10  # of the residual variance


@dataclass(frozen=True, kw_only=True)
class TwoSteps:
    """What both steps gave.

    Attributes
    ----------
    first : tuple of MixedModelResult
        Of each variable, on all variables before and on the persons' means of the others.
    second : tuple of MixedModelResult
        Of each variable's residual, on the residuals of the others.
    temporal, temporal_errors, temporal_df : array (k, k)
        Row: outcome.
    contemporaneous, between : NodewiseNetwork
    """

    first: tuple[MixedModelResult, ...]
    second: tuple[MixedModelResult, ...]
    temporal: Float
    temporal_errors: Float
    temporal_df: Float
    contemporaneous: NodewiseNetwork
    between: NodewiseNetwork


def two_steps(pairs: PromptPairs, random_effects: RandomEffects, *, with_df: bool) -> TwoSteps:
    """Fit all regressions by maximum likelihood.

    Parameters
    ----------
    with_df : bool
        Whether degrees of freedom are wanted; infinite otherwise.
    """
    names, k = pairs.variables, len(pairs.variables)
    persons = pl.Series("person", pairs.code)
    lags = tuple(_lag(name) for name in names)
    first = []
    for j in range(k):
        columns = _columns_of_first(pairs, j)
        fixed = (INTERCEPT, *tuple(columns)[:-1])
        first.append(_fit(columns, persons, fixed, (INTERCEPT, *lags), random_effects))
    residuals = dict(zip(names, first_residuals(pairs, first), strict=True))
    second = []
    for name in names:
        others = tuple(other for other in names if other != name)
        columns = {other: residuals[other] for other in (*others, name)}
        second.append(_fit(columns, persons, others, others, random_effects))
    temporal, errors, df = _table(first, [lags] * k, with_df=with_df)
    others_of = [[other for other in names if other != name] for name in names]
    means_of = [[_mean(other) for other in others] for others in others_of]
    left = np.array([result.residual_variance for result in second])
    levels = np.array([_level(result) for result in first])
    return TwoSteps(
        first=tuple(first),
        second=tuple(second),
        temporal=temporal,
        temporal_errors=errors,
        temporal_df=df,
        contemporaneous=_network(second, others_of, left, with_df=with_df),
        between=_network(first, means_of, levels, with_df=with_df),
    )


def _level(result: MixedModelResult) -> float:
    """Variance of what is left of persons' means; one that the search brought to nothing is 0."""
    variance = result.random_sd[INTERCEPT] ** 2
    return 0.0 if variance < NOTHING * result.residual_variance else float(variance)


def first_residuals(pairs: PromptPairs, first: Sequence[MixedModelResult]) -> list[Float]:
    """Return what is left (n,) of each variable beside what the person's own line expects."""
    return [
        pairs.current[:, j] - _expected(result, _columns_of_first(pairs, j), pairs.code)
        for j, result in enumerate(first)
    ]


def _lag(name: str) -> str:
    return f"lag of {name}"


def _mean(name: str) -> str:
    return f"mean of {name}"


def _columns_of_first(pairs: PromptPairs, j: int) -> dict[str, Float]:
    """Columns of the first step's regression of variable j, itself the last."""
    names = pairs.variables
    return {
        **{_lag(name): column for name, column in zip(names, pairs.lagged.T, strict=True)},
        **{
            _mean(name): column
            for i, (name, column) in enumerate(zip(names, pairs.means.T, strict=True))
            if i != j
        },
        names[j]: pairs.current[:, j],
    }


def _fit(
    columns: dict[str, Float],
    persons: pl.Series,
    fixed: tuple[str, ...],
    random: tuple[str, ...],
    random_effects: RandomEffects,
) -> MixedModelResult:
    """Fit the last column on the others by person."""
    blocks = (random,) if random_effects == "correlated" else tuple((term,) for term in random)
    moments = Moments.from_columns(columns, persons, fixed=fixed, random=blocks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the whole model tells it once
        return fit_moments(moments, fixed, blocks, formula=moments.outcome, reml=False)


def _expected(result: MixedModelResult, columns: dict[str, Float], code: Int) -> Float:
    """Expected outcome of each row, with the person's own effects."""
    given = {INTERCEPT: np.ones(len(code)), **columns}
    X, Z = (
        np.column_stack([given[term] for term in terms])
        for terms in (result.terms, result.random_terms)
    )
    return sum_of(X, result.coefficients[None, :]) + sum_of(Z, result.modes[code])


def _table(
    results: Sequence[MixedModelResult], terms: Sequence[Sequence[str]], *, with_df: bool
) -> tuple[Float, Float, Float]:
    """Coefficients, errors and degrees of freedom (k, m) of some terms of each outcome."""
    found = np.array(
        [
            [
                (
                    result.fixed_effects[name],
                    result.standard_errors[name],
                    _df(result, name) if with_df else np.inf,
                )
                for name in names
            ]
            for result, names in zip(results, terms, strict=True)
        ]
    )
    return found[..., 0], found[..., 1], found[..., 2]


def _df(result: MixedModelResult, term: str) -> float:
    return result.inference.df(np.eye(len(result.terms))[result.terms.index(term)])


def _network(
    results: Sequence[MixedModelResult],
    terms: Sequence[Sequence[str]],
    variances: Float,
    *,
    with_df: bool,
) -> NodewiseNetwork:
    """Join the regressions of each variable on all others into a network."""
    k = len(results)
    square = [np.zeros((k, k)), np.zeros((k, k)), np.full((k, k), np.inf)]
    off = ~np.eye(k, dtype=bool)
    for whole, part in zip(square, _table(results, terms, with_df=with_df), strict=True):
        whole[off] = part.ravel()
    return nodewise_network(square[0], square[1], square[2], variances)
