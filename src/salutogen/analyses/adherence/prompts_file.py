"""`prompts.csv`, one row per prompt, and `adherence.csv`, one row per person. Personal data."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.adherence.quality import DELAY, TAKEN, with_times
from salutogen.columns import Column, Kind
from salutogen.panel.momentary import ROLES

_SCORES = {
    "stressor": "Momentary stressor, as its instrument is scored",
    "negative": "Momentary negative affect, mean of its items",
    "positive": "Momentary positive affect, mean of its items",
    "appraisal": "Appraisal of the latest event, mean of its items",
}


def _column(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name=name, meaning=meaning, unit=unit, kind=Kind.PERSON)


PROMPT_FILE_COLUMNS = (
    Column(name="subject", meaning="Person", unit="text", kind=Kind.IDENTIFIER),
    _column("occasion", "Occasion that the burst goes with; empty where prompts run through"),
    _column("prompt", "Number of the prompt within person and burst, by time, from 1"),
    _column("day", "Day of the burst on the person's own calendar, from 1", "days"),
    _column("beep", "Number of the planned prompt within the day, from 1"),
    _column("scheduled", "Moment for which the prompt was planned", "UTC"),
    _column("sent", "Moment at which it was sent", "UTC"),
    _column("started", "Moment at which it was opened", "UTC"),
    _column("answered", "Moment at which it was answered", "UTC"),
    _column("zone", "Zone of the person's clock, by name or offset from UTC"),
    _column("local", "Clock on the wall when it was answered, or was due", "local time"),
    _column("hours", "From the first prompt of the burst to the answer, or when it was due", "h"),
    _column("state", "answered, partial, missed, not sent or unscheduled"),
    _column("rebuilt", "Whether it has no row in the data and was made from the plan"),
    _column("delay", "From sent to opened; empty where clocks disagree", "minutes"),
    _column("taken", "From opened to finished", "seconds"),
    *(_column(name, meaning, "points of its scale") for name, meaning in _SCORES.items()),
)  # fmt: skip

PERSON_FILE_COLUMNS = (
    Column(name="subject", meaning="Person", unit="text", kind=Kind.IDENTIFIER),
    _column("planned", "Planned prompts", "prompts"),
    _column("answered", "Answered prompts", "prompts"),
    _column("partial", "Prompts answered in part", "prompts"),
    _column("missed", "Missed prompts", "prompts"),
    _column("not_sent", "Planned prompts that were not sent", "prompts"),
    _column("share", "Answered of planned prompts"),
    _column("longest_run", "Most prompts missed one after another", "prompts"),
    _column("delay", "Median from sent to opened", "minutes"),
    _column("taken", "Median from opened to finished", "seconds"),
)


def persons_table(
    each: pl.DataFrame, runs: pl.DataFrame, prompts: pl.DataFrame, persons: pl.DataFrame
) -> pl.DataFrame:
    """Make the table of persons.

    Parameters
    ----------
    each : DataFrame
        Counts and share of each person.
    runs : DataFrame
        `person` and `length` of each run of missed prompts.
    prompts, persons : DataFrame
        `persons` says what `subject` holds.
    """
    timed = with_times(prompts).group_by("person")
    middle = timed.agg(delay=pl.col(DELAY).median(), taken=pl.col(TAKEN).median())
    longest = runs.group_by("person").agg(longest_run=pl.col("length").max().cast(pl.Int64))
    frame = (
        each.join(persons.select("person", "subject"), on="person", how="left")
        .join(longest, on="person", how="left")
        .join(middle, on="person", how="left")
        .with_columns(pl.col("longest_run").fill_null(0))
        .sort("person")
    )
    return frame.select(one.name for one in PERSON_FILE_COLUMNS)


def prompts_table(prompts: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Make the table of prompts; `subject` holds what `persons` has.

    Roles that the study does not give have no column.
    """
    subjects = persons.sort("person")["subject"]
    frame = with_times(prompts).rename({DELAY: "delay", TAKEN: "taken"})
    moments = ("scheduled", "sent", "started", "answered")
    frame = frame.with_columns(
        pl.col("occasion", "state").cast(pl.String),
        *(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in moments),
        pl.col("local").dt.strftime("%Y-%m-%dT%H:%M:%S"),
        subject=subjects.gather(prompts["person"]),
    )
    empty = [name for name in ROLES if prompts[name].null_count() == prompts.height]
    names = [one.name for one in PROMPT_FILE_COLUMNS if one.name not in empty]
    return frame.select(names)
