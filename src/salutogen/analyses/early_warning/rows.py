"""From prompts to each person's answers and windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.momentary import BURST, DAY, with_days
from salutogen.errors import AnalysisError
from salutogen.findings import Findings

if TYPE_CHECKING:
    from salutogen.analyses.early_warning.settings import EarlyWarningSettings
    from salutogen.panel.momentary import Momentary

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FEWEST_WINDOWS = 3
LACKING = 0.1  # share of a person's answers up to which they are left out for the other affect
BY_BURST, BY_DAYS = "bursts", "days"
TIME, DATE, AT, CLOCK = "time", "date", "at", "clock"


@dataclass(frozen=True, kw_only=True, repr=False)
class Course:
    """One person's answers to one affect, in the order of time, and the windows they lie in.

    Attributes
    ----------
    person : int
    values, hours, day, trends
        As `models.early_warning` takes them.
    other : array (n,) or None
        The other affect; None where it is not asked for, or lacks at many answers.
    windows : sequence of array of int
    labels : sequence of str
        What each window is called.
    commonest : float
        Share of answers of the commonest value.
    """

    person: int
    values: Float
    other: Float | None
    hours: Float
    day: Int
    trends: Float | None
    windows: Sequence[Int]
    labels: Sequence[str]
    commonest: float

    def __repr__(self) -> str:
        """Say how many answers and windows there are."""
        return f"Course({self.values.size} answers in {len(self.windows)} windows)"


def windows_by(stream: Momentary, settings: EarlyWarningSettings) -> str:
    """Say whether windows are bursts or days."""
    if settings.windows is not None:
        return settings.windows
    bursts = stream.prompts["occasion"].drop_nulls().n_unique()
    return BY_BURST if bursts >= FEWEST_WINDOWS else BY_DAYS


def courses(
    stream: Momentary,
    affect: str,
    beside: str | None,
    settings: EarlyWarningSettings,
    found: Findings,
) -> list[Course]:
    """Answers of each person with their windows, whether enough or not.

    Parameters
    ----------
    affect : str
    beside : str, optional
        The other affect, for the cross-correlation.

    Raises
    ------
    AnalysisError
        Times are not known, or nobody answered twice in a day.
    """
    given = stream.given.drop_nulls(affect)
    timed = given.drop_nulls([TIME, "local"])
    if given.height and not timed.height:
        found.tell("early-warning-without-times")
        raise AnalysisError(tuple(found))
    frame = with_days(timed.unique(["person", TIME], keep="first", maintain_order=True))
    frame = frame.sort("person", TIME, "prompt")
    if not frame.height or frame.group_by("person", DAY).len()["len"].to_numpy().max() < 2:
        found.tell("one-prompt-a-day", step="early-warning")
        raise AnalysisError(tuple(found))
    seconds = pl.col(TIME).dt.epoch("ms") / 1000
    clock = pl.col("local").dt.hour() + pl.col("local").dt.minute() / 60
    frame = frame.with_columns(
        ((seconds - seconds.min().over("person")) / 3600).alias(AT),
        clock.alias(CLOCK),
        (pl.col("local").dt.date() - pl.col("local").dt.date().min().over("person"))
        .dt.total_days()
        .alias(DATE),
    )
    by = windows_by(stream, settings)
    return [
        _course(*_with_other(own, beside), affect, by, settings)
        for own in frame.partition_by("person", maintain_order=True)
    ]


def _with_other(own: pl.DataFrame, other: str | None) -> tuple[pl.DataFrame, str | None]:
    """Leave out answers that lack the other affect; where these are many, the other affect."""
    if other is None or own[other].null_count() > LACKING * own.height:
        return own, None
    return own.drop_nulls(other), other


def _course(
    own: pl.DataFrame, other: str | None, affect: str, by: str, settings: EarlyWarningSettings
) -> Course:
    values, hours = own[affect].to_numpy().astype(float), own[AT].to_numpy()
    windows = _of_bursts(own) if by == BY_BURST else _of_days(own, settings)
    trends = np.column_stack([hours, own[CLOCK].to_numpy()]) if settings.trends else None
    return Course(
        person=int(own["person"][0]),
        values=values,
        other=None if other is None else own[other].to_numpy().astype(float),
        hours=hours,
        day=own[DAY].to_numpy(),
        trends=trends,
        windows=list(windows.values()),
        labels=list(windows),
        commonest=float(np.unique(values, return_counts=True)[1].max() / values.size),
    )


def _of_bursts(own: pl.DataFrame) -> dict[str, Int]:
    """Rows of each burst, in the order of time, by its label."""
    burst = own[BURST].to_numpy()
    labels = own["occasion"].cast(pl.String).to_list()
    order = dict.fromkeys(int(one) for one in burst if one >= 0)
    places = {one: np.flatnonzero(burst == one) for one in order}
    return {str(labels[rows[0]]): rows for rows in places.values()}


def _of_days(own: pl.DataFrame, settings: EarlyWarningSettings) -> dict[str, Int]:
    """Rows of windows of days, counted from the person's first; overlapping where asked."""
    day = own[DATE].to_numpy()
    made = {}
    for first in range(0, int(day.max()) + 1, settings.step_days):
        behind = first + settings.window_days
        rows = np.flatnonzero((day >= first) & (day < behind))
        if rows.size:
            made[f"days {first + 1} to {behind}"] = rows
    return made
