"""Resilience factors that go with the person's true reactivity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a factor's lasting part is made of, with SD 1.

    Attributes
    ----------
    level, slope, exposure : float
        Weights of the person's level, slope and lasting exposure.
    factors : mapping of str to float
        Weights of the lasting parts of factors before it.
    own : float
        Weight of the factor's own part.
    """

    level: float
    slope: float
    exposure: float
    factors: Mapping[str, float]
    own: float


def stable_weights(population: Population, name: str) -> Weights:
    """Weights of the sources and of the factor's own part that give the correlations asked for.

    Raises
    ------
    SimulationError
        The correlations leave no variance of the factor's own, or are with a factor that is not
        listed before it.
    """
    every = population.settings.factors
    settings = every.get(name, FactorSettings())
    before = list(settings.factors)
    listed = [scale.name for scale in population.factors]
    late = [one for one in before if one not in listed[: listed.index(name)]]
    if late:
        raise SimulationError([finding("simulation-factor-not-before", factor=name, names=late)])
    sources = np.eye(3 + len(before))
    sources[0, 1] = sources[1, 0] = population.settings.line.level_slope_correlation
    for place, one in enumerate(before, start=3):
        other = every.get(one, FactorSettings())
        sources[place, :3] = sources[:3, place] = other.reactivity, other.slope, other.exposure
        for second, two in enumerate(before[: place - 3], start=3):
            r = other.factors.get(two, every.get(two, FactorSettings()).factors.get(one, 0.0))
            sources[place, second] = sources[second, place] = r
    asked = np.array(
        [settings.reactivity, settings.slope, settings.exposure, *settings.factors.values()]
    )
    weights = np.linalg.solve(sources, asked)
    left = 1.0 - float(weights @ asked)
    if left <= 0:
        raise SimulationError(
            [
                finding(
                    "simulation-infeasible-factor",
                    factor=name,
                    level=settings.reactivity,
                    slope=settings.slope,
                    exposure=settings.exposure,
                    left=left,
                )
            ]
        )
    level, slope, exposure, *rest = weights.tolist()
    return Weights(
        level=level,
        slope=slope,
        exposure=exposure,
        factors=dict(zip(before, rest, strict=True)),
        own=left**0.5,
    )


def draw_factors(
    population: Population,
    seed: int,
    block: int,
    reactivity: Reactivity,
    exposure: Floats,
    problems: Floats,
) -> dict[str, npt.NDArray[np.int8] | Floats]:
    """Draw every factor: (items, persons, occasions), with one occasion for baseline factors.

    `exposure` (persons,) is the lasting part of exposure, `problems` (persons, occasions) are the
    standardised problems at the occasion before each.
    """
    rng = stream(seed, block, Purpose.FACTORS)
    items = stream(seed, block, Purpose.FACTOR_ITEMS)
    spread = float(np.std(exposure)) or 1.0
    lasting: dict[str, Floats] = {}
    found: dict[str, npt.NDArray[np.int8] | Floats] = {}
    for scale in population.factors:
        weights = stable_weights(population, scale.name)
        stable = weights.level * reactivity.level + weights.slope * reactivity.slope
        if weights.exposure:
            stable = stable + weights.exposure * exposure / spread
        for name, weight in weights.factors.items():
            stable = stable + weight * lasting[name]
        lasting[scale.name] = stable + weights.own * rng.standard_normal(BLOCK)
        expected = _expected(population, scale, reactivity, problems, lasting[scale.name], rng)
        found[scale.name] = draw_items(scale, expected, items)
    return found


def _expected(
    population: Population,
    scale: Scale,
    reactivity: Reactivity,
    problems: Floats,
    stable: Floats,
    rng: np.random.Generator,
) -> Floats:
    settings = population.settings.factors.get(scale.name, FactorSettings())
    expected = scale.spread.centre + scale.spread.a * stable[:, None]
    if scale.baseline:
        return np.asarray(expected)
    fresh = autoregressive(rng, BLOCK, population.n_occasions, settings.autocorrelation)
    passing = settings.within * reactivity.passing + np.sqrt(1.0 - settings.within**2) * fresh
    expected = expected + scale.spread.b * passing
    if settings.follows:
        expected = expected + settings.follows * scale.spread.sd * problems
    return np.asarray(expected)
