"""The paths of a latent change score model, and what its parameters are called.

An observed value is a true score and error; a true score is the one before and a change; the change
is the person's constant part, a share of each outcome's true score before, and perhaps of its own
change before (McArdle 2009).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.samples import Sample

KINDS = ("changes", "constants", "errors")
HELD_BACK = 0.01  # variance of means over occasions below which they tell little of effects
ERROR = 0.3  # share of the variance that is taken for error where a search begins


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a model is made of; see `LatentChangeScores`."""

    outcomes: tuple[str, ...]
    occasions: tuple[str, ...]
    constant: bool
    effects: tuple[str, ...]


def score(name: str, occasion: str) -> str:
    """Return what a true score is called."""
    return f"true {name}@{occasion}"


def change(name: str, occasion: str) -> str:
    """Return what the change up to an occasion is called."""
    return f"change {name}@{occasion}"


def slope(name: str) -> str:
    """Return what a person's constant part of change is called."""
    return f"slope {name}"


def of_score(to: str, source: str) -> str:
    """Return what the effect of a score on the next change is called."""
    return f"change({to})<-{source}"


def of_change(to: str, source: str) -> str:
    """Return what the effect of a change on the next is called."""
    return f"change({to})<-change({source})"


def observed_variables(plan: Plan) -> list[tuple[str, str, int]]:
    """Return the observed variables: name, column, and number of the occasion."""
    return [
        (f"{name}@{occasion}", name, t)
        for t, occasion in enumerate(plan.occasions)
        for name in plan.outcomes
    ]


def latent_variables(plan: Plan) -> list[str]:
    """Return the variables that nobody observes."""
    later = plan.occasions[1:]
    found = [score(name, occasion) for occasion in plan.occasions for name in plan.outcomes]
    found += [change(name, occasion) for occasion in later for name in plan.outcomes]
    return found + ([slope(name) for name in plan.outcomes] if plan.constant else [])


def write_entries(draft: Draft, plan: Plan, sample: Sample) -> None:
    """Write all entries of one group's model."""
    constants, effects = _rough_changes(plan, sample)
    _write_changes(draft, plan, effects)
    _write_persons(draft, plan, sample, constants)
    _write_observed(draft, plan, sample)


def _rough_changes(plan: Plan, sample: Sample) -> tuple[dict[str, float], dict[str, float]]:
    """Constant parts and effects of scores that make the course of the means, roughly."""
    k = len(plan.outcomes)
    course = sample.mean.reshape(-1, k)
    constants, effects = {}, {}
    for i, to in enumerate(plan.outcomes):
        sources = [j for j, name in enumerate(plan.outcomes) if of_score(to, name) in plan.effects]
        moved, before = np.diff(course[:, i]), course[:-1, sources]
        centre, middle = before.mean(axis=0), moved.mean() if plan.constant else 0.0
        apart = before - centre if plan.constant else before
        # A little is held back, since few occasions tell little of several effects.
        held = apart.T @ apart + HELD_BACK * len(moved) * np.eye(len(sources))
        weights = np.linalg.solve(held, apart.T @ (moved - middle))
        constants[to] = float(middle - weights @ centre)
        for j, weight in zip(sources, weights.tolist(), strict=True):
            effects[of_score(to, plan.outcomes[j])] = weight
    return constants, effects


def _write_changes(draft: Draft, plan: Plan, effects: dict[str, float]) -> None:
    for t, occasion in enumerate(plan.occasions[1:], start=1):
        before = plan.occasions[t - 1]
        for to in plan.outcomes:
            here = change(to, occasion)
            draft.one(score(to, occasion), score(to, before))
            draft.one(score(to, occasion), here)
            if plan.constant:
                draft.one(here, slope(to))
            for source in plan.outcomes:
                stem = of_score(to, source)
                if stem in plan.effects:
                    name = draft.name(stem, "changes")
                    draft.path(here, score(source, before), name, effects[stem], (to, source))
                stem = of_change(to, source)
                if stem in plan.effects and t > 1:
                    name = draft.name(stem, "changes")
                    draft.path(here, change(source, before), name, 0.0, (to, source))


def _write_persons(draft: Draft, plan: Plan, sample: Sample, constants: dict[str, float]) -> None:
    """Means and covariances of where persons start and of their constant change."""
    first = plan.occasions[0]
    steps = len(plan.occasions) - 1
    parts = []
    for name in plan.outcomes:
        at = sample.names.index(f"{name}@{first}")
        spread = float(sample.covariance[at, at]) * (1 - ERROR)
        begun = float(sample.mean[at])
        parts.append((f"start({name})", score(name, first), name, begun, spread))
        if plan.constant:
            parts.append((f"slope({name})", slope(name), name, constants[name], spread / steps**2))
    for called, variable, name, mean, spread in parts:
        draft.mean(variable, draft.name(f"mean({called})", "constants"), mean, name)
        stem = draft.name(f"var({called})", "constants")
        draft.covary(variable, variable, stem, spread, (name, name))
    for (one, a, x, _, _), (two, b, y, _, _) in combinations(parts, 2):
        draft.covary(a, b, draft.name(f"cov({one},{two})", "constants"), 0.0, (x, y))


def _write_observed(draft: Draft, plan: Plan, sample: Sample) -> None:
    """Observed values: true scores and error, alike at all occasions."""
    variances = np.diag(sample.covariance)
    for t, occasion in enumerate(plan.occasions):
        k = len(plan.outcomes)
        for i, name in enumerate(plan.outcomes):
            here = f"{name}@{occasion}"
            draft.one(here, score(name, occasion))
            start = ERROR * float(variances[t * k + i])
            draft.covary(here, here, draft.name(f"error({name})", "errors"), start, (name, name))
        for one, two in combinations(plan.outcomes, 2):
            stem = draft.name(f"error({one},{two})", "errors")
            draft.covary(f"{one}@{occasion}", f"{two}@{occasion}", stem, 0.0, (one, two))
