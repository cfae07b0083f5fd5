"""The paths of a cross-lagged panel model, and what its parameters are called.

Each observed value is a mean of the occasion, the person's lasting level (with random intercepts),
a deviation of this occasion, and perhaps error of measurement. Deviations depend on those before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.cross_lagged.plan import (
    Plan,
    effect,
    lag_effects,
    level,
    mean,
    observed_variables,
    resid,
    seen,
    within,
)
from salutogen.models.sem.cross_lagged.starts import Starts
from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.structure import Entry

Float = NDArray[np.float64]


def write_entries(draft: Draft, plan: Plan, starts: Starts, error: dict[str, Float]) -> None:
    """Write all entries of one group's model.

    Parameters
    ----------
    draft : Draft
    plan : Plan
    starts : Starts
        Where the search begins.
    error : dict of array (n_occasions,)
        Known variances of errors of measurement, in scaled units.
    """
    later = range(plan.lag, len(plan.occasions))
    for t in later:
        _write_lags(draft, plan, t)
    _write_effects(draft, plan)
    if plan.random_intercepts:
        _write_levels(draft, plan, starts)
    _write_start(draft, plan, starts)
    for t in later:
        _write_residuals(draft, plan, starts, t)
    _write_observed(draft, plan, starts, error)
    _write_covariates(draft, plan, starts)


def _write_observed(draft: Draft, plan: Plan, starts: Starts, error: dict[str, Float]) -> None:
    """Means, and what an observed value is the sum of."""
    for t, occasion in enumerate(plan.occasions):
        for name in plan.outcomes:
            here, stem = seen(name, occasion), mean(name)
            at = occasion if plan.is_free("means", stem) else ""
            draft.mean(here, draft.name(stem, "means", at), starts.mean[here], name)
            draft.one(here, within(name, occasion))
            if plan.random_intercepts:
                draft.one(here, level(name))
            if name in error:
                draft.entries.append(Entry("covariance", here, here, value=float(error[name][t])))


def _write_levels(draft: Draft, plan: Plan, starts: Starts) -> None:
    for i, name in enumerate(plan.outcomes):
        stem = draft.name(f"var({name})", "levels")
        draft.covary(level(name), level(name), stem, starts.level[i, i], (name, name))
    for (i, one), (j, two) in combinations(enumerate(plan.outcomes), 2):
        stem = draft.name(f"cov({one},{two})", "levels")
        draft.covary(level(one), level(two), stem, starts.level[i, j], (one, two))


def _write_start(draft: Draft, plan: Plan, starts: Starts) -> None:
    """Deviations of the first occasions, which depend on none before, covary freely."""
    first = [(name, t) for t in range(plan.lag) for name in plan.outcomes]
    for (one, s), (two, t) in _pairs(first):
        a, b = plan.occasions[s], plan.occasions[t]
        i, j = plan.outcomes.index(one), plan.outcomes.index(two)
        if s == t:
            stem = draft.name(resid(one, two), "residuals", a)
        else:
            stem = draft.name(f"resid({one}@{a},{two}@{b})", "residuals")
        start = starts.deviation[t][i, j] * (1.0 if s == t else 0.0)
        draft.covary(within(one, a), within(two, b), stem, start, (one, two))


def _pairs[Item](items: list[Item]) -> Iterator[tuple[Item, Item]]:
    """Each item with itself, then each with each other."""
    yield from zip(items, items, strict=True)
    yield from combinations(items, 2)


def _write_lags(draft: Draft, plan: Plan, t: int) -> None:
    occasion = plan.occasions[t]
    for to, source, back, stem in lag_effects(plan):
        draft.path(
            within(to, occasion),
            within(source, plan.occasions[t - back]),
            draft.name(stem, "lags", occasion if plan.is_free("lags", stem) else ""),
            Starts.carried if to == source and back == 1 else 0.0,
            (to, source),
        )


def _write_residuals(draft: Draft, plan: Plan, starts: Starts, t: int) -> None:
    occasion = plan.occasions[t]
    for (i, one), (j, two) in _pairs(list(enumerate(plan.outcomes))):
        stem = resid(one, two)
        draft.covary(
            within(one, occasion),
            within(two, occasion),
            draft.name(stem, "residuals", occasion if plan.is_free("residuals", stem) else ""),
            starts.deviation[t][i, j] * (1 - Starts.carried**2),
            (one, two),
        )


def _write_covariates(draft: Draft, plan: Plan, starts: Starts) -> None:
    """Means and all covariances of what is not explained."""
    kind = "covariate moments"
    outer = _covariates_of(plan)
    for here, name, _ in outer:
        draft.mean(here, draft.name(f"mean({here})", kind), starts.mean[here], name)
    for (one, a, _), (two, b, _) in _pairs(outer):
        stem = f"var({one})" if one == two else f"cov({one},{two})"
        draft.covary(one, two, draft.name(stem, kind), starts.covariance(one, two), (a, b))
    for here, name, t in outer:
        if t >= 0 and plan.random_intercepts:
            # Who has more of it altogether may also have another level.
            for to in plan.outcomes:
                stem = draft.name(f"cov({to},{here})", kind)
                draft.covary(level(to), here, stem, 0.0, (to, name))


def _covariates_of(plan: Plan) -> list[tuple[str, str, int]]:
    """Observed variables that are not explained."""
    return [found for found in observed_variables(plan) if found[1] not in plan.outcomes]


def _write_effects(draft: Draft, plan: Plan) -> None:
    """Effects of covariates."""
    for to in plan.outcomes:
        for name in plan.covariates:
            _write_constant_effect(draft, plan, to, name)
        for name in plan.time_varying:
            for occasion in plan.occasions:
                named = _named_effect(draft, plan, to, name, occasion)
                draft.path(seen(to, occasion), seen(name, occasion), named, 0.0, (to, name))


def _write_constant_effect(draft: Draft, plan: Plan, to: str, name: str) -> None:
    """A covariate that does not change acts on the level, or where there is none on each value."""
    if plan.random_intercepts:
        draft.path(level(to), name, draft.name(effect(to, name), "covariates"), 0.0, (to, name))
        return
    for occasion in plan.occasions:
        named = _named_effect(draft, plan, to, name, occasion)
        draft.path(seen(to, occasion), name, named, 0.0, (to, name))


def _named_effect(draft: Draft, plan: Plan, to: str, name: str, occasion: str) -> str:
    """Name a covariate's effect at an occasion; it is equal over occasions as lags are."""
    stem = effect(to, name)
    return draft.name(stem, "covariates", occasion if plan.is_free("lags", stem) else "")
