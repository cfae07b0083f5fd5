"""What a cross-lagged panel model is made of, and what its variables are called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
