"""Resilience factors that go with the person's true reactivity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salutogen.errors import SimulationError
from salutogen.findings import finding
from salutogen.simulation.item_tables import Floats
from salutogen.simulation.population import Population
from salutogen.simulation.random_streams import BLOCK, Purpose, autoregressive, stream
from salutogen.simulation.settings import FactorSettings
from salutogen.simulation.simulated_scales import Scale
from salutogen.simulation.true_problems import Reactivity, draw_items


def stable_weights(population: Population, name: str) -> tuple[float, float, float]:
    """Weights of level, slope and the factor's own part that give the correlations asked for.

    Raises
    ------
    SimulationError
        The correlations leave no variance of the factor's own.
    """
    settings = population.settings.factors.get(name, FactorSettings())
    together = population.settings.line.level_slope_correlation
    asked = np.array([settings.reactivity, settings.slope])
    weights = np.linalg.solve(np.array([[1.0, together], [together, 1.0]]), asked)
    left = 1.0 - float(weights @ asked)
    if left <= 0:
        raise SimulationError(
            [
                finding(
                    "simulation-infeasible-factor",
                    factor=name,
                    level=settings.reactivity,
                    slope=settings.slope,
                    left=left,
                )
            ]
        )
    return float(weights[0]), float(weights[1]), left**0.5


def draw_factors(
    population: Population, seed: int, block: int, reactivity: Reactivity
) -> dict[str, npt.NDArray[np.int8] | Floats]:
    """Draw every factor: (items, persons, occasions), with one occasion for baseline factors."""
    rng = stream(seed, block, Purpose.FACTORS)
    items = stream(seed, block, Purpose.FACTOR_ITEMS)
    return {
        scale.name: draw_items(scale, _expected(population, scale, reactivity, rng), items)
        for scale in population.factors
    }


def _expected(
    population: Population, scale: Scale, reactivity: Reactivity, rng: np.random.Generator
) -> Floats:
    settings = population.settings.factors.get(scale.name, FactorSettings())
    level, slope, own = stable_weights(population, scale.name)
    stable = level * reactivity.level + slope * reactivity.slope
    stable = stable + own * rng.standard_normal(BLOCK)
    expected = scale.spread.centre + scale.spread.a * stable[:, None]
    if scale.baseline:
        return np.asarray(expected)
    fresh = autoregressive(rng, BLOCK, population.n_occasions, settings.autocorrelation)
    passing = settings.within * reactivity.passing + np.sqrt(1.0 - settings.within**2) * fresh
    return np.asarray(expected + scale.spread.b * passing)
