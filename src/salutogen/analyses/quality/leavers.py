"""Persons who left beside those who stayed, at their first valid occasion."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.models.quantiles import NORMAL_95
from salutogen.resilience.between_within import OccasionArrays

FEWEST = 3  # on each side
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
)


def leavers_beside_stayers(arrays: OccasionArrays) -> pl.DataFrame:
    """Compare P, E and SR of persons who left with those of persons who stayed.

    A person left who was seen at neither of the last two occasions at which anybody was: who missed
    only the last need not have left. Where there are fewer than four occasions, the last one alone
    decides. The difference is Hedges' g with the large-sample interval of Hedges & Olkin (1985).

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
    rows = []
    for name, values in (("P", arrays.P), ("E", arrays.E), ("SR", arrays.SR)):
        gone, here = values[first][left], values[first][~left]
        difference, low, high = hedges_g(gone, here)
        rows.append(
            (name, gone.size, here.size, float(gone.mean()), float(here.mean()),
             difference, low, high)
        )  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def closing_occasions(arrays: OccasionArrays) -> np.ndarray:
    """Occasions at none of which those who left were seen: the last two, or the last of few."""
    present = np.unique(arrays.occasion)
    return present[-2 if present.size >= ENOUGH_OCCASIONS else -1 :]


def hedges_g(one: np.ndarray, other: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """Standardised difference of two means, one less other, with its 95 % interval.

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
    half = NORMAL_95 * float(np.sqrt((n + m) / (n * m) + g**2 / (2 * (n + m))))
    return g, g - half, g + half


_SCHEMA = {
    column.name: pl.String
    if column.name == "score"
    else pl.Int64
    if column.kind is Kind.COUNT
    else pl.Float64
    for column in LEAVER_COLUMNS
}
