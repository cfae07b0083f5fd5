"""Answered of planned prompts: by burst, day, hour, place in the day and arm, and by person."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.panel.momentary import ANSWERED, MISSED, NOT_SENT, PARTIAL, UNSCHEDULED

PROMPTS, PERSONS = "prompts", "persons"
FEWEST = 3  # prompts of a person below which a share of theirs says nothing


def _counted(name: str, meaning: str, heading: str) -> Column:
    return Column(
        name=name, meaning=meaning, unit=PROMPTS, heading=heading, kind=Kind.COUNT, by="n"
    )


PERSON_COUNT = Column(
    name="n", meaning="Persons with planned prompts", unit=PERSONS, heading="Persons",
    kind=Kind.COUNT,
)  # fmt: skip
RATE = Column(
    name="share", meaning="Answered of planned prompts", heading="Answered of planned", n="n"
)
COUNTS = (
    PERSON_COUNT,
    _counted("planned", "Planned prompts", "Planned"),
    _counted("answered", "Answered prompts", "Answered"),
    _counted("partial", "Prompts answered in part", "In part"),
    _counted("missed", "Missed prompts", "Missed"),
    _counted("not_sent", "Planned prompts that were not sent", "Not sent"),
)


def rate_columns(name: str, meaning: str, heading: str) -> tuple[Column, ...]:
    """Declare a table of rates by something."""
    return (Column(name=name, meaning=meaning, heading=heading, kind=Kind.LABEL), *COUNTS, RATE)


BURST_COLUMNS = rate_columns("burst", "Occasion that the burst goes with", "Burst")
DAY_COLUMNS = rate_columns("day", "Day of the burst, from 1", "Day")
HOUR_COLUMNS = rate_columns("hour", "Hour of the person's own clock at which prompts were due",
                            "Hour")  # fmt: skip
BEEP_COLUMNS = rate_columns("beep", "Number of the prompt within the day", "Prompt of the day")
ARM_COLUMNS = rate_columns("arm", "Arm of the trial", "Arm")
SPREAD_COLUMNS = (
    PERSON_COUNT,
    Column(name="mean", meaning="Mean of persons' shares of answered prompts", heading="Mean",
           n="n", sd="sd"),
    Column(name="sd", meaning="SD of persons' shares of answered prompts", heading="SD", n="n"),
    Column(name="quartiles", meaning="Quartiles of persons' shares of answered prompts",
           heading="Quartiles", n="n", at=(0.25, 0.5, 0.75)),
)  # fmt: skip
RUN_COLUMNS = (
    Column(name="length", meaning="Prompts missed one after another within a burst",
           heading="Missed in a row", kind=Kind.LABEL),
    Column(name="n", meaning="Persons with such a run", unit=PERSONS, heading="Persons",
           kind=Kind.COUNT),
    Column(name="runs", meaning="Runs of so many", unit="runs", heading="Runs", kind=Kind.COUNT,
           by="n"),
)  # fmt: skip
LONGEST_RUN = 10


def planned_with_arms(prompts: pl.DataFrame, persons: pl.DataFrame, arm: str) -> pl.DataFrame:
    """Planned prompts with the hour at which each was due, and the person's arm where planned."""
    ahead = pl.col("local") - pl.col("time").dt.replace_time_zone(None)
    wall = pl.coalesce("scheduled", "time").dt.replace_time_zone(None) + ahead
    frame = prompts.filter(pl.col("state") != UNSCHEDULED).with_columns(hour=wall.dt.hour())
    if arm not in persons.columns:
        return frame.with_columns(arm=pl.lit(None, dtype=pl.String))
    return frame.join(
        persons.select("person", pl.col(arm).alias("arm")), on="person", how="left",
        maintain_order="left",
    )  # fmt: skip


def rates_by(planned: pl.DataFrame, by: str, name: str) -> pl.DataFrame:
    """Count planned prompts by state, for each value of a column; none where it is unknown."""
    return (
        planned.filter(pl.col(by).is_not_null())
        .group_by(pl.col(by).alias(name))
        .agg(*counts())
        .with_columns(share=pl.col("answered") / pl.col("planned"))
        .sort(name)
    )


def counts() -> list[pl.Expr]:
    """Expressions that count persons and prompts by state."""
    states = {"answered": ANSWERED, "partial": PARTIAL, "missed": MISSED, "not_sent": NOT_SENT}
    return [
        pl.col("person").n_unique().cast(pl.Int64).alias("n"),
        pl.len().cast(pl.Int64).alias("planned"),
        *((pl.col("state") == one).sum().cast(pl.Int64).alias(key) for key, one in states.items()),
    ]


def by_person(planned: pl.DataFrame) -> pl.DataFrame:
    """Share of answered prompts of each person who had some planned."""
    return (
        planned.group_by("person")
        .agg(*counts()[1:])
        .with_columns(share=pl.col("answered") / pl.col("planned"))
        .sort("person")
    )


def runs_of_missed(planned: pl.DataFrame) -> pl.DataFrame:
    """Runs of missed prompts within person and burst: `person`, `length`.

    A prompt that was not sent ends no run and is not counted; it was nobody's to miss.
    """
    sent = planned.filter(pl.col("state") != NOT_SENT).sort("person", "occasion", "prompt")
    missed = pl.col("state") == MISSED
    changed = pl.struct("person", "occasion", missed.alias("missed")).rle_id()
    return (
        sent.with_columns(run=changed, missed=missed)
        .filter("missed")
        .group_by("run", maintain_order=True)
        .agg(pl.col("person").first(), pl.len().alias("length"))
        .drop("run")
    )


def missed_in_a_row(runs: pl.DataFrame) -> pl.DataFrame:
    """Count runs of missed prompts by length; the last stands for all that are longer."""
    told = (
        runs.with_columns(length=pl.col("length").clip(1, LONGEST_RUN).cast(pl.Int64))
        .group_by("length")
        .agg(
            pl.col("person").n_unique().cast(pl.Int64).alias("n"),
            pl.len().cast(pl.Int64).alias("runs"),
        )
        .sort("length")
    )
    words = pl.when(pl.col("length") == LONGEST_RUN).then(pl.lit(f"{LONGEST_RUN} or more"))
    return told.with_columns(length=words.otherwise(pl.col("length").cast(pl.String)))


def spread_of(shares: np.ndarray, quartiles: np.ndarray) -> pl.DataFrame:
    """Mean, SD and quartiles of persons' shares."""
    sd = float(shares.std(ddof=1)) if shares.size > 1 else None
    return pl.DataFrame(
        {
            "n": [int(shares.size)],
            "mean": [float(shares.mean())],
            "sd": pl.Series([sd], dtype=pl.Float64),
            "quartiles": [[float(one) for one in quartiles]],
        }
    )
