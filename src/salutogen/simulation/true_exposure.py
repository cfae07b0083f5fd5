"""True exposure: which events happened to whom and when, and what is reported of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salutogen.simulation.item_tables import Floats
from salutogen.simulation.population import Population
from salutogen.simulation.random_streams import BLOCK, Purpose, autoregressive, stream
from salutogen.simulation.settings import ResponseClass
from salutogen.simulation.simulated_scales import Scale

Answers = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class MajorEvents:
    """Who met the major event: `occasion` is -1 for nobody; `response` points into the classes."""

    instrument: str
    occasion: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]
    response: npt.NDArray[np.int64]
    effect: Floats
    rating: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueExposure:
    """What happened in one block.

    `answers` by list: (items, persons, occasions), positions in the item table's values;
    `standardised` (persons, occasions) combined exposure in SD, `stable` (persons,) the part of it
    that a person carries through all occasions.
    """

    answers: dict[str, Answers]
    standardised: Floats
    stable: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureSources:
    """What brings events about, each with SD 1.

    `stable` (types, persons) lasts in a person, `passing` (types, persons, occasions) does not.
    """

    stable: Floats
    passing: Floats


def draw_arms(population: Population, seed: int, block: int) -> npt.NDArray[np.int64]:
    """Arm of each person of the block, as place in `population.arms`; arms of equal size."""
    order = np.arange(BLOCK) % max(len(population.arms), 1)
    return stream(seed, block, Purpose.ARMS).permutation(order)


def arm_effect(population: Population, arm: npt.NDArray[np.int64], what: str) -> Floats:
    """Shift by person and occasion that the arms make in `level`, `slope` or `exposure`."""
    shift = np.zeros((BLOCK, population.n_occasions))
    for place, label in enumerate(population.arms):
        effect = population.settings.arms.effects.get(label)
        if effect is not None:
            start = population.occasion(effect.start, 1)
            shift[arm == place, start:] = getattr(effect, what)
    return shift


def draw_major_events(population: Population, seed: int, block: int) -> MajorEvents | None:
    """Who meets the major event, when, as which item and with which response."""
    settings = population.settings.events
    if settings is None:
        return None
    rng = stream(seed, block, Purpose.EVENTS)
    count = population.n_occasions
    first = population.occasion(settings.first, min(2, count - 1))
    last = max(population.occasion(settings.last, max(count - 3, 0)), first)
    met = rng.random(BLOCK) < settings.share
    occasion = np.where(met, rng.integers(first, last + 1, BLOCK), -1)
    scale = next(scale for scale in population.exposures if scale.name == settings.instrument)
    item = rng.integers(0, scale.table.items, BLOCK)
    classes = list(settings.classes.values())
    bounds = np.cumsum([response.share for response in classes])[:-1]
    response = np.searchsorted(bounds, rng.random(BLOCK), side="right")
    effect = np.zeros((BLOCK, count))
    for place, response_class in enumerate(classes):
        for start in range(first, last + 1):
            chosen = (occasion == start) & (response == place)
            effect[chosen] = _course(population, response_class, start)
    return MajorEvents(
        instrument=settings.instrument,
        occasion=occasion,
        item=item,
        response=response,
        effect=effect,
        rating=settings.rating,
    )


def _course(population: Population, response: ResponseClass, start: int) -> Floats:
    """Course of problems after the event, by occasion, in SD."""
    course = np.zeros(population.n_occasions)
    onset = start + response.delay
    if onset < population.n_occasions:
        since = population.days[onset:] - population.days[onset]
        fading = 1.0 if response.half_life is None else 0.5 ** (since / response.half_life.days)
        course[onset:] = response.jump * fading
    return course


def draw_exposure(
    population: Population,
    seed: int,
    block: int,
    arm_shift: Floats,
    events: MajorEvents | None,
) -> TrueExposure:
    """Draw the events of every list for one block of persons."""
    return list_events(
        population,
        exposure_sources(population, seed, block),
        population.shift + arm_shift,
        events,
        stream(seed, block, Purpose.EVENT_LISTS),
    )


def exposure_sources(population: Population, seed: int, block: int) -> ExposureSources:
    """Draw what lasts and what passes of each type for one block of persons."""
    rng = stream(seed, block, Purpose.EXPOSURE)
    settings, count = population.settings.exposure, population.n_occasions
    shared, own = np.sqrt(settings.association), np.sqrt(1.0 - settings.association)
    shared_stable = rng.standard_normal(BLOCK)
    shared_passing = autoregressive(rng, BLOCK, count, settings.autocorrelation)
    stable, passing = [], []
    for _ in population.exposures:
        stable.append(shared * shared_stable + own * rng.standard_normal(BLOCK))
        alone = autoregressive(rng, BLOCK, count, settings.autocorrelation)
        passing.append(shared * shared_passing + own * alone)
    return ExposureSources(stable=np.array(stable), passing=np.array(passing))


def list_events(
    population: Population,
    sources: ExposureSources,
    shift: Floats,
    events: MajorEvents | None,
    items: np.random.Generator,
    first: int = 0,
) -> TrueExposure:
    """Draw the events of every list from what brings them about.

    Parameters
    ----------
    population : Population
    sources : ExposureSources
    shift : array (occasions,) or (persons, occasions)
        Shift of each type, in its SD.
    events : MajorEvents or None
    items : Generator
    first : int
        Place of the sources' first occasion in the plan; -1 is the one before the plan's first.
    """
    line = population.line
    answers: dict[str, Answers] = {}
    total = np.zeros(sources.passing.shape[1:])
    carried = np.zeros(BLOCK)
    for place, scale in enumerate(population.exposures):
        spread, stable = scale.spread, sources.stable[place]
        expected = spread.centre + spread.a * stable[:, None] + spread.sd * shift
        expected = expected + population.passing[place] * sources.passing[place]
        drawn = scale.table.draw(expected, items)
        if events is not None and scale.name == events.instrument:
            _mark_major_events(scale, drawn, events, items, first)
        answers[scale.name] = drawn
        total += line.weights[place] * (sum_of_values(scale, drawn) - spread.mean)
        carried += line.weights[place] * np.sqrt(spread.between) * stable
    return TrueExposure(
        answers=answers,
        standardised=total / line.exposure_sd,
        stable=carried / line.exposure_sd,
    )


def sum_of_values(scale: Scale, answers: Answers) -> Floats:
    """Sum over items of what each answer adds to the score: (persons, occasions)."""
    values = scale.table.values.astype(np.float32)
    if (values == np.arange(values.size)).all():
        return answers.sum(axis=0, dtype=np.int32).astype(np.float64)
    return np.asarray(values[answers].sum(axis=0), dtype=np.float64)


def _mark_major_events(
    scale: Scale, answers: Answers, events: MajorEvents, rng: np.random.Generator, first: int
) -> None:
    """Let the anchor item occur at the event's occasion and at none before."""
    rating = scale.table.draw_rating((BLOCK,), rng)
    if events.rating is not None:
        rating[:] = np.flatnonzero(scale.table.codes == events.rating)[0]
    places = first + np.arange(answers.shape[2])
    who = np.flatnonzero(events.occasion >= 0)
    chosen = answers[events.item[who], who]
    chosen[places[None, :] < events.occasion[who, None]] = 0
    at_event = places[None, :] == events.occasion[who, None]
    answers[events.item[who], who] = np.where(at_event, rating[who, None], chosen)


def report_exposure(
    population: Population,
    seed: int,
    block: int,
    exposure: TrueExposure,
    problems: Floats,
) -> dict[str, Answers]:
    """Turn what happened into what is reported: forgotten, invented and coloured by problems.

    `problems` (persons, occasions) are the standardised problems. Reports coloured by mood have
    the expectation E + g P (both in SD): events are added where g P is positive and dropped where
    it is negative.
    """
    settings = population.settings.reporting
    if settings.mood == 0.0 and settings.omitted == 0.0 and settings.invented == 0.0:
        return exposure.answers
    rng = stream(seed, block, Purpose.REPORTING)
    reported: dict[str, Answers] = {}
    for scale in population.exposures:
        true = exposure.answers[scale.name]
        shift = settings.mood * scale.spread.sd * problems
        if scale.table.family == "graded":  # a sum holds no events to forget or to invent
            moved = np.clip(np.rint(true + shift), 0, scale.table.values.size - 1)
            reported[scale.name] = moved.astype(true.dtype)
            continue
        happened = (true > 0).sum(axis=0)
        room = (scale.table.items - happened) * scale.table.mean_rating
        total = sum_of_values(scale, true)
        add = np.clip(np.maximum(shift, 0.0) / np.maximum(room, 1e-9), 0.0, 1.0)
        drop = np.clip(np.maximum(-shift, 0.0) / np.maximum(total, 1e-9), 0.0, 1.0)
        add = 1.0 - (1.0 - add) * (1.0 - settings.invented)
        drop = 1.0 - (1.0 - drop) * (1.0 - settings.omitted)
        answers = np.empty_like(true)
        for item in range(scale.table.items):
            chance = rng.random(true.shape[1:], dtype=np.float32)
            rating = scale.table.draw_rating(true.shape[1:], rng)
            kept = np.where(chance < drop, 0, true[item])
            answers[item] = np.where(true[item] > 0, kept, np.where(chance < add, rating, 0))
        reported[scale.name] = answers
    return reported
