"""Diaries made by hand and simulated ones whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.recovery.prompts import Prompts, read_prompts
from salutogen.analyses.recovery.settings import RecoverySettings
from salutogen.context import RunContext
from salutogen.findings import Findings
from salutogen.page.audience import Audience
from salutogen.panel.momentary import ANSWERED, DTYPES, MISSED, Momentary
from salutogen.study.format import MomentaryRoles

MISSING = None
NEGATIVE_ONLY = MomentaryRoles.model_validate({"stressor": "event", "affect": {"negative": "na"}})


def stream(frame: pl.DataFrame, roles: MomentaryRoles = NEGATIVE_ONLY) -> Momentary:
    """Prompts from `person`, `occasion`, `day`, `beep`, `hours`, `stressor` and affect."""
    labels = frame["occasion"].unique().sort().to_list()
    given = pl.any_horizontal(
        pl.col(name).is_not_null() for name in ("negative", "positive") if name in frame.columns
    )
    full = frame.with_columns(
        prompt=pl.int_range(1, pl.len() + 1).over("person", "occasion"),
        state=pl.when(given).then(pl.lit(ANSWERED)).otherwise(pl.lit(MISSED)),
        rebuilt=pl.lit(value=False),
        data_row=pl.int_range(1, pl.len() + 1),
    )
    types = {**DTYPES, "occasion": pl.Enum(labels)}
    prompts = full.select(
        (pl.col(name) if name in full.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in types.items()
    )
    return Momentary(prompts=prompts, answers={}, roles=roles, source="beeps")


def by_hand(days: Sequence[Sequence[tuple[float, int | None, float | None]]]) -> Prompts:
    """Days of one person, each prompt with its hour, stressor and negative affect."""
    rows = [
        {"person": 0, "occasion": "a", "day": day, "beep": beep, "hours": 24.0 * (day - 1) + hour,
         "stressor": stressor, "negative": affect}
        for day, prompts in enumerate(days, start=1)
        for beep, (hour, stressor, affect) in enumerate(prompts, start=1)
    ]  # fmt: skip
    schema = {"stressor": pl.Float64, "negative": pl.Float64}
    frame = pl.DataFrame(rows, schema_overrides=schema)
    return read_prompts(stream(frame), RecoverySettings(), Findings())


def _hours(rng: np.random.Generator, persons: int, days: int, beeps: int) -> np.ndarray:
    """Times of prompts, each in its own part of twelve hours; shape (persons, days * beeps)."""
    place = np.arange(days * beeps)
    part = 12.0 / beeps
    within = (place % beeps + rng.uniform(0.1, 0.9, (persons, place.size))) * part
    return 24.0 * (place // beeps) + within


def _frame(
    hours: np.ndarray, stress: np.ndarray, affect: np.ndarray, missed: np.ndarray,
    beeps: int, bursts: int,
) -> pl.DataFrame:  # fmt: skip
    persons, prompts = hours.shape
    place = np.tile(np.arange(prompts), persons)
    each = prompts // beeps // bursts
    gone = missed.ravel()
    return pl.DataFrame(
        {
            "person": np.repeat(np.arange(persons), prompts),
            "occasion": [f"b{one}" for one in place // beeps // each],
            "day": place // beeps % each + 1,
            "beep": place % beeps + 1,
            "hours": hours.ravel(),
            "stressor": np.where(gone, np.nan, stress.ravel().astype(float)),
            "negative": np.where(gone, np.nan, affect.ravel()),
        }
    ).with_columns(pl.col("stressor", "negative").fill_nan(None))


def episodic(
    persons: int = 60, *, half_life: float = 2.0, spread: float = 0.4, days: int = 10,
    beeps: int = 8, bursts: int = 2, chance: float = 0.15, reacting: float = 0.8,
    missed: float = 0.2, seed: int = 1, unseen: bool = True,
) -> pl.DataFrame:  # fmt: skip
    """Affect is 30 points higher from a stressor until an exponential time, or the day, is over.

    Unless `unseen`, missed prompts have no stressors that nobody knows of.
    """
    rng = np.random.default_rng(seed)
    hours = _hours(rng, persons, days, beeps)
    gone = rng.random(hours.shape) < missed
    stress = (rng.random(hours.shape) < chance) & (unseen | ~gone)
    middle = half_life / np.log(2) * np.exp(spread * rng.standard_normal(persons))
    lasting = rng.exponential(1.0, hours.shape) * middle[:, None]
    reacts = stress & (rng.random(hours.shape) < reacting)
    # A new reaction takes the place of the one before: what is left of either is exponential.
    place = np.arange(hours.shape[1])
    last = np.maximum.accumulate(np.where(reacts, place, -1), axis=1)
    until = np.take_along_axis(np.minimum(hours + lasting, 24.0 * (hours // 24) + 18.0), last, 1)
    outside = (last >= 0) & ((until > hours) | reacts)
    level = 30 + 6 * rng.standard_normal((persons, 1))
    affect = level + 30 * outside + 3 * rng.standard_normal(hours.shape)
    return _frame(hours, stress, affect, gone, beeps, bursts)


def fading(
    persons: int = 60, *, half_life: float = 3.0, rise: float = 15.0, days: int = 10,
    beeps: int = 8, bursts: int = 2, chance: float = 0.2, missed: float = 0.2, seed: int = 1,
    unseen: bool = True,
) -> pl.DataFrame:  # fmt: skip
    """A stressor raises affect at once, and the rise halves again and again."""
    rng = np.random.default_rng(seed)
    hours = _hours(rng, persons, days, beeps)
    gone = rng.random(hours.shape) < missed
    stress = (rng.random(hours.shape) < chance) & (unseen | ~gone)
    own = rise + 0.3 * rise * rng.standard_normal(persons)
    noise = rng.standard_normal(hours.shape)
    reaction, passing = np.zeros(persons), 8 * rng.standard_normal(persons)
    affect = np.empty(hours.shape)
    for prompt in range(hours.shape[1]):
        if prompt:
            gap = hours[:, prompt] - hours[:, prompt - 1]
            reaction = reaction * 0.5 ** (gap / half_life)
            kept = 0.5 ** (gap / 2.0)
            passing = kept * passing + 8 * np.sqrt(1 - kept**2) * noise[:, prompt]
        reaction = reaction + own * stress[:, prompt]
        affect[:, prompt] = 30 + reaction + passing
    return _frame(hours, stress, affect, gone, beeps, bursts)


def inputs_of(
    momentary: Momentary | None, *, persons: int = 60, individuals: bool = True
) -> AnalysisInputs:
    """What the analysis takes, of a study with nothing but prompts."""
    audience = Audience(individuals=individuals, n_persons=persons, seed=1)
    labels = pl.Series("subject", audience.labels(np.arange(persons)))
    panel: Any = SimpleNamespace(momentary=momentary, persons=pl.DataFrame({"subject": labels}))
    nothing: Any = cast(Any, None)
    return AnalysisInputs(
        study=nothing, panel=panel, scores=nothing, norm=nothing, resilience=nothing,
        run=RunContext(seed=1, audience=audience),
    )  # fmt: skip
