"""Simulated prompts as the table that a source with a row per prompt says it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from salutogen.simulation.momentary_settings import MomentarySettings
from salutogen.simulation.random_streams import BLOCK, Purpose, stream
from salutogen.simulation.true_affect import AffectTraits, Floats, affect_through

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salutogen.simulation.cohort import Block
    from salutogen.simulation.population import Population
    from salutogen.study import Instrument, Study
    from salutogen.study.format import Burst, PromptTime, Source

_MINUTE, _HOUR = 60.0, 3600.0
_USUAL_HOURS = (9.0, 21.0)
_DELAY, _TAKEN = 6 * _MINUTE, (40.0, 120.0)  # seconds: mean until opened; to answer
_UNSENT_ROWS = {"planned": ("missed", "not sent"), "sent": ("missed",), "answered": ()}


def prompt_table(population: Population, block: Block, seed: int, source: Source) -> pl.DataFrame:
    """The table of prompts of one block, by person, burst and prompt."""
    study, settings = population.study, population.settings.momentary
    traits = block.affect
    parts = []
    for number, (occasion, burst) in enumerate(study.schedule.planned_bursts):
        rng = stream(seed, block.block, Purpose.AFFECT, number)
        drawn = _burst(population, block, settings, traits, occasion.index, burst, source, rng)
        parts.append(drawn.with_columns(pl.lit(number).alias("burst number")))
    if not parts:
        return _nothing(study, source)
    whole = pl.concat(parts)
    order = ["person place", "burst number", "prompt number"]
    return whole.sort(order).drop(*order, "state")


def _nothing(study: Study, source: Source) -> pl.DataFrame:
    """A table without rows, for a plan without bursts."""
    items = [column for one in study.prompted.values() for column in one.columns.values()]
    times = [time.column for time in source.prompt_times.values()]
    return pl.DataFrame(schema=dict.fromkeys([source.person_columns[0], *times, *items], pl.String))


def _burst(
    population: Population,
    block: Block,
    settings: MomentarySettings,
    traits: AffectTraits,
    occasion: int,
    burst: Burst,
    source: Source,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Prompts of one burst of those who were there; drawn for a whole block."""
    study, n = population.study, block.n_persons
    shape = (BLOCK, burst.days * burst.prompts_per_day)
    due = _due(burst, rng, shape)
    whole = _padded(traits, n)
    stressed = rng.random(shape) < _chance(whole.stressors[:, None])
    affect = affect_through(settings, whole, stressed, due / _HOUR, rng)
    state = _states(settings, whole, stressed, rng)
    opened = due + rng.exponential(_DELAY, shape)
    done = opened + rng.uniform(*_TAKEN, shape)
    answers = {
        name: _answers(study, settings, instrument, affect, stressed, rng)
        for name, instrument in study.prompted.items()
    }
    there = np.flatnonzero(block.present[:, occasion])
    person, prompt = (one.ravel() for one in np.meshgrid(there, np.arange(shape[1]), indexing="ij"))
    place = (person, prompt)
    midnight = np.floor(block.days[person, occasion]) + 1.0  # the day after the visit
    start = np.datetime64(population.settings.timing.start, "us")
    frame: dict[str, pl.Series | npt.NDArray[np.generic]] = {
        "person place": person,
        "prompt number": prompt + 1,
        "state": state[place],
        source.person_columns[0]: block.subjects.gather(person),
    }
    seconds = {"scheduled": due, "sent": due, "started": opened, "answered": done}
    for what, time in source.prompt_times.items():
        wall = start + np.rint((midnight * 86_400.0 + seconds[what][place]) * 1e6).astype(
            "timedelta64[us]"
        )
        frame[time.column] = _written(wall, time, source)
    frame |= _labels(study, source, occasion, prompt)
    for name, instrument in study.prompted.items():
        for item, values in zip(instrument.columns.values(), answers[name], strict=True):
            frame[item] = values[place]
    return _with_gaps(pl.DataFrame(frame), study, source, settings)


def _padded(traits: AffectTraits, persons: int) -> AffectTraits:
    """Traits of a whole block, so that a larger cohort begins with the same persons."""
    if persons == BLOCK:
        return traits
    more = {name: np.resize(getattr(traits, name), BLOCK) for name in AffectTraits.__slots__}
    return AffectTraits(**more)


def _due(burst: Burst, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Seconds from the first midnight: each prompt at any time of the middle of its part."""
    first, last = burst.hours or _USUAL_HOURS
    part = (last - first) / burst.prompts_per_day
    place = np.arange(shape[1])
    day, beep = place // burst.prompts_per_day, place % burst.prompts_per_day
    within = rng.uniform(0.15, 0.85, shape)
    hours = 24.0 * day + first + (beep + within) * part
    return np.rint(hours * _HOUR)


def _chance(logits: Floats) -> Floats:
    chance: Floats = 1.0 / (1.0 + np.exp(-logits))
    return chance


def _states(
    settings: MomentarySettings,
    traits: AffectTraits,
    stressed: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> npt.NDArray[np.str_]:
    """What becomes of each prompt."""
    logits = traits.missing[:, None] + settings.missed.stressor * stressed
    missed = rng.random(stressed.shape) < _chance(logits)
    partial = rng.random(stressed.shape) < settings.partial
    unsent = rng.random(stressed.shape) < settings.not_sent
    state = np.where(missed, "missed", np.where(partial, "partial", "answered"))
    found: npt.NDArray[np.str_] = np.where(unsent, "not sent", state)
    return found


def _answers(
    study: Study,
    settings: MomentarySettings,
    instrument: Instrument,
    affect: Floats,
    stressed: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> list[Floats]:
    """Codes of each item, (persons, prompts); NaN where an item is not asked."""
    roles = {} if study.plan.momentary is None else study.plan.momentary.named
    role = next((role for role, name in roles.items() if name == instrument.name), "")
    lowest, highest = 0.0, 1.0
    if instrument.answers is not None:
        lowest, highest = instrument.answers.minimum, instrument.answers.maximum
    if role == "stressor":
        return [np.where(stressed, highest, lowest) for _ in instrument.items]
    latent = affect
    if role == "positive":
        latent = 1.0 - settings.level + settings.positive * (affect - settings.level)
    found = []
    for item in instrument.items:
        share = latent + settings.item_sd * rng.standard_normal(latent.shape)
        if item in instrument.reverse:
            share = 1.0 - share
        codes = np.clip(np.rint(lowest + share * (highest - lowest)), lowest, highest)
        found.append(np.where(stressed, codes, np.nan) if role == "appraisal" else codes)
    return found


def _labels(
    study: Study, source: Source, occasion: int, prompt: npt.NDArray[np.int64]
) -> dict[str, pl.Series]:
    """Columns that name burst, prompt, zone and kind of row."""
    constant: Mapping[str | None, str] = {
        source.burst: study.labels[occasion],
        None if source.only is None else source.only.column: (
            "" if source.only is None else source.only.codes[0]
        ),
    }
    found = {
        name: pl.Series([word]).new_from_index(0, prompt.size)
        for name, word in constant.items()
        if name is not None
    }
    if source.prompt is not None:
        found[source.prompt] = pl.Series(prompt + 1)
    return found


def _written(wall: npt.NDArray[np.datetime64], time: PromptTime, source: Source) -> pl.Series:
    """Times of a clock on the wall, as their column has them."""
    local = pl.Series(wall).cast(pl.Datetime("us"))
    if time.unit == "datetime":
        return local.dt.strftime(time.format or "%Y-%m-%dT%H:%M:%S")
    if time.unit.startswith("local"):
        return local.dt.epoch("s")
    zone = time.zone or (source.zone if isinstance(source.zone, str) else None)
    placed = local.dt.replace_time_zone(zone or "UTC", ambiguous="earliest", non_existent="null")
    return placed.dt.epoch("ms" if time.unit.startswith("milli") else "s")


def _with_gaps(
    frame: pl.DataFrame, study: Study, source: Source, settings: MomentarySettings
) -> pl.DataFrame:
    """Take out what was not sent, opened, finished or answered, and rows that are not written."""
    times = {what: time.column for what, time in source.prompt_times.items()}
    given = pl.col("state").is_in(["answered", "partial"])
    whole = pl.col("state") == "answered"
    keep = {"sent": pl.col("state") != "not sent", "started": given, "answered": whole}
    columns = [
        pl.when(keep[what]).then(pl.col(column)).alias(column)
        for what, column in times.items()
        if what in keep and list(times.values()).count(column) == 1
    ]
    items = [column for one in study.prompted.values() for column in one.columns.values()]
    begun = items[: (len(items) + 1) // 2]  # who breaks off has answered the first half
    columns += [
        pl.when(given if column in begun else whole)
        .then(pl.col(column).fill_nan(None))
        .cast(pl.Int32)
        .alias(column)
        for column in items
    ]
    written = ["answered", "partial", *_UNSENT_ROWS[settings.rows]]
    return frame.with_columns(columns).filter(pl.col("state").is_in(written))
