"""The paths of a one-factor model over occasions and groups, and what its parameters are called.

An item is an intercept, its loading times the factor, and a residual. Residuals of one item go
together over occasions. The first item without parameters of its own carries the factor's unit:
loading 1, intercept 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.samples import Sample

Float = NDArray[np.float64]

MOST_SHARED = 0.8  # share of an item's variance that is the factor's where a search begins
LEAST_SLOPE = 0.2  # standardised loading there, lest the marker measures nothing
ALIKE = 0.5  # correlation of the factor's values at two occasions there


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a one-factor model holds equal.

    Attributes
    ----------
    items : tuple of str
    occasions : tuple of str
    equal_loadings, equal_intercepts, equal_residuals : bool
        Whether items have these in common over occasions and groups; of residuals, variances.
    own : tuple of str
        Items that have loadings, intercepts and residuals of their own all the same.
    """

    items: tuple[str, ...]
    occasions: tuple[str, ...]
    equal_loadings: bool = False
    equal_intercepts: bool = False
    equal_residuals: bool = False
    own: tuple[str, ...] = ()

    @property
    def marker(self) -> str:
        """The item that carries the factor's unit: loading 1, intercept 0."""
        return next(item for item in self.items if item not in self.own)

    def shares(self, kind: str, item: str) -> bool:
        """Whether an item has its `loading`, `intercept` or `resid` at all occasions and groups."""
        held = {
            "loading": self.equal_loadings,
            "intercept": self.equal_intercepts,
            "resid": self.equal_residuals,
        }
        return held[kind] and item not in self.own


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


def parameter(plan: Plan, kind: str, item: str, t: int, group: str) -> str:
    """Return what an item's `loading`, `intercept` or `resid` at a place is called."""
    if plan.shares(kind, item):
        return f"{kind}({item})"
    return in_group(f"{kind}({seen(plan, item, t)})", group)


def factor_mean(plan: Plan, t: int, group: str) -> str:
    """Return what the factor's mean at an occasion, in a group, is called."""
    return in_group(f"mean({factor(plan, t)})", group)


def in_group(name: str, group: str) -> str:
    """Return what a parameter of one group is called; the name itself where there is one group."""
    return f"{name} [{group}]" if group else name


def write_entries(draft: Draft, plan: Plan, sample: Sample) -> None:
    """Write all entries of one group's model."""
    marker, times = plan.marker, range(len(plan.occasions))
    variances, means, spreads = np.diag(sample.covariance), sample.mean, []
    for t in times:
        here, block = factor(plan, t), _block(plan, t)
        slopes, spread = _rough(sample.covariance[block, block], plan.items.index(marker))
        spreads.append(spread)
        draft.covary(here, here, draft.name(f"var({here})", "factors"), spread, (marker, marker))
        level = float(means[block][plan.items.index(marker)])
        draft.mean(here, factor_mean(plan, t, draft.group), level, marker)
        for slope, item, mean, own in zip(
            slopes, plan.items, means[block].tolist(), variances[block].tolist(), strict=True
        ):
            column = seen(plan, item, t)
            left = max(own - slope**2 * spread, (1 - MOST_SHARED) * own)
            residual = parameter(plan, "resid", item, t, draft.group)
            draft.covary(column, column, residual, left, (item, item))
            if item == marker:
                draft.one(column, here)
                continue
            loading = parameter(plan, "loading", item, t, draft.group)
            draft.path(column, here, loading, slope, (item, marker))
            intercept = parameter(plan, "intercept", item, t, draft.group)
            draft.mean(column, intercept, mean - slope * level, item)
    for s, t in combinations(times, 2):
        one, two = factor(plan, s), factor(plan, t)
        start = ALIKE * np.sqrt(spreads[s] * spreads[t])
        draft.covary(one, two, draft.name(f"cov({one},{two})", "factors"), start, (marker, marker))
        for item in plan.items:
            a, b = seen(plan, item, s), seen(plan, item, t)
            draft.covary(a, b, draft.name(f"resid({a},{b})", "residuals"), 0.0, (item, item))


def _block(plan: Plan, t: int) -> slice:
    """Places of an occasion's items among the observed variables."""
    return slice(t * len(plan.items), (t + 1) * len(plan.items))


def _rough(covariance: Float, marker: int) -> tuple[list[float], float]:
    """Loadings beside the marker's and the factor's variance, by the centroid method."""
    apart = covariance - np.diag(np.diag(covariance))
    common = apart.sum(axis=1)
    total = float(common.sum())
    sd = np.sqrt(np.diag(covariance))
    least, most = LEAST_SLOPE * sd, np.sqrt(MOST_SHARED) * sd
    loadings = np.clip(common / np.sqrt(total), least, most) if total > 0 else least
    return (loadings / loadings[marker]).tolist(), float(loadings[marker] ** 2)
