"""Prompts as arrays, in the order of time within each person's days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.panel.momentary import NEGATIVE, NOT_SENT, POSITIVE, STRESSOR

if TYPE_CHECKING:
    from salutogen.analyses.recovery.settings import RecoverySettings
    from salutogen.panel.momentary import Momentary

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

MINUTE = 1 / 60


@dataclass(frozen=True, kw_only=True, repr=False)
class Prompts:
    """Prompts whose time is known, sorted by person, burst, day and time.

    Attributes
    ----------
    person, burst, day : array of int (n,)
        Burst and day are numbered through all persons.
    hours : array (n,)
        Since the first prompt of the burst, to the minute.
    stress : array of bool (n,)
        A stressor was told.
    asked : array of bool (n,)
        It is known whether there was one.
    affect : array (n,)
        Higher is worse; NaN where not answered.
    last_day : array of bool (n,)
        Whether the day is the last of its burst.
    affect_role : str
        Which affect it is; positive affect is turned.
    """

    person: Int
    burst: Int
    day: Int
    hours: Float
    stress: Bool
    asked: Bool
    affect: Float
    last_day: Bool
    affect_role: str

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"Prompts({self.person.size} prompts of {np.unique(self.person).size} persons)"

    @property
    def known(self) -> Bool:
        """Where affect is known."""
        return np.isfinite(self.affect)

    @property
    def day_end(self) -> Int:
        """For each prompt the place behind the last of its day."""
        last = np.flatnonzero(np.append(self.day[1:] != self.day[:-1], True)) + 1
        ends: Int = last[np.searchsorted(last, np.arange(self.day.size), side="right")]
        return ends


def read_prompts(stream: Momentary, settings: RecoverySettings, found: Findings) -> Prompts:
    """Take what the analysis needs from the prompts of a study.

    Raises
    ------
    AnalysisError
        No such role, no answers, no stressor, or one prompt a day.
    """
    affect = settings.affect or (NEGATIVE if stream.has(NEGATIVE) else POSITIVE)
    _need_answers(stream, affect, found)
    frame = (
        stream.prompts.filter(
            pl.col("hours").is_not_null()
            & pl.col("day").is_not_null()
            & (pl.col("state") != NOT_SENT)
        )
        .with_columns(hours=(pl.col("hours") / MINUTE).round() * MINUTE)
        .sort("person", "occasion", "day", "hours", "prompt")
    )
    burst = frame.select(pl.struct("person", "occasion").rle_id()).to_series()
    day = frame.select(pl.struct("person", "occasion", "day").rle_id()).to_series()
    score = frame[affect].fill_null(float("nan")).to_numpy()
    last = frame.select(pl.col("day") == pl.col("day").max().over("person", "occasion"))
    told = Prompts(
        person=frame["person"].to_numpy().astype(np.int64),
        burst=burst.to_numpy().astype(np.int64),
        day=day.to_numpy().astype(np.int64),
        hours=frame["hours"].to_numpy(),
        stress=(frame[STRESSOR] > settings.threshold).fill_null(value=False).to_numpy(),
        asked=frame[STRESSOR].is_not_null().to_numpy(),
        affect=score if affect == NEGATIVE else -score,
        last_day=last.to_series().to_numpy(),
        affect_role=affect,
    )
    _need_days(told, settings, found)
    return told


def _need_answers(stream: Momentary, affect: str, found: Findings) -> None:
    """Refuse a study without the roles, or in which nothing was answered."""
    named = {
        STRESSOR: stream.roles.stressor is not None,
        affect: getattr(stream.roles.affect, affect) is not None,
    }
    for role, given in named.items():
        word = {STRESSOR: "stressor"}.get(role, f"{role} affect")
        if not given:
            found.tell("no-momentary-data", variant="role", role=word)
        elif not stream.has(role):
            found.tell("recovery-nothing-answered", role=word)
    if len(found):
        raise AnalysisError(tuple(found))


def _need_days(prompts: Prompts, settings: RecoverySettings, found: Findings) -> None:
    """Refuse prompts without any stressor, or without two answers in a day."""
    if not prompts.stress.any():
        found.tell("recovery-no-stressor", threshold=settings.threshold)
        raise AnalysisError(tuple(found))
    seen = prompts.day[prompts.known]
    if np.unique(seen).size == seen.size:
        found.tell("recovery-one-prompt-a-day")
        raise AnalysisError(tuple(found))
