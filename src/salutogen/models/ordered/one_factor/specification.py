"""What a one-factor model of ordered items holds equal, and where its parameters stand.

Behind an item's answer at a place (an occasion, in a group) is a response ν + λη + ε; the answer is
the category between whose thresholds τ it falls. What is observed is standardised: thresholds
Δ(τ − ν − λα) and correlations ΔΔ(λλψ + θ), where α and ψ are the factor's means and covariances, θ
the covariance of what an item has for itself at two occasions, and Δ, the scale, one divided by the
response's SD (delta parametrisation: Muthén & Asparouhov 2002). The factor and all responses have
mean 0 and SD 1 at the first place. Elsewhere what is known depends on what is equal (Millsap &
Yun-Tein 2004; Wu & Estabrook 2016):

- nothing: intercept 0, scale 1, factor of mean 0 and SD 1;
- thresholds: intercept and scale are free. An item of two categories has one threshold, which frees
  the intercept alone: nothing is tested. So it is with three categories, whose two thresholds free
  both;
- loadings too: the factor's variance is free. Of two categories the scale is free as well: nothing
  is tested of such an item;
- intercepts too: the factor's mean is free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.one_factor.specification import in_group

Int = NDArray[np.intp]

STEPS = ("configural", "thresholds", "metric", "scalar")


@dataclass(frozen=True, kw_only=True)
class OrderedPlan:
    """What a model holds equal.

    Attributes
    ----------
    items : tuple of str
    n_thresholds : tuple of int
        Of each item: one less than its categories.
    occasions : tuple of str
    step : str
        `configural`, `thresholds`, `metric` (thresholds and loadings) or `scalar` (intercepts too).
    own : tuple of str
        Items that have thresholds and loadings of their own all the same.
    """

    items: tuple[str, ...]
    n_thresholds: tuple[int, ...]
    occasions: tuple[str, ...]
    step: str = "configural"
    own: tuple[str, ...] = ()

    def equal(self, step: str) -> bool:
        """Whether what a step holds equal is equal here."""
        return STEPS.index(self.step) >= STEPS.index(step)

    def shares(self, step: str, item: str) -> bool:
        """Whether an item has equal what a step holds equal."""
        return self.equal(step) and item not in self.own

    @property
    def steps(self) -> tuple[str, ...]:
        """Steps that test anything, in order.

        Thresholds need an item with four categories, loadings two items with three.
        """
        free = [n for item, n in zip(self.items, self.n_thresholds, strict=True)
                if item not in self.own]  # fmt: skip
        tests = {
            "thresholds": any(n > 2 for n in free),
            "metric": sum(n > 1 for n in free) > 1,
        }
        return tuple(step for step in STEPS if tests.get(step, True))

    def seen(self, item: str, t: int) -> str:
        """Return what an item, or the factor, is called at an occasion."""
        return f"{item}@{self.occasions[t]}" if len(self.occasions) > 1 else item

    def name(self, kind: str, item: str, t: int, group: str, number: int = 0) -> str:
        """Return what an item's `threshold`, `loading`, `intercept` or `scale` is called."""
        end = f"|{number}" if kind == "threshold" else ""
        step = {"threshold": "thresholds", "loading": "metric"}.get(kind)
        if step and self.shares(step, item):
            return f"{kind}({item}{end})"
        return in_group(f"{kind}({self.seen(item, t)}{end})", group)

    def free(self, kind: str, item: str, *, first: bool) -> bool:
        """Whether an item's `intercept` or `scale` is free at a place."""
        if first or not self.shares("thresholds", item):
            return False
        if kind == "intercept":
            return not self.equal("scalar")
        n = self.n_thresholds[self.items.index(item)]
        return n > 1 or self.equal("metric")


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the parameters of one group's model stand among all free ones.

    After the free parameters come the numbers 0 and 1. Variables are items within occasions.

    Attributes
    ----------
    thresholds : array (p, most)
        Padded with -1.
    loadings, intercepts, scales, occasion : array (p,)
    means : array (m,)
    variances : array (m, m)
        Of the factor, with its covariances.
    residuals : array (p, p)
        Covariances of residuals.
    """

    thresholds: Int
    loadings: Int
    intercepts: Int
    scales: Int
    occasion: Int
    means: Int
    variances: Int
    residuals: Int


class Names:
    """Names of free parameters in the order in which they are asked for."""

    def __init__(self) -> None:
        self.found: dict[str, int] = {}

    def place(self, name: str) -> int:
        """Return a parameter's place."""
        return self.found.setdefault(name, len(self.found))


ZERO, ONE = -2, -1  # as places from the end


def places_of_groups(
    plan: OrderedPlan, groups: Sequence[str]
) -> tuple[tuple[str, ...], list[Places]]:
    """Return the names of all free parameters, and where those of each group stand."""
    names = Names()
    made = [_places(plan, group, names, first=group == groups[0]) for group in groups]
    return tuple(names.found), made


def _places(plan: OrderedPlan, group: str, names: Names, *, first: bool) -> Places:
    m, k = len(plan.occasions), len(plan.items)
    p = m * k
    thresholds = np.full((p, max(plan.n_thresholds)), -1, dtype=np.intp)
    loadings, intercepts, scales = (np.full(p, fill, dtype=np.intp) for fill in (0, ZERO, ONE))
    means = np.full(m, ZERO, dtype=np.intp)
    variances = np.full((m, m), ONE, dtype=np.intp)
    residuals = np.full((p, p), ZERO, dtype=np.intp)
    for t in range(m):
        here = first and t == 0
        for j, (item, n) in enumerate(zip(plan.items, plan.n_thresholds, strict=True)):
            v = t * k + j
            for c in range(n):
                thresholds[v, c] = names.place(plan.name("threshold", item, t, group, c + 1))
            loadings[v] = names.place(plan.name("loading", item, t, group))
            for kind, table in (("intercept", intercepts), ("scale", scales)):
                if plan.free(kind, item, first=here):
                    table[v] = names.place(plan.name(kind, item, t, group))
        factor = plan.seen("factor", t)
        if plan.equal("scalar") and not here:
            means[t] = names.place(in_group(f"mean({factor})", group))
        if plan.equal("metric") and not here:
            variances[t, t] = names.place(in_group(f"var({factor})", group))
    for s, t in combinations(range(m), 2):
        one, two = plan.seen("factor", s), plan.seen("factor", t)
        variances[s, t] = variances[t, s] = names.place(in_group(f"cov({one},{two})", group))
        for j, item in enumerate(plan.items):
            told = in_group(f"resid({plan.seen(item, s)},{plan.seen(item, t)})", group)
            residuals[s * k + j, t * k + j] = names.place(told)
    return Places(
        thresholds=thresholds,
        loadings=loadings,
        intercepts=intercepts,
        scales=scales,
        occasion=np.repeat(np.arange(m), k),
        means=means,
        variances=variances,
        residuals=residuals,
    )
