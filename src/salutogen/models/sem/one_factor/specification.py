"""The paths of a one-factor model over occasions and groups, and what its parameters are called.

An item is an intercept, its loading times the factor, and a residual. Residuals of one item go
together over occasions. The first item carries the factor's unit: loading 1, intercept 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.samples import Sample

SHARED = 0.5  # share of an item's variance that is taken for the factor's where a search begins


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a one-factor model holds equal.

    Attributes
    ----------
    items : tuple of str
        The first carries the factor's unit.
    occasions : tuple of str
    equal_loadings, equal_intercepts : bool
        Whether items have these in common over occasions and groups.
    own : tuple of str
        Items that have loadings and intercepts of their own all the same.
    """

    items: tuple[str, ...]
    occasions: tuple[str, ...]
    equal_loadings: bool = False
    equal_intercepts: bool = False
    own: tuple[str, ...] = ()

    def shares(self, kind: str, item: str) -> bool:
        """Whether an item's `loading` or `intercept` is the same at all occasions and in groups."""
        held = self.equal_loadings if kind == "loading" else self.equal_intercepts
        return held and item not in self.own


def observed_variables(plan: Plan) -> list[tuple[str, str, int]]:
    """Return the observed variables: name, column, and number of the occasion."""
    return [
        (seen(plan, item, t), item, t) for t in range(len(plan.occasions)) for item in plan.items
    ]


def seen(plan: Plan, item: str, t: int) -> str:
    """Return what an item at an occasion is called."""
    return f"{item}@{plan.occasions[t]}" if len(plan.occasions) > 1 else item


def factor(plan: Plan, t: int) -> str:
    """Return what the factor at an occasion is called."""
    return seen(plan, "factor", t)


def latent_variables(plan: Plan) -> list[str]:
    """Return the variables that nobody observes."""
    return [factor(plan, t) for t in range(len(plan.occasions))]


def write_entries(draft: Draft, plan: Plan, sample: Sample) -> None:
    """Write all entries of one group's model."""
    marker, times = plan.items[0], range(len(plan.occasions))
    variances, means = np.diag(sample.covariance), sample.mean
    for t in times:
        at, here = t * len(plan.items), factor(plan, t)
        spread = SHARED * float(variances[at])
        draft.covary(here, here, draft.name(f"var({here})", "factors"), spread, (marker, marker))
        draft.mean(here, draft.name(f"mean({here})", "factors"), float(means[at]), marker)
        for j, item in enumerate(plan.items):
            column, own = seen(plan, item, t), float(variances[at + j])
            stem = draft.name(f"resid({column})", "residuals")
            draft.covary(column, column, stem, (1 - SHARED) * own, (item, item))
            if item == marker:
                draft.one(column, here)
                continue
            slope = float(sample.covariance[at, at + j]) / spread * SHARED
            level = float(means[at + j]) - slope * float(means[at])
            draft.path(column, here, _name(draft, plan, "loading", item, t), slope, (item, marker))
            draft.mean(column, _name(draft, plan, "intercept", item, t), level, item)
    for s, t in combinations(times, 2):
        one, two = factor(plan, s), factor(plan, t)
        start = SHARED * float(sample.covariance[s * len(plan.items), t * len(plan.items)])
        draft.covary(one, two, draft.name(f"cov({one},{two})", "factors"), start, (marker, marker))
        for item in plan.items:
            a, b = seen(plan, item, s), seen(plan, item, t)
            draft.covary(a, b, draft.name(f"resid({a},{b})", "residuals"), 0.0, (item, item))


def _name(draft: Draft, plan: Plan, kind: str, item: str, t: int) -> str:
    if plan.shares(kind, item):
        return f"{kind}({item})"
    return draft.name(f"{kind}({seen(plan, item, t)})", kind)
