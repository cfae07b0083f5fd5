"""What a cross-lagged panel model is made of, and what its variables are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Constraint = Literal["equal", "free"] | tuple[str, ...]

KINDS = ("lags", "residuals", "levels", "means", "covariates")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a model holds equal, and what it is made of; see `CrossLaggedPanel`."""

    outcomes: tuple[str, ...]
    occasions: tuple[str, ...]
    lag: int
    random_intercepts: bool
    lags: Constraint
    residuals: Constraint
    means: Constraint
    covariates: tuple[str, ...]
    time_varying: tuple[str, ...]

    def is_free(self, kind: Literal["lags", "residuals", "means"], stem: str) -> bool:
        """Whether a parameter of a kind, called so at all occasions, differs between them."""
        held: Constraint = getattr(self, kind)
        return held == "free" if isinstance(held, str) else stem not in held

    @property
    def over_time(self) -> dict[str, list[str]]:
        """By kind, what parameters that can be equal over occasions are called."""
        pairs = combinations(self.outcomes, 2)
        return {
            "lags": [*(stem for _, _, _, stem in lag_effects(self)), *self._covariate_effects],
            "residuals": [resid(one, one) for one in self.outcomes]
            + [resid(one, two) for one, two in pairs],
            "means": [mean(one) for one in self.outcomes],
        }

    @property
    def _covariate_effects(self) -> list[str]:
        constant = () if self.random_intercepts else self.covariates
        return [
            effect(to, source) for to in self.outcomes for source in (*constant, *self.time_varying)
        ]

    @property
    def places(self) -> NDArray[np.intp]:
        """Where each outcome at each occasion is among the observed variables (n_occasions, k)."""
        names = [name for name, _, _ in observed_variables(self)]
        found = [[names.index(seen(name, at)) for name in self.outcomes] for at in self.occasions]
        return np.array(found, dtype=np.intp)


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


def effect(to: str, source: str, back: int = 1) -> str:
    """Return what an effect is called, without its occasion."""
    return f"{to}<-{source}" + (f"[lag {back}]" if back > 1 else "")


def resid(one: str, two: str) -> str:
    """Return what the variance or covariance is called that lags do not explain."""
    return f"resid({one})" if one == two else f"resid({one},{two})"


def mean(name: str) -> str:
    """Return what an outcome's mean is called, without its occasion."""
    return f"mean({name})"


def lag_effects(plan: Plan) -> Iterator[tuple[str, str, int, str]]:
    """Yield the effects of outcomes on later ones: on which, of which, how far back, and name."""
    for back in range(1, plan.lag + 1):
        for to in plan.outcomes:
            for source in plan.outcomes:
                yield to, source, back, effect(to, source, back)
