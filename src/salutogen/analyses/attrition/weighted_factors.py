"""Factors and later SR with weights and without, in two steps and in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.attrition.observed import Observed
from salutogen.analyses.attrition.records import TwoWays, WeightedFactor, WeightedJoint, told
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import FactorsResult
from salutogen.analyses.factors.later import Later, Related
from salutogen.analyses.factors.measured import Factor
from salutogen.analyses.factors.records import FactorFound
from salutogen.errors import ModelError
from salutogen.findings import Findings, listed
from salutogen.models.dropout.weighted import Pulled, Rows, regression_over_rows
from salutogen.models.dropout.weights import DropoutWeights
from salutogen.namespaces import covariate_of
from salutogen.norm.design_matrix import INTERCEPT, line_matrix
from salutogen.page.words import without_counts

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class FactorWays:
    """A factor, what is told of it, and what shifts of the lost rest on.

    Attributes
    ----------
    two_step : Pulled
        Coefficient on SR, weighted where there are weights.
    lost : Pulled or None
        How much a shift of the lost by one point moves it; None where nobody was lost by then.
    claimed : bool
        Whether the step `factors` claims it, adjusted over its factors.
    n_lost : int
        Persons with the factor who were lost before the last occasion of later SR.
    """

    told: WeightedFactor | None
    name: str
    title: str
    two_step: Pulled
    lost: Pulled | None
    claimed: bool
    n_lost: int


def weighted_factors(
    inputs: AnalysisInputs, observed: Observed, weights: DropoutWeights | None, found: Findings
) -> tuple[FactorWays, ...]:
    """Fit the factors of every step `factors` over single occasions, with weights and without."""
    steps = {
        label: result
        for label, result in inputs.before.items()
        if isinstance(result, FactorsResult)
    }
    return tuple(
        way
        for label, result in steps.items()
        for way in _of_step(
            inputs, observed, weights, result, f" ({label})" if len(steps) > 1 else "", found
        )
    )


def _of_step(
    inputs: AnalysisInputs,
    observed: Observed,
    weights: DropoutWeights | None,
    result: FactorsResult,
    called: str,
    found: Findings,
) -> tuple[FactorWays, ...]:
    related = result.related
    if related is None:
        return ()
    X = line_matrix(inputs.norm.lines.occasion, related.later.rows, level="occasion")
    exposure = np.array(
        [
            term != INTERCEPT and covariate_of(term) is None
            for term in inputs.norm.lines.occasion.terms
        ]
    )
    rows = _LaterRows(related=related, X=X, exposure=exposure, observed=observed, weights=weights)
    before = _fitted(result, related)
    jointly = _jointly(related.factors, before, rows, found)
    made = []
    for factor, told_before in zip(related.factors, before, strict=True):
        try:
            own = replace(factor, title=f"{factor.title}{called}")
            made.append(_one(own, told_before, rows, jointly.get(factor.name)))
        except ModelError as error:
            found.tell(
                "attrition-factor-not-weighted", name=factor.name, reason=without_counts(error)
            )
    return tuple(made)


def _fitted(result: FactorsResult, related: Related) -> list[FactorFound]:
    by_name = {item.name: item for item in result.factors}
    return [by_name[factor.name] for factor in related.factors]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fits:
    """Coefficients of some factors, unweighted, and weighted where there are weights."""

    n: int
    two_step: list[Pulled]
    one_step: list[Pulled]
    weighted_two: list[Pulled]
    weighted_one: list[Pulled]


@dataclass(frozen=True, kw_only=True, eq=False)
class _LaterRows:
    """Person-occasions of later SR, terms of the line there, and the weights."""

    related: Related
    X: Float
    exposure: Bool
    observed: Observed
    weights: DropoutWeights | None

    def fit(self, factors: Sequence[Factor]) -> _Fits:
        """Fit SR, and P with exposure, on these factors and the covariates."""
        later, weights = self.related.later, self.weights
        table = later.rows
        person = table["person"].to_numpy().astype(np.int64)
        occasion = table["occasion_index"].to_numpy().astype(np.int64)
        own = np.column_stack([factor.values for factor in factors])
        more = np.column_stack([later.covariates, own])[person]
        known = np.isfinite(self.X).all(axis=1) & np.isfinite(more).all(axis=1)
        known &= occasion <= self.observed.end  # weights know of no loss after it
        if not known.any():
            raise ModelError("no later SR comes before the end.")
        X, more, person, occasion = self.X[known], more[known], person[known], occasion[known]
        SR, P = (table[name].cast(pl.Float64).to_numpy()[known] for name in ("SR", "P"))
        two = np.column_stack([X[:, ~self.exposure], more])
        one = np.column_stack([X, more])
        called = [factor.name for factor in factors]

        def fit(
            y: Float, columns: Float, use: DropoutWeights | None, *, scored: bool
        ) -> list[Pulled]:
            rows = Rows(
                person=person, occasion=occasion, n_persons=self.observed.rows.n_persons,
                weights=use, line=self.related.line if scored else None,
                through=X if scored else None,
            )  # fmt: skip
            size = columns.shape[1] - len(called)
            names = [*(f"term {number + 1}" for number in range(size)), *called]
            return list(regression_over_rows(y, columns, rows, names=names)[-len(called) :])

        plain = fit(SR, two, None, scored=True)
        if weights is None:
            return _Fits(
                n=np.unique(person).size, two_step=plain, one_step=[], weighted_two=[],
                weighted_one=[],
            )  # fmt: skip
        return _Fits(
            n=int(np.unique(person).size),
            two_step=plain,
            one_step=fit(P, one, None, scored=False),
            weighted_two=fit(SR, two, weights, scored=True),
            weighted_one=fit(P, one, weights, scored=False),
        )


def _jointly(
    factors: Sequence[Factor], before: Sequence[FactorFound], rows: _LaterRows, found: Findings
) -> dict[str, WeightedJoint]:
    """Each factor beside all others of its step; empty without weights or such a model."""
    if rows.weights is None or any(item.joint is None for item in before):
        return {}
    try:
        fits = rows.fit(factors)
    except ModelError as error:
        names = listed([factor.name for factor in factors], most=8)
        found.tell("attrition-factor-not-weighted", name=names, reason=without_counts(error))
        return {}
    made: dict[str, WeightedJoint] = {}
    for place, item in enumerate(before):
        assert item.joint is not None
        two, one = item.joint.two_step.b, item.joint.one_step.b
        made[item.name] = WeightedJoint(
            n=fits.n,
            two_step=_two_ways(two, fits.two_step[place], fits.weighted_two[place]),
            one_step=_two_ways(one, fits.one_step[place], fits.weighted_one[place]),
        )
    return made


def _one(
    factor: Factor, before: FactorFound, rows: _LaterRows, joint: WeightedJoint | None
) -> FactorWays:
    fits = rows.fit([factor])
    best, made = fits.two_step[0], None
    if rows.weights is not None:
        best = fits.weighted_two[0]
        made = WeightedFactor(
            name=factor.name,
            title=factor.title,
            n=fits.n,
            two_step=_two_ways(before.two_step.b, fits.two_step[0], best),
            one_step=_two_ways(before.one_step.b, fits.one_step[0], fits.weighted_one[0]),
            joint=joint,
        )
    shift, n_lost = _shift(factor, rows.related.later, rows.observed)
    return FactorWays(
        told=made, name=factor.name, title=factor.title, two_step=best, lost=shift,
        claimed=before.claimed, n_lost=n_lost,
    )  # fmt: skip


def _two_ways(as_found: float, plain: Pulled, weighted: Pulled) -> TwoWays:
    return TwoWays(
        as_found=as_found,
        unweighted=told(plain),
        weighted=told(weighted),
        moved=told(weighted.plus(plain, -1.0)),
    )


def _shift(factor: Factor, later: Later, observed: Observed) -> tuple[Pulled | None, int]:
    """How the coefficient moves with each point that lost persons' SR is shifted.

    That is the coefficient of the factor on the share of the later occasions at which a person
    was lost, over all persons, seen later or not.
    """
    places = [observed.labels.index(label) for label in later.labels]
    places = [place for place in places if place <= observed.end]
    since, entered = observed.lost_since, observed.entered
    share = np.mean([since <= place for place in places], axis=0)
    X = np.column_stack([later.terms[:, ~later.exposure], later.covariates, factor.values])
    known = np.isfinite(X).all(axis=1) & (entered <= places[-1])
    n_lost = int(np.count_nonzero(share[known]))
    if not 0 < n_lost < np.count_nonzero(known):
        return None, n_lost
    person = np.flatnonzero(known)
    rows = Rows(person=person, occasion=np.zeros_like(person), n_persons=known.size)
    names = [f"term {number + 1}" for number in range(X.shape[1])]
    try:
        return regression_over_rows(share[known], X[known], rows, names=names)[-1], n_lost
    except ModelError:
        return None, n_lost
