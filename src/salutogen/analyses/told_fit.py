"""RMSEA of structural models as it is told: beside chi-square it tells the number of persons."""

from __future__ import annotations

import math

import polars as pl

RMSEA = ("rmsea", "rmsea_low", "rmsea_high")


def with_told_size(
    table: pl.DataFrame, columns: tuple[str, ...], n: int, told: int
) -> pl.DataFrame:
    """Return a table of fit with RMSEA as that of so many persons.

    RMSEA is sqrt((chi-square - df) / (n df)): with chi-square and df it gives n back.

    Parameters
    ----------
    table : DataFrame
    columns : tuple of str
        RMSEA, the ends of its interval, or a change of it.
    n, told : int
        Persons, and as many as it is told with (`Audience.told_size`).
    """
    if n == told:
        return table
    return table.with_columns(pl.col(columns) * math.sqrt(n / told))
