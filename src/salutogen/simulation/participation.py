"""Who answers when: missed occasions and dropout, at random or not, and the time of answers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salutogen.simulation.item_tables import Floats
from salutogen.simulation.population import Population
from salutogen.simulation.random_streams import BLOCK, Purpose, stream
from salutogen.simulation.settings import Missed

_MOST_JITTER = 1.0 / 3.0


def draw_participation(
    population: Population, seed: int, block: int, problems: Floats, exposure: Floats
) -> npt.NDArray[np.bool_]:
    """Whether a form was answered: (persons, occasions); the first always is.

    `problems` and `exposure` are standardised. What depends on earlier problems looks at the last
    occasion that was answered, so that it is missing at random given what was observed.
    """
    missing = population.settings.missing
    count = population.n_occasions
    present = np.ones((BLOCK, count), dtype=np.bool_)
    if missing.missed.share == 0.0 and missing.dropout.share == 0.0:
        return present
    rng = stream(seed, block, Purpose.PRESENCE)
    chance = rng.random((2, BLOCK, count))
    observed = problems[:, 0].copy()
    stayed = np.ones(BLOCK, dtype=np.bool_)
    for occasion in range(1, count):
        now = (observed, problems[:, occasion], exposure[:, occasion])
        stayed &= chance[0, :, occasion] >= _risk(missing.dropout, *now)
        present[:, occasion] = stayed & (chance[1, :, occasion] >= _risk(missing.missed, *now))
        observed = np.where(present[:, occasion], problems[:, occasion], observed)
    return present


def _risk(settings: Missed, previous: Floats, problems: Floats, exposure: Floats) -> Floats:
    if settings.share == 0.0:
        return np.zeros_like(problems)
    logit = np.log(settings.share / (1.0 - settings.share))
    logit = logit + settings.previous_problems * previous
    logit = logit + settings.problems * problems + settings.exposure * exposure
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))


def draw_days(population: Population, seed: int, block: int) -> Floats:
    """Day of each answer since the first planned day: (persons, occasions)."""
    jitter = population.settings.timing.jitter
    planned = np.tile(population.days, (BLOCK, 1))
    if jitter == 0 or population.n_occasions < 2:
        return planned
    rng = stream(seed, block, Purpose.TIMING)
    most = _MOST_JITTER * float(np.diff(population.days).min())
    late = jitter.days * rng.standard_normal((BLOCK, population.n_occasions))
    return np.asarray(planned + np.clip(late, -most, most))
