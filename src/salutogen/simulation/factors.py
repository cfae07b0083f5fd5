"""Resilience factors that go with the person's true reactivity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salutogen.errors import DesignError
from salutogen.findings import finding
from salutogen.simulation.answers import Floats
from salutogen.simulation.blueprint import Blueprint
from salutogen.simulation.problems import Reactivity, draw_items
from salutogen.simulation.scales import Scale
from salutogen.simulation.settings import FactorSettings
from salutogen.simulation.streams import BLOCK, Purpose, autoregressive, stream


def stable_weights(blueprint: Blueprint, name: str) -> tuple[float, float, float]:
    """Weights of level, slope and the factor's own part that give the correlations asked for.

    Raises
    ------
    DesignError
        The correlations leave no variance of the factor's own.
    """
    settings = blueprint.settings.factors.get(name, FactorSettings())
    together = blueprint.settings.line.level_slope_correlation
    asked = np.array([settings.reactivity, settings.slope])
    weights = np.linalg.solve(np.array([[1.0, together], [together, 1.0]]), asked)
    left = 1.0 - float(weights @ asked)
    if left <= 0:
        raise DesignError(
            [
                finding(
                    "simulation-infeasible-factor",
                    f"`simulation.factors.{name}` goes with level ({settings.reactivity:g}) and"
                    f" slope ({settings.slope:g}) so closely that {left:.3f} of its variance would"
                    " be its own.",
                )
            ]
        )
    return float(weights[0]), float(weights[1]), left**0.5


def draw_factors(
    blueprint: Blueprint, seed: int, block: int, reactivity: Reactivity
) -> dict[str, npt.NDArray[np.int8] | Floats]:
    """Draw every factor: (items, persons, occasions), with one occasion for baseline factors."""
    rng = stream(seed, block, Purpose.FACTORS)
    items = stream(seed, block, Purpose.FACTOR_ITEMS)
    return {
        scale.name: draw_items(scale, _expected(blueprint, scale, reactivity, rng), items)
        for scale in blueprint.factors
    }


def _expected(
    blueprint: Blueprint, scale: Scale, reactivity: Reactivity, rng: np.random.Generator
) -> Floats:
    settings = blueprint.settings.factors.get(scale.name, FactorSettings())
    level, slope, own = stable_weights(blueprint, scale.name)
    stable = level * reactivity.level + slope * reactivity.slope
    stable = stable + own * rng.standard_normal(BLOCK)
    expected = scale.spread.centre + scale.spread.a * stable[:, None]
    if scale.baseline:
        return np.asarray(expected)
    fresh = autoregressive(rng, BLOCK, blueprint.n_occasions, settings.autocorrelation)
    passing = settings.within * reactivity.passing + np.sqrt(1.0 - settings.within**2) * fresh
    return np.asarray(expected + scale.spread.b * passing)
