"""Both steps of a multilevel vector autoregression, each outcome by a mixed model."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.formula.mixed_formula import INTERCEPT
from salutogen.models.mixed.model import fit_moments
from salutogen.models.mixed.prediction import sum_of
from salutogen.models.mixed.result import MixedModelResult
from salutogen.models.networks.edges import edges_of
from salutogen.models.networks.nodewise import NodewiseNetwork, nodewise_network
from salutogen.models.networks.person_moments import PersonMoments, weights_of
from salutogen.models.networks.prompts import PromptPairs

Float = NDArray[np.float64]
Int = NDArray[np.int64]
RandomEffects = Literal["orthogonal", "correlated"]
Starts = tuple[tuple[Float, ...], tuple[Float, ...]]


NOTHING = 1e-10  # of the residual variance
ROUGHLY = 1e-6  # of −2 log-likelihood: where searches for samples of persons end


@dataclass(frozen=True, kw_only=True)
class TwoSteps:
    """What both steps gave.

    Attributes
    ----------
    first : tuple of MixedModelResult
        Of each variable, on all variables before and on the persons' means of the others.
    second : tuple of MixedModelResult
        Of each variable's residual, on the residuals of the others.
    temporal, temporal_errors : array (k, k)
        Row: outcome.
    contemporaneous, between : NodewiseNetwork
    """

    first: tuple[MixedModelResult, ...]
    second: tuple[MixedModelResult, ...]
    temporal: Float
    temporal_errors: Float
    contemporaneous: NodewiseNetwork
    between: NodewiseNetwork

    @cached_property
    def df(self) -> Float:
        """Degrees of freedom of all edges: temporal, contemporaneous, between.

        Of an edge without direction the fewer of both regressions'.
        """
        names = [result.outcome for result in self.second]
        temporal = _df(self.first, [[_lag(name) for name in names]] * len(names))
        others = [[other for other in names if other != name] for name in names]
        together = _fewer(_df(self.second, others))
        between = np.full(len(together), np.nan)
        if np.isfinite(self.between.partial).all():
            means = [[_mean(other) for other in of] for of in others]
            between = _fewer(_df(self.first, means))
        return np.concatenate([temporal.ravel(), together, between])

    @property
    def starts(self) -> Starts:
        """Relative factors of both steps, from which the same of other persons is searched."""
        first, second = (
            tuple(result.relative_factor for result in step) for step in (self.first, self.second)
        )
        return first, second


def moments_of(pairs: PromptPairs) -> PersonMoments:
    """Cross-products by person of all variables, those before, and persons' means."""
    columns = {
        **{
            _lag(name): column for name, column in zip(pairs.variables, pairs.lagged.T, strict=True)
        },
        **{
            _mean(name): column for name, column in zip(pairs.variables, pairs.means.T, strict=True)
        },
        **dict(zip(pairs.variables, pairs.current.T, strict=True)),
    }
    return PersonMoments.of(columns, pl.Series("person", pairs.code))


def two_steps(
    names: Sequence[str],
    moments: PersonMoments,
    random_effects: RandomEffects,
    *,
    near: Starts | None = None,
) -> TwoSteps:
    """Fit all regressions by maximum likelihood.

    Parameters
    ----------
    names : sequence of str
        The k variables.
    moments : PersonMoments
        As from `moments_of`.
    near : tuple, optional
        `TwoSteps.starts` of persons much like these, from which searches start.
    """
    k, lags = len(names), tuple(_lag(name) for name in names)
    random, first = (INTERCEPT, *lags), []
    for j, name in enumerate(names):
        others = [_mean(other) for other in names if other != name]
        terms = (*lags, *others)
        start = None if near is None else near[0][j]
        first.append(_fit(moments, terms, name, (INTERCEPT, *terms), random, random_effects, start))
    residuals = _residual_moments(names, moments, first)
    second = []
    for j, name in enumerate(names):
        others = [other for other in names if other != name]
        start = None if near is None else near[1][j]
        second.append(_fit(residuals, others, name, others, others, random_effects, start))
    temporal, errors = _table(first, [lags] * k)
    others_of = [[other for other in names if other != name] for name in names]
    means_of = [[_mean(other) for other in others] for others in others_of]
    left = np.array([result.residual_variance for result in second])
    levels = np.array([_level(result) for result in first])
    return TwoSteps(
        first=tuple(first),
        second=tuple(second),
        temporal=temporal,
        temporal_errors=errors,
        contemporaneous=_network(second, others_of, left),
        between=_network(first, means_of, levels),
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


def _residual_moments(
    names: Sequence[str], moments: PersonMoments, first: Sequence[MixedModelResult]
) -> PersonMoments:
    """Cross-products of what is left of each variable beside the person's own line."""
    weights = []
    for name, result in zip(names, first, strict=True):
        own = np.repeat(result.coefficients[None, :], len(result.modes), axis=0)
        for place, term in enumerate(result.random_terms):
            own[:, result.terms.index(term)] += result.modes[:, place]
        weights.append(weights_of(moments.columns, name, result.terms, own))
    return moments.combined(names, np.stack(weights, axis=2))


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
    moments: PersonMoments,
    predictors: Sequence[str],
    outcome: str,
    fixed: Sequence[str],
    random: Sequence[str],
    random_effects: RandomEffects,
    start: Float | None,
) -> MixedModelResult:
    """Fit an outcome on others by person."""
    blocks = (
        (tuple(random),) if random_effects == "correlated" else tuple((term,) for term in random)
    )
    own = moments.moments(predictors, outcome, fixed, blocks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the whole model tells it once
        return fit_moments(
            own,
            own.fixed,
            blocks,
            formula=own.outcome,
            reml=False,
            start=start,
            settled=None if start is None else ROUGHLY,
        )


def _expected(result: MixedModelResult, columns: dict[str, Float], code: Int) -> Float:
    """Expected outcome of each row, with the person's own effects."""
    given = {INTERCEPT: np.ones(len(code)), **columns}
    X, Z = (
        np.column_stack([given[term] for term in terms])
        for terms in (result.terms, result.random_terms)
    )
    return sum_of(X, result.coefficients[None, :]) + sum_of(Z, result.modes[code])


def _table(
    results: Sequence[MixedModelResult], terms: Sequence[Sequence[str]]
) -> tuple[Float, Float]:
    """Coefficients and errors (k, m) of some terms of each outcome."""
    found = np.array(
        [
            [
                (
                    result.fixed_effects[name],
                    result.standard_errors[name],
                )
                for name in names
            ]
            for result, names in zip(results, terms, strict=True)
        ]
    )
    return found[..., 0], found[..., 1]


def _df(results: Sequence[MixedModelResult], terms: Sequence[Sequence[str]]) -> Float:
    """Degrees of freedom (k, m) of some terms of each outcome."""
    return np.array(
        [
            [
                result.inference.df(np.eye(len(result.terms))[result.terms.index(name)])
                for name in names
            ]
            for result, names in zip(results, terms, strict=True)
        ]
    )


def _fewer(df: Float) -> Float:
    """Of each edge the fewer degrees of freedom of both sides, from those (k, k − 1) of others."""
    k = len(df)
    square = np.full((k, k), np.inf)
    square[~np.eye(k, dtype=bool)] = df.ravel()
    return edges_of(np.minimum(square, square.T))


def _network(
    results: Sequence[MixedModelResult],
    terms: Sequence[Sequence[str]],
    variances: Float,
) -> NodewiseNetwork:
    """Join the regressions of each variable on all others into a network."""
    k = len(results)
    square = [np.zeros((k, k)), np.zeros((k, k))]
    off = ~np.eye(k, dtype=bool)
    for whole, part in zip(square, _table(results, terms), strict=True):
        whole[off] = part.ravel()
    return nodewise_network(square[0], square[1], variances)
