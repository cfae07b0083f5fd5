"""How prompts were answered: how late, how fast, all alike, at night."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.adherence.settings import AdherenceSettings
from salutogen.columns import Column, Kind
from salutogen.page.audience import told_quantiles
from salutogen.panel.momentary import ANSWERED, UNSCHEDULED, Momentary

if TYPE_CHECKING:
    from salutogen.page.audience import Audience

QUARTILES = (0.25, 0.5, 0.75)
SPEED_COLUMNS = (
    Column(name="what", meaning="What is timed", heading="", kind=Kind.LABEL),
    Column(name="unit", meaning="Unit of the times", heading="Unit", kind=Kind.LABEL),
    Column(name="n", meaning="Persons with such times", unit="persons", heading="Persons",
           kind=Kind.COUNT),
    Column(name="prompts", meaning="Prompts with such times", unit="prompts", heading="Prompts",
           kind=Kind.COUNT, by="n"),
    Column(name="quartiles", meaning="Quartiles over prompts", heading="Quartiles", n="n",
           at=QUARTILES),
)  # fmt: skip
QUALITY_COLUMNS = (
    Column(name="what", meaning="What is odd", heading="Odd", kind=Kind.LABEL),
    Column(name="n", meaning="Persons with such prompts", unit="persons", heading="Persons",
           kind=Kind.COUNT),
    Column(name="prompts", meaning="Such prompts", unit="prompts", heading="Prompts",
           kind=Kind.COUNT, by="n"),
    Column(name="share", meaning="Share of the prompts that could be judged",
           heading="Of those judged", n="n"),
)  # fmt: skip
STRAIGHT, FAST, NIGHT, UNASKED = "all answers alike", "too fast", "at night", "unscheduled"
DELAY, TAKEN = "from sent to opened", "from opened to finished"


CONTEXT_COLUMNS = (
    Column(name="what", meaning="What a device measured", heading="Measured", kind=Kind.LABEL),
    Column(name="n", meaning="Persons with such values", unit="persons", heading="Persons",
           kind=Kind.COUNT),
    Column(name="prompts", meaning="Prompts with a value", unit="prompts", heading="Prompts",
           kind=Kind.COUNT, by="n"),
    Column(name="share", meaning="Share of all planned prompts that have a value",
           heading="Of planned", n="n"),
    Column(name="answered", meaning="Share of answered prompts that have a value",
           heading="Of answered", n="n"),
)  # fmt: skip


def context_table(stream: Momentary, devices: Mapping[str, str]) -> pl.DataFrame:
    """Coverage of what devices measured at prompts: steps, heart rate and the like.

    Parameters
    ----------
    stream : Momentary
    devices : mapping of an instrument's name to its title
    """
    made = []
    prompts = stream.prompts
    planned = prompts["state"] != UNSCHEDULED
    answered = prompts["state"] == ANSWERED
    for name, title in devices.items():
        known = stream.answers[name].select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        if known.any():
            made.append(
                (
                    title,
                    prompts.filter(known)["person"].n_unique(),
                    int(known.sum()),
                    float((known & planned).sum() / max(int(planned.sum()), 1)),
                    float((known & answered).sum() / max(int(answered.sum()), 1)),
                )
            )
    schema = {
        "what": pl.String, "n": pl.Int64, "prompts": pl.Int64, "share": pl.Float64,
        "answered": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(made, schema=schema, orient="row")


def speed_table(prompts: pl.DataFrame, audience: Audience) -> pl.DataFrame:
    """Quartiles of delay (minutes) and of the time taken (seconds); clocks that jump left out."""
    timed = with_times(prompts)
    made = []
    for what, unit in ((DELAY, "minutes"), (TAKEN, "seconds")):
        known = timed.filter(pl.col(what).is_not_null())
        if not known.height:
            continue
        quartiles = told_quantiles(
            known[what].to_numpy(), QUARTILES, audience.smallest, known["person"].n_unique()
        )
        made.append(
            {
                "what": what,
                "unit": unit,
                "n": known["person"].n_unique(),
                "prompts": known.height,
                "quartiles": [float(one) for one in np.asarray(quartiles)],
            }
        )
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "what": pl.String, "unit": pl.String, "n": pl.Int64, "prompts": pl.Int64,
        "quartiles": pl.List(pl.Float64),
    }  # fmt: skip
    return pl.DataFrame(made, schema=schema)


def with_times(prompts: pl.DataFrame) -> pl.DataFrame:
    """Add the delay in minutes and the time taken in seconds; null where unknown or negative."""
    sent = pl.coalesce("sent", "scheduled")
    delay = (pl.coalesce("started", "answered") - sent).dt.total_microseconds() / 6e7
    taken = (pl.col("answered") - pl.col("started")).dt.total_microseconds() / 1e6
    return prompts.with_columns(
        pl.when(one >= 0).then(one).alias(name) for name, one in ((DELAY, delay), (TAKEN, taken))
    )


def quality_table(
    stream: Momentary, settings: AdherenceSettings, devices: Collection[str] = ()
) -> pl.DataFrame:
    """Count prompts whose answers are odd, of those with answers that could be judged.

    What `devices` measured is no answer.
    """
    asked = {name: one for name, one in stream.answers.items() if name not in devices}
    known, alike = _answers(asked)
    frame = with_times(stream.prompts).with_columns(known=known, alike=alike)
    frame = frame.filter(pl.col("known") > 0)
    hour = frame["local"].dt.hour() + frame["local"].dt.minute() / 60.0
    first, last = settings.night
    inside = (hour >= first) & (hour < last) if first <= last else (hour >= first) | (hour < last)
    judged: Mapping[str, tuple[pl.Series, pl.Series]] = {
        STRAIGHT: (frame["known"] >= settings.straight, frame["alike"]),
        FAST: (
            frame[TAKEN].is_not_null(),
            frame[TAKEN] < settings.too_fast * frame["known"].cast(pl.Float64),
        ),
        NIGHT: (hour.is_not_null(), inside),
        UNASKED: (frame["state"].is_not_null(), frame["state"] == UNSCHEDULED),
    }
    made = []
    for what, (of, odd) in judged.items():
        found = frame.filter(of & odd.fill_null(value=False))
        if of.any():
            made.append((what, found["person"].n_unique(), found.height, found.height / of.sum()))
    schema = {"what": pl.String, "n": pl.Int64, "prompts": pl.Int64, "share": pl.Float64}
    return pl.DataFrame(made, schema=schema, orient="row")


def _answers(answers: Mapping[str, pl.DataFrame]) -> tuple[pl.Series, pl.Series]:
    """How many items each prompt has answers to, and whether all of them are the same code."""
    columns = [
        column.cast(pl.Float64).alias(f"{place}")
        for place, column in enumerate(
            column for frame in answers.values() for column in frame.iter_columns()
        )
    ]
    frame = pl.DataFrame(columns)
    found = frame.select(
        known=pl.sum_horizontal(pl.all().is_not_null()),
        alike=pl.max_horizontal(pl.all()) == pl.min_horizontal(pl.all()),
    )
    return found["known"], found["alike"].fill_null(value=False)
