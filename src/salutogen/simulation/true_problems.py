"""True problems: each person's line on true exposure, the event's course, arms, and the items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salutogen.simulation.item_tables import Floats
from salutogen.simulation.population import Population
from salutogen.simulation.random_streams import BLOCK, Purpose, autoregressive, stream
from salutogen.simulation.simulated_scales import Scale
from salutogen.simulation.true_exposure import TrueExposure


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactivity:
    """What sets a person apart from the line, standardised.

    `level` (persons,) true long-term SR, `slope` (persons,) departure of the slope, `passing`
    (persons, occasions) momentary part.
    """

    level: Floats
    slope: Floats
    passing: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueProblems:
    """Problems by person and occasion, in SD: expected by the line, and the person's own."""

    expected: Floats
    true: Floats
    answers: dict[str, npt.NDArray[np.int8] | Floats]
    standardised: Floats


def draw_reactivity(population: Population, seed: int, block: int) -> Reactivity:
    """Draw what sets persons apart."""
    rng = stream(seed, block, Purpose.PERSONS)
    settings = population.settings.line
    level, other = rng.standard_normal(BLOCK), rng.standard_normal(BLOCK)
    together = settings.level_slope_correlation
    return Reactivity(
        level=level,
        slope=together * level + np.sqrt(1.0 - together**2) * other,
        passing=autoregressive(rng, BLOCK, population.n_occasions, settings.autocorrelation),
    )


def draw_problems(
    population: Population,
    seed: int,
    block: int,
    exposure: TrueExposure,
    reactivity: Reactivity,
    *,
    level_shift: Floats,
    slope_shift: Floats,
) -> TrueProblems:
    """Draw problems for one block of persons.

    `level_shift` and `slope_shift` (persons, occasions) carry events and arms, in SD.
    """
    line = population.line
    stable = exposure.stable[:, None]
    lasting, passing = lasting_and_passing(population, exposure, reactivity)
    passing = passing + level_shift + slope_shift * exposure.standardised
    rng = stream(seed, block, Purpose.PROBLEMS)
    items = stream(seed, block, Purpose.PROBLEM_ITEMS)
    answers: dict[str, npt.NDArray[np.int8] | Floats] = {}
    for scale in population.problems:
        deviation = _deviation(population, scale, lasting, passing, rng)
        answers[scale.name] = draw_items(scale, scale.spread.centre + scale.sign * deviation, items)
    first = population.problems[0]
    return TrueProblems(
        expected=line.between * stable + line.within * (exposure.standardised - stable),
        true=lasting + passing,
        answers=answers,
        standardised=standardised(first, answers[first.name]),
    )


def lasting_and_passing(
    population: Population, exposure: TrueExposure, reactivity: Reactivity
) -> tuple[Floats, Floats]:
    """Return what lasts (persons, 1) and passes (persons, occasions) of problems, in SD."""
    line = population.line
    stable = exposure.stable[:, None]
    moving = exposure.standardised - stable
    own_slope = line.slope_sd * reactivity.slope[:, None]
    lasting = line.between * stable + own_slope * stable
    lasting = lasting + line.level_sd * reactivity.level[:, None]
    return lasting, line.within * moving + own_slope * moving + (
        line.passing_sd * reactivity.passing
    )


def standardised(scale: Scale, answers: npt.NDArray[np.int8] | Floats) -> Floats:
    """Return answers to a scale of problems in SD, higher = more problems."""
    return scale.sign * (item_sum(scale, answers) - scale.spread.mean) / scale.spread.sd


def _deviation(
    population: Population, scale: Scale, lasting: Floats, passing: Floats, rng: np.random.Generator
) -> Floats:
    """Departure of one scale from its centre, in sums of its items' values."""
    first, spread, loading = population.problems[0].spread, scale.spread, scale.association
    if scale is population.problems[0]:
        return first.sd * (lasting + passing)
    own = np.sqrt(1.0 - loading**2)
    moving = autoregressive(
        rng, BLOCK, population.n_occasions, population.settings.line.autocorrelation
    )
    still = rng.standard_normal((BLOCK, 1))
    stable_unit = lasting * first.sd / max(first.a, 1e-9)
    passing_unit = passing * first.sd / max(first.b, 1e-9)
    return np.asarray(
        spread.a * (loading * stable_unit + own * still)
        + spread.b * (loading * passing_unit + own * moving)
    )


def draw_items(
    scale: Scale, expected: Floats, rng: np.random.Generator
) -> npt.NDArray[np.int8] | Floats:
    """Draw the items of one scale: (items, *expected.shape)."""
    if scale.table.family != "number":
        return scale.table.draw(expected, rng)
    share = expected / scale.table.items
    if scale.table.highest > 0:
        share = np.clip(share, 0.0, scale.table.highest / scale.table.items)
    value = np.round(scale.table.codes[0] + share, 2)
    return np.broadcast_to(value, (scale.table.items, *value.shape))


def item_sum(scale: Scale, answers: npt.NDArray[np.int8] | Floats) -> Floats:
    """Sum over items of what each answer adds to the score."""
    if scale.table.family == "number":
        return np.asarray((answers - scale.table.codes[0]).sum(axis=0), dtype=np.float64)
    return np.asarray(scale.table.values[answers].sum(axis=0), dtype=np.float64)
