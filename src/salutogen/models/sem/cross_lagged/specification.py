"""The paths of a cross-lagged panel model, and what its parameters are called.

Each observed value is a mean of the occasion, the person's lasting level (with random intercepts),
a deviation of this occasion, and perhaps error of measurement. Deviations depend on those before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.cross_lagged.starts import Starts
from salutogen.models.sem.structure import Entry

Float = NDArray[np.float64]

KINDS = ("lags", "residuals", "levels", "means", "covariates")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a model holds equal, and what it is made of; see `CrossLaggedPanel`."""

    outcomes: tuple[str, ...]
    occasions: tuple[str, ...]
    lag: int
    random_intercepts: bool
    free_lags: bool
    free_residuals: bool
    free_means: bool
    covariates: tuple[str, ...]
    time_varying: tuple[str, ...]
    equal_groups: tuple[str, ...] = ()


@dataclass
class Draft:
    """Entries of one group's model, with the units of its parameters.

    Attributes
    ----------
    plan : Plan
    group : str
        Label; empty where there is one group.
    scale, centre : dict
        By variable: what its values were divided by, after the centre was taken away.
    entries : list of Entry
    units : dict
        Factor and shift that make a parameter's estimate one of the user's units.
    """

    plan: Plan
    group: str
    scale: dict[str, float]
    centre: dict[str, float]
    entries: list[Entry] = field(default_factory=list)
    units: dict[str, tuple[float, float]] = field(default_factory=dict)

    def name(self, stem: str, kind: str, occasion: str = "") -> str:
        """Return a parameter's name: with its occasion and its group, where it has these."""
        named = f"{stem}@{occasion}" if occasion else stem
        own = self.group and kind not in self.plan.equal_groups
        return f"{named} [{self.group}]" if own else named

    def path(self, to: str, source: str, name: str, start: float, of: tuple[str, str]) -> None:
        """Add a free path between variables that are measured as `of` (to, source) are."""
        self.entries.append(Entry("path", to, source, name, start))
        self.units[name] = (self.scale[of[0]] / self.scale[of[1]], 0.0)

    def covary(self, one: str, two: str, name: str, start: float, of: tuple[str, str]) -> None:
        """Add a free variance or covariance."""
        self.entries.append(Entry("covariance", one, two, name, start))
        self.units[name] = (self.scale[of[0]] * self.scale[of[1]], 0.0)

    def mean(self, variable: str, name: str, start: float, of: str) -> None:
        """Add a free mean."""
        self.entries.append(Entry("mean", variable, "", name, start))
        self.units[name] = (self.scale[of], self.centre[of])

    def one(self, to: str, source: str) -> None:
        """Let a variable be part of another."""
        self.entries.append(Entry("path", to, source, value=1.0))


def seen(name: str, occasion: str) -> str:
    """Return what a repeated variable at an occasion is called."""
    return f"{name}@{occasion}"


def within(name: str, occasion: str) -> str:
    """Return what an outcome's deviation at an occasion is called."""
    return f"within {name}@{occasion}"


def level(name: str) -> str:
    """Return what a person's level is called."""
    return f"level {name}"


def observed_variables(plan: Plan) -> list[tuple[str, str, int]]:
    """Return the observed variables: name, column, and occasion (−1 for a constant one)."""
    found = [
        (seen(name, occasion), name, t)
        for t, occasion in enumerate(plan.occasions)
        for name in (*plan.outcomes, *plan.time_varying)
    ]
    return found + [(name, name, -1) for name in plan.covariates]


def latent_variables(plan: Plan) -> list[str]:
    """Return the variables that nobody observes."""
    found = [within(name, occasion) for occasion in plan.occasions for name in plan.outcomes]
    return found + [level(name) for name in plan.outcomes if plan.random_intercepts]


def write_entries(draft: Draft, starts: Starts, error: dict[str, Float]) -> None:
    """Write all entries of one group's model.

    Parameters
    ----------
    draft : Draft
    starts : Starts
        Where the search begins.
    error : dict of array (n_occasions,)
        Known variances of errors of measurement, in scaled units.
    """
    later = range(draft.plan.lag, len(draft.plan.occasions))
    for t in later:
        _write_lags(draft, t)
    _write_effects(draft)
    if draft.plan.random_intercepts:
        _write_levels(draft, starts)
    _write_start(draft, starts)
    for t in later:
        _write_residuals(draft, starts, t)
    _write_observed(draft, starts, error)
    _write_covariates(draft, starts)


def _write_observed(draft: Draft, starts: Starts, error: dict[str, Float]) -> None:
    """Means, and what an observed value is the sum of."""
    plan = draft.plan
    for t, occasion in enumerate(plan.occasions):
        at = occasion if plan.free_means else ""
        for name in plan.outcomes:
            here = seen(name, occasion)
            draft.mean(here, draft.name(f"mean({name})", "means", at), starts.mean[here], name)
            draft.one(here, within(name, occasion))
            if plan.random_intercepts:
                draft.one(here, level(name))
            if name in error:
                draft.entries.append(Entry("covariance", here, here, value=float(error[name][t])))


def _write_levels(draft: Draft, starts: Starts) -> None:
    plan = draft.plan
    for i, name in enumerate(plan.outcomes):
        stem = draft.name(f"var({name})", "levels")
        draft.covary(level(name), level(name), stem, starts.level[i, i], (name, name))
    for (i, one), (j, two) in combinations(enumerate(plan.outcomes), 2):
        stem = draft.name(f"cov({one},{two})", "levels")
        draft.covary(level(one), level(two), stem, starts.level[i, j], (one, two))


def _write_start(draft: Draft, starts: Starts) -> None:
    """Deviations of the first occasions, which depend on none before, covary freely."""
    plan = draft.plan
    first = [(name, t) for t in range(plan.lag) for name in plan.outcomes]
    for (one, s), (two, t) in _pairs(first):
        a, b = plan.occasions[s], plan.occasions[t]
        i, j = plan.outcomes.index(one), plan.outcomes.index(two)
        if one == two and s == t:
            stem = draft.name(f"resid({one})", "residuals", a)
        elif s == t:
            stem = draft.name(f"resid({one},{two})", "residuals", a)
        else:
            stem = draft.name(f"resid({one}@{a},{two}@{b})", "residuals")
        start = starts.deviation[t][i, j] * (1.0 if s == t else 0.0)
        draft.covary(within(one, a), within(two, b), stem, start, (one, two))


def _pairs[Item](items: list[Item]) -> Iterator[tuple[Item, Item]]:
    """Each item with itself, then each with each other."""
    yield from zip(items, items, strict=True)
    yield from combinations(items, 2)


def _write_lags(draft: Draft, t: int) -> None:
    plan = draft.plan
    occasion = plan.occasions[t]
    at = occasion if plan.free_lags else ""
    for back in range(1, plan.lag + 1):
        which = f"[lag {back}]" if back > 1 else ""
        for to in plan.outcomes:
            for source in plan.outcomes:
                draft.path(
                    within(to, occasion),
                    within(source, plan.occasions[t - back]),
                    draft.name(f"{to}<-{source}{which}", "lags", at),
                    Starts.carried if to == source and back == 1 else 0.0,
                    (to, source),
                )


def _write_residuals(draft: Draft, starts: Starts, t: int) -> None:
    plan = draft.plan
    occasion = plan.occasions[t]
    at = occasion if plan.free_residuals else ""
    for (i, one), (j, two) in _pairs(list(enumerate(plan.outcomes))):
        stem = f"resid({one})" if one == two else f"resid({one},{two})"
        draft.covary(
            within(one, occasion),
            within(two, occasion),
            draft.name(stem, "residuals", at),
            starts.deviation[t][i, j] * (1 - Starts.carried**2),
            (one, two),
        )


def _write_covariates(draft: Draft, starts: Starts) -> None:
    """Means and all covariances of what is not explained."""
    plan = draft.plan
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


def _write_effects(draft: Draft) -> None:
    """Effects of covariates."""
    plan = draft.plan
    for to in plan.outcomes:
        for name in plan.covariates:
            _write_constant_effect(draft, to, name)
        for name in plan.time_varying:
            for occasion in plan.occasions:
                stem = f"{to}<-{name}"
                named = draft.name(stem, "covariates", occasion if plan.free_lags else "")
                draft.path(seen(to, occasion), seen(name, occasion), named, 0.0, (to, name))


def _write_constant_effect(draft: Draft, to: str, name: str) -> None:
    """A covariate that does not change acts on the level, or where there is none on each value."""
    plan = draft.plan
    if plan.random_intercepts:
        draft.path(level(to), name, draft.name(f"{to}<-{name}", "covariates"), 0.0, (to, name))
        return
    for occasion in plan.occasions:
        at = occasion if plan.free_lags else ""
        stem = draft.name(f"{to}<-{name}", "covariates", at)
        draft.path(seen(to, occasion), name, stem, 0.0, (to, name))
