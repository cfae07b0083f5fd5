"""From prompts to the rows of a model: stressors split into person's mean and deviation from it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from salutogen.analyses.momentary import BURST, DAY, with_days
from salutogen.counts import Forms, forms_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.panel.momentary import APPRAISAL, STRESSOR, Momentary

PERSON, HOURS = "person", "hours"
AFFECT, WITHIN, BETWEEN, BEFORE = "affect", "stressor_within", "stressor_between", "stressor_before"
CLOCK, DAYS = "hour_of_day", "days"
FEWEST_PERSONS = 10
FEWEST_PROMPTS = 2  # a day with one answered prompt tells nothing of what lasts within it


@dataclass(frozen=True, kw_only=True)
class Reactions:
    """Rows of one affect, sorted by person and time.

    Attributes
    ----------
    frame : DataFrame
        `person`, `burst` (number), `day_of_burst` (number of the person's day over all bursts),
        `hours` (true hours since the burst began), `affect` and `appraisal` (points of their
        scales), `stressor`,
        `stressor_between` (the person's mean), `stressor_within` (deviation from it),
        `stressor_before` (that of the prompt before, where both are of one day and were answered),
        `hour_of_day` and `days` (about their means).
    doubled : Forms
        Answers left out since another one was given at the same moment.
    """

    frame: pl.DataFrame
    doubled: Forms

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return self.frame[PERSON].n_unique()


def read_reactions(stream: Momentary, affect: str, found: Findings) -> Reactions:
    """Take the prompts at which both stressor and affect were answered.

    Raises
    ------
    AnalysisError
        No stressor is ever reported, all prompts have the same, times are not known, each day has
        one prompt, or there are fewer than ten persons.
    """
    prompts = stream.given.drop_nulls([STRESSOR, affect])
    timed = prompts.drop_nulls(["hours", "local"])
    if prompts.height and not timed.height:
        found.tell("reactivity-without-times")
        raise AnalysisError(tuple(found))
    moments = timed.sort("person", "occasion", "hours", "prompt", nulls_last=True)
    again = ~moments.select(
        pl.struct("person", "occasion", "hours").is_first_distinct()
    ).to_series()
    doubled = forms_of(again.to_numpy(), moments["person"].to_numpy())
    frame = with_days(moments.filter(~again))
    persons = frame["person"].n_unique()
    if persons < FEWEST_PERSONS:
        found.tell("reactivity-few-persons", persons=Persons(persons), least=FEWEST_PERSONS)
        raise AnalysisError(tuple(found))
    if frame[STRESSOR].n_unique() < 2:
        value = frame[STRESSOR][0]
        found.tell("no-momentary-stressor", variant="none" if value == 0 else "constant")
        raise AnalysisError(tuple(found))
    if frame.group_by(PERSON, DAY).len()["len"].max() < FEWEST_PROMPTS:  # type: ignore[operator]
        found.tell("one-prompt-a-day", step="reactivity")
        raise AnalysisError(tuple(found))
    mean = pl.col(STRESSOR).mean().over(PERSON)
    frame = frame.with_columns(
        pl.col(affect).alias(AFFECT),
        mean.alias(BETWEEN),
        (pl.col(STRESSOR) - mean).alias(WITHIN),
        _about_mean(pl.col("local").dt.hour() + pl.col("local").dt.minute() / 60).alias(CLOCK),
        _about_mean(pl.col("day").cast(pl.Float64)).alias(DAYS),
    )
    frame = frame.with_columns(_before().alias(BEFORE))
    kept = [
        PERSON,
        BURST,
        DAY,
        HOURS,
        AFFECT,
        STRESSOR,
        WITHIN,
        BETWEEN,
        BEFORE,
        APPRAISAL,
        CLOCK,
        DAYS,
    ]
    return Reactions(frame=frame.select(kept), doubled=doubled)


def _before() -> pl.Expr:
    """Deviation at the prompt before, if that is of the same day and was answered."""
    same = [PERSON, DAY]
    follows = pl.col("prompt") - pl.col("prompt").shift(1).over(same) == 1
    return pl.when(follows).then(pl.col(WITHIN).shift(1).over(same))


def _about_mean(value: pl.Expr) -> pl.Expr:
    return value - value.mean()
