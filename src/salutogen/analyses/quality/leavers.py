"""Persons who left beside those who stayed: at their first occasion, and before leaving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.models.quantiles import NORMAL_95
from salutogen.models.regression.logistic import logistic_fit
from salutogen.resilience.between_within import OccasionArrays

FEWEST = 3  # on each side
MOST_LOG_ODDS = 18.0  # beyond it an interval says nothing
FEWEST_LEFT = 10  # who leave, for odds of leaving with two predictors
ENOUGH_OCCASIONS = 4  # that two at the end may decide who left

LEAVER_COLUMNS = (
    Column(name="score", meaning="Score", heading="Score", kind=Kind.LABEL),
    Column(
        name="n_left",
        meaning="Persons seen at neither of the last two occasions at which anybody was; where "
        "there are fewer than four occasions, not at the last",
        unit="persons",
        kind=Kind.COUNT,
        heading="Left",
    ),
    Column(
        name="n_stayed",
        meaning="Persons seen at one of them",
        unit="persons",
        kind=Kind.COUNT,
        heading="Stayed",
    ),
    Column(
        name="mean_left",
        meaning="Mean of those who left, at their first valid occasion",
        unit="points",
        heading="Mean of those who left",
    ),
    Column(
        name="mean_stayed",
        meaning="Mean of those who stayed, at their first valid occasion",
        unit="points",
        heading="Mean of those who stayed",
    ),
    Column(
        name="difference",
        meaning="Left less stayed, divided by the pooled SD (Hedges' g)",
        unit="SDs",
        sign="positive = those who left had more of it",
        heading="Difference (SDs)",
    ),
    Column(name="low", meaning="Lower end of its 95 % interval", unit="SDs", heading="95 %: from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit="SDs", heading="to"),
    Column(
        name="mean_before_leaving",
        meaning="Mean at the last occasion before leaving",
        unit="points",
        heading="Mean before leaving",
    ),
    Column(
        name="mean_before_staying",
        meaning="Mean at occasions after which the person, who could have left, was seen again",
        unit="points",
        heading="Mean before being seen again",
    ),
    Column(
        name="odds_ratio",
        meaning="Odds of leaving after an occasion, for each SD of the score at it; logistic "
        "regression on the score and the number of the occasion. Null where fewer than ten left",
        unit="odds ratio per SD",
        sign="above 1 = more of it goes with leaving",
        heading="Odds of leaving per SD",
    ),
    Column(
        name="odds_low",
        meaning="Lower end of its 95 % interval, errors clustered by person; Student's quantile "
        "with as many degrees of freedom as persons left, less the predictors",
        unit="odds ratio per SD",
        heading="95 %: from (odds)",
    ),
    Column(
        name="odds_high",
        meaning="Upper end of its 95 % interval",
        unit="odds ratio per SD",
        heading="to (odds)",
    ),
)


def as_it_is(mean: float, sd: float, n: int) -> float:
    """A mean where everything may be told."""
    return mean


def leavers_beside_stayers(
    arrays: OccasionArrays,
    told_size: Callable[[int], int] = int,
    told_mean: Callable[[float, float, int], float] = as_it_is,
) -> pl.DataFrame:
    """Compare P, E and SR of persons who left with those of persons who stayed.

    A person left who was seen at neither of the last two occasions at which anybody was: who missed
    only the last need not have left. Where there are fewer than four occasions, the last one alone
    decides. The difference is Hedges' g with the large-sample interval of Hedges & Olkin (1985).

    Leaving is also looked at where it happened: after each occasion at which a person could leave,
    the odds of not being seen again go with the score at it (`odds_of_leaving`). Who is the same at
    first may well differ just before leaving.

    Parameters
    ----------
    arrays : OccasionArrays
    told_size : callable
        Persons that the interval of the difference is made with (`Audience.told_size`).
    told_mean : callable
        A mean as it may be told, from it, its SD and its number (`Audience.told_mean`).

    Returns
    -------
    DataFrame
        The columns `LEAVER_COLUMNS`; no row with fewer than three persons on a side, or where
        everybody has one occasion.
    """
    empty = pl.DataFrame(schema=_SCHEMA)
    if not arrays.person.size or np.ptp(arrays.occasion) == 0:
        return empty
    first = np.unique(arrays.person, return_index=True)[1]
    last = np.append(first[1:], arrays.person.size) - 1
    left = arrays.occasion[last] < closing_occasions(arrays)[0]
    if min(np.count_nonzero(left), np.count_nonzero(~left)) < FEWEST:
        return empty
    chances = chances_to_leave(arrays, left)
    rows = []
    for name, values in (("P", arrays.P), ("E", arrays.E), ("SR", arrays.SR)):
        gone, here = values[first][left], values[first][~left]
        difference, low, high = hedges_g(gone, here, told_size)
        rows.append(
            (name, gone.size, here.size, _mean(gone, told_mean), _mean(here, told_mean),
             difference, low, high, *odds_of_leaving(values, arrays, chances, told_mean))
        )  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _mean(values: np.ndarray, told_mean: Callable[[float, float, int], float]) -> float:
    return told_mean(float(values.mean()), float(np.std(values)), values.size)


@dataclass(frozen=True)
class Chances:
    """Rows after which the person could leave, and whether that happened; shapes (n,) and (m,)."""

    rows: np.ndarray
    left: np.ndarray


def chances_to_leave(arrays: OccasionArrays, left: np.ndarray) -> Chances:
    """Take the rows before the closing occasions; leaving follows the last row of who left.

    Parameters
    ----------
    arrays : OccasionArrays
    left : ndarray of bool, shape (persons with rows,)
    """
    rows = np.flatnonzero(arrays.occasion < closing_occasions(arrays)[0])
    last = np.append(arrays.person[1:] != arrays.person[:-1], True)
    gone = last.copy()
    gone[last] = left
    return Chances(rows=rows, left=gone[rows])


def odds_of_leaving(
    values: np.ndarray,
    arrays: OccasionArrays,
    chances: Chances,
    told_mean: Callable[[float, float, int], float] = as_it_is,
) -> _Odds:
    """How leaving after an occasion goes with a score at it.

    A logistic regression of single chances to leave (discrete time) on the score in SDs and on the
    number of the occasion, with errors clustered by person. It is of those seen up to then, so that
    nothing is taken of what was not seen.

    Returns
    -------
    mean_before_leaving, mean_before_staying, odds_ratio, low, high : float or None
        The last three None where fewer than ten left, where the score does not vary, or where it
        parts the two without overlap or nearly so (odds beyond a hundred million).
    """
    from scipy.special import stdtrit

    own, gone = values[chances.rows], chances.left
    if not gone.any() or gone.all():
        return None, None, None, None, None
    means = _mean(own[gone], told_mean), _mean(own[~gone], told_mean)
    sd = float(np.std(own, ddof=1))
    if np.count_nonzero(gone) < FEWEST_LEFT or not sd > 0:
        return *means, None, None, None
    when = arrays.occasion[chances.rows].astype(float)
    columns = np.ones((3 if np.ptp(when) > 0 else 2, own.size))  # once: they are long
    columns[1] = (own - own.mean()) / sd
    if len(columns) > 2:
        columns[2] = (when - when.mean()) / np.ptp(when)
    del own, when
    fit = logistic_fit(columns.T, gone, arrays.person[chances.rows])
    if fit is None:
        return *means, None, None, None
    # What is known of the odds rests on those who left: t with as many degrees of freedom.
    quantile = float(stdtrit(fit.n_happened - len(columns) + 1, 0.975))
    b, variance = float(fit.coefficients[1]), float(fit.covariance[1, 1])
    half = quantile * float(np.sqrt(variance)) if variance > 0 else np.inf
    if not abs(b) + half < MOST_LOG_ODDS:
        return *means, None, None, None
    return *means, float(np.exp(b)), float(np.exp(b - half)), float(np.exp(b + half))


def closing_occasions(arrays: OccasionArrays) -> np.ndarray:
    """Occasions at none of which those who left were seen: the last two, or the last of few."""
    present = np.unique(arrays.occasion)
    return present[-2 if present.size >= ENOUGH_OCCASIONS else -1 :]


def hedges_g(
    one: np.ndarray, other: np.ndarray, told_size: Callable[[int], int] = int
) -> tuple[float | None, float | None, float | None]:
    """Standardised difference of two means, one less other, with its 95 % interval.

    The interval follows from g and both numbers of persons, which `told_size` gives.

    Returns
    -------
    g, low, high : float or None
        None where neither side varies.
    """
    n, m = one.size, other.size
    df = n + m - 2
    pooled = float(np.sqrt(((n - 1) * np.var(one, ddof=1) + (m - 1) * np.var(other, ddof=1)) / df))
    if not pooled > 0:
        return None, None, None
    g = (1 - 3 / (4 * df - 1)) * float(one.mean() - other.mean()) / pooled
    n, m = told_size(n), told_size(m)
    half = NORMAL_95 * float(np.sqrt((n + m) / (n * m) + g**2 / (2 * (n + m))))
    return g, g - half, g + half


type _Odds = tuple[float | None, float | None, float | None, float | None, float | None]

_SCHEMA = {
    column.name: pl.String
    if column.name == "score"
    else pl.Int64
    if column.kind is Kind.COUNT
    else pl.Float64
    for column in LEAVER_COLUMNS
}
