"""In which one state each prompt is: answered, partial, missed, not sent or unscheduled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.panel.momentary import ANSWERED, MISSED, NOT_SENT, PARTIAL, STATES, UNSCHEDULED

if TYPE_CHECKING:
    from salutogen.study.format import Source

NOBODY_ASKED = "-1"  # the prompt's number where the person answered unasked


def has_answers(answers: Mapping[str, pl.DataFrame], height: int) -> pl.Series:
    """Tell which rows hold an answer to any item."""
    found = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
    for frame in answers.values():
        for column in frame.iter_columns():
            found |= column.is_not_null()
    return found


def lacks_answers(
    answers: Mapping[str, pl.DataFrame], names: Sequence[str], height: int
) -> pl.Series:
    """Tell which rows lack an answer to some item of these instruments."""
    found = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
    for name in names:
        for column in answers[name].iter_columns():
            found |= column.is_null()
    return found


def states_of(
    times: pl.DataFrame,
    plan: Source,
    prompt: pl.Series | None,
    answered: pl.Series,
    lacking: pl.Series,
) -> pl.Series:
    """Put each row into one state.

    A prompt is *answered* where it has answers, none that everyone is asked for is lacking, and
    it was finished, if the source knows when; *partial* where it was opened or begun; *not sent*
    where the source knows when prompts were sent and this one was not; otherwise *missed*.
    *Unscheduled* are answers nobody had asked for: the source has the time for which prompts were
    scheduled (or, without it, at which they were sent), and this row has none, or its prompt is -1.

    Parameters
    ----------
    times : DataFrame
        The columns that the source has of `scheduled`, `sent`, `started`, `answered`.
    plan : Source
    prompt : Series of str or None
        Names of the prompts.
    answered, lacking : Series of bool
        Whether a row has an answer, and whether it lacks one that everyone is asked for.
    """
    no = pl.repeat(False, times.height, dtype=pl.Boolean, eager=True)
    yes = ~no

    def known(what: str, otherwise: pl.Series) -> pl.Series:
        return times[what].is_not_null() if what in plan.prompt_times else otherwise

    begun = answered | known("started", no) | known("answered", no)
    whole = answered & known("answered", yes) & (~lacking)
    due = known("scheduled", known("sent", yes))
    unasked = begun & ~due
    if prompt is not None:
        unasked |= (prompt == NOBODY_ASKED).fill_null(value=False)
    frame = pl.DataFrame(
        {"begun": begun, "whole": whole, "unasked": unasked, "sent": known("sent", yes)}
    )
    state = (
        pl.when("unasked")
        .then(pl.lit(UNSCHEDULED))
        .when("whole")
        .then(pl.lit(ANSWERED))
        .when("begun")
        .then(pl.lit(PARTIAL))
        .when(~pl.col("sent"))
        .then(pl.lit(NOT_SENT))
        .otherwise(pl.lit(MISSED))
    )
    return frame.select(state.cast(pl.Enum(STATES)).alias("state")).to_series()
