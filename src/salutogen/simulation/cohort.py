"""One block of simulated persons: what they answered, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from salutogen.namespaces import ARM, background_column
from salutogen.simulation.factors import draw_factors
from salutogen.simulation.item_tables import Floats
from salutogen.simulation.occasion_before import problems_before
from salutogen.simulation.participation import draw_days, draw_participation
from salutogen.simulation.population import Population
from salutogen.simulation.random_streams import BLOCK, Purpose, stream
from salutogen.simulation.settings import BackgroundSettings
from salutogen.simulation.true_affect import AffectTraits, draw_traits, true_affect
from salutogen.simulation.true_exposure import (
    MajorEvents,
    TrueExposure,
    arm_effect,
    draw_arms,
    draw_exposure,
    draw_major_events,
    report_exposure,
)
from salutogen.simulation.true_problems import (
    Reactivity,
    TrueProblems,
    draw_problems,
    draw_reactivity,
)

_SUBJECT_DIGITS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Answers and truth of one block of persons.

    Attributes
    ----------
    subjects : Series of text
    answers : mapping of instrument name to array (items, persons, occasions)
        Positions in the item table's values, or numbers; one occasion for baseline instruments.
    present : bool array (persons, occasions)
    days : float array (persons, occasions)
        Day of the answer since the first planned day.
    background : DataFrame
        One row per person: background columns and arm, by their name in the study file.
    truth : DataFrame
        One row per person; SR and slope in points of the first problem scale.
    events : DataFrame
        One row per major event: `person` and `occasion` (places), `event` (item), `rating` (code),
        `day` since the first planned day.
    affect : AffectTraits
        What lasts of momentary affect.
    """

    subjects: pl.Series
    answers: dict[str, npt.NDArray[np.int8] | Floats]
    present: npt.NDArray[np.bool_]
    days: Floats
    background: pl.DataFrame
    truth: pl.DataFrame
    block: int
    events: pl.DataFrame
    affect: AffectTraits

    @property
    def n_persons(self) -> int:
        """Number of persons in the block."""
        return len(self.subjects)


def draw_block(population: Population, seed: int, block: int, persons: int) -> Block:
    """Draw one block. The block is drawn whole and cut to `persons`.

    So a larger cohort begins with the very persons of a smaller one.
    """
    arm = draw_arms(population, seed, block)
    events = draw_major_events(population, seed, block)
    shift = arm_effect(population, arm, "exposure")
    exposure = draw_exposure(population, seed, block, shift, events)
    reactivity = draw_reactivity(population, seed, block)
    level_shift = arm_effect(population, arm, "level")
    if events is not None:
        level_shift = level_shift + events.effect
    problems = draw_problems(
        population,
        seed,
        block,
        exposure,
        reactivity,
        level_shift=level_shift,
        slope_shift=arm_effect(population, arm, "slope"),
    )
    reported = report_exposure(population, seed, block, exposure, problems.standardised)
    before = np.zeros(BLOCK)
    if population.follows_problems:
        before = problems_before(population, seed, block, reactivity, events)
    earlier = np.column_stack([before, problems.standardised[:, :-1]])
    factors = draw_factors(population, seed, block, reactivity, exposure.stable, earlier)
    present = draw_participation(
        population, seed, block, problems.standardised, exposure.standardised
    )
    subjects = _subjects(block, persons)
    background = _background(population, seed, block, arm)[:persons]
    answers = {**reported, **problems.answers, **factors}
    affect = draw_traits(population.settings.momentary, seed, block, reactivity.level)
    affect = affect.first(persons)
    return Block(
        subjects=subjects,
        answers={name: values[:, :persons] for name, values in answers.items()},
        present=present[:persons],
        days=draw_days(population, seed, block)[:persons],
        background=background,
        truth=pl.DataFrame({"subject": subjects}).hstack(
            [
                *_truth(population, exposure.standardised, problems, reactivity, events, present)[
                    :persons
                ].get_columns(),
                *true_affect(population, affect).get_columns(),
            ]
        ),
        block=block,
        events=_dated(population, seed, block, persons, events, exposure),
        affect=affect,
    )


def _dated(
    population: Population,
    seed: int,
    block: int,
    persons: int,
    events: MajorEvents | None,
    exposure: TrueExposure,
) -> pl.DataFrame:
    """Major events with their day: any time between the visit before and the one that hears it."""
    schema = {
        "person": pl.Int64,
        "occasion": pl.Int64,
        "event": pl.String,
        "rating": pl.Float64,
        "day": pl.Float64,
    }
    if events is None:
        return pl.DataFrame(schema=schema)
    who = np.flatnonzero(events.occasion[:persons] >= 0)
    when, item = events.occasion[who], events.item[who]
    days = draw_days(population, seed, block)
    before = np.where(when > 0, days[who, np.maximum(when - 1, 0)], days[who, when])
    share = stream(seed, block, Purpose.EVENT_DAYS).random(BLOCK)[who]
    scale = next(scale for scale in population.exposures if scale.name == events.instrument)
    answers = exposure.answers[events.instrument][item, who, when]
    columns = list(scale.instrument.items)
    return pl.DataFrame(
        {
            "person": who,
            "occasion": when,
            "event": [columns[place] for place in item],
            "rating": scale.table.codes[answers],
            "day": before + share * (days[who, when] - before),
        },
        schema=schema,
    )


def _subjects(block: int, persons: int) -> pl.Series:
    numbers = range(block * BLOCK + 1, block * BLOCK + persons + 1)
    return pl.Series("subject", [f"P{number:0{_SUBJECT_DIGITS}d}" for number in numbers])


def _background(
    population: Population, seed: int, block: int, arm: npt.NDArray[np.int64]
) -> pl.DataFrame:
    """Background columns and arm, as they are called among the persons."""
    rng = stream(seed, block, Purpose.BACKGROUND)
    columns: dict[str, pl.Series] = {}
    drawn_as: dict[tuple[str, str], str] = {}  # a column may be read under two names
    default = next(iter(population.study.plan.answer_sources))
    for name, planned in population.study.plan.background.items():
        settings = population.settings.background.get(name, BackgroundSettings())
        own = background_column(name)
        first = drawn_as.setdefault((planned.source or default, planned.column), own)
        if first != own:
            columns[own] = columns[first].alias(own)
        elif planned.kind == "number":
            drawn = settings.mean + settings.sd * rng.standard_normal(BLOCK)
            bounded = np.clip(drawn, settings.minimum, settings.maximum)
            columns[own] = pl.Series(own, np.rint(bounded).astype(np.int16))
        else:
            bounds = np.cumsum(list(settings.labels.values()))
            place = np.searchsorted(bounds / bounds[-1], rng.random(BLOCK), side="right")
            labels = pl.Series(own, list(settings.labels))
            columns[own] = labels.gather(np.minimum(place, bounds.size - 1))
    if population.arms:
        columns[ARM] = pl.Series(ARM, list(population.arms)).gather(arm)
    return pl.DataFrame(columns)


def _truth(
    population: Population,
    exposure: Floats,
    problems: TrueProblems,
    reactivity: Reactivity,
    events: MajorEvents | None,
    present: npt.NDArray[np.bool_],
) -> pl.DataFrame:
    """The truth about each person of a whole block."""
    line, first = population.line, population.problems[0]
    points = first.sd_points
    sr = (problems.true - problems.expected).mean(axis=1)
    seen = present.shape[1] - np.argmax(present[:, ::-1], axis=1)
    labels = population.study.labels
    truth = {
        "E_mean": line.exposure_mean + line.exposure_sd * exposure.mean(axis=1),
        "P_mean": first.mean_points + first.sign * points * problems.true.mean(axis=1),
        "SR_mean": points * sr,
        "level": points * line.level_sd * reactivity.level,
        "slope": points / line.exposure_sd * (line.within + line.slope_sd * reactivity.slope),
        "last_occasion": [labels[place - 1] for place in seen],
    }
    frame = pl.DataFrame(truth)
    if events is None or population.settings.events is None:
        return frame
    met = events.occasion >= 0
    classes = list(population.settings.events.classes)
    return frame.with_columns(
        pl.Series(
            "event_occasion",
            [labels[place] if place >= 0 else None for place in events.occasion],
            dtype=pl.String,
        ),
        pl.Series(
            "response_class",
            [classes[p] if m else None for p, m in zip(events.response, met, strict=True)],
            dtype=pl.String,
        ),
    )
