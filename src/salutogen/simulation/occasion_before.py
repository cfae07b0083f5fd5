"""Problems at the occasion before the first, which nobody sees.

What follows from problems has followed from them before the study too: without them, a factor
would begin with another mean, spread and lasting level than it goes on with.
"""

from __future__ import annotations

import numpy as np

from salutogen.simulation.item_tables import Floats
from salutogen.simulation.population import Population
from salutogen.simulation.random_streams import BLOCK, Purpose, one_step_back, stream
from salutogen.simulation.true_exposure import (
    ExposureSources,
    MajorEvents,
    exposure_sources,
    list_events,
)
from salutogen.simulation.true_problems import (
    Reactivity,
    draw_items,
    lasting_and_passing,
    standardised,
)


def problems_before(
    population: Population,
    seed: int,
    block: int,
    reactivity: Reactivity,
    events: MajorEvents | None,
) -> Floats:
    """Draw problems one occasion before the first, in SD, given the first occasion.

    The passing parts are autoregressions at rest, which run alike backwards and forwards; arms and
    major events have not begun. Drawn from a stream of its own, it changes nothing else.

    Parameters
    ----------
    population : Population
    seed, block : int
    reactivity : Reactivity
        Of the plan's occasions.
    events : MajorEvents or None

    Returns
    -------
    array (persons,)
    """
    kept = population.settings.line.autocorrelation
    rng = stream(seed, block, Purpose.BEFORE)
    exposure = list_events(
        population,
        _sources_before(population, exposure_sources(population, seed, block), rng),
        np.array([population.shift_before]),
        events,
        rng,
        first=-1,
    )
    passing = one_step_back(reactivity.passing[:, :1], rng.standard_normal((BLOCK, 1)), kept)
    own = Reactivity(level=reactivity.level, slope=reactivity.slope, passing=passing)
    first = population.problems[0]
    lasting, moving = lasting_and_passing(population, exposure, own)
    deviation = first.spread.sd * (lasting + moving)
    answers = draw_items(first, first.spread.centre + first.sign * deviation, rng)
    return standardised(first, answers)[:, 0]


def _sources_before(
    population: Population, sources: ExposureSources, rng: np.random.Generator
) -> ExposureSources:
    """Take what passes of each type one occasion back; types stay as alike as they are."""
    settings = population.settings.exposure
    shared = rng.standard_normal(BLOCK)
    own = rng.standard_normal((len(sources.stable), BLOCK))
    fresh = np.sqrt(settings.association) * shared + np.sqrt(1.0 - settings.association) * own
    before = one_step_back(sources.passing[:, :, 0], fresh, settings.autocorrelation)
    return ExposureSources(stable=sources.stable, passing=before[:, :, None])
