"""Coefficients of change, as they are and corrected: columns of the tables, and what they tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import POINTS, Column, Kind

Float = NDArray[np.float64]
BASELINE = "problems before"
OF_BASELINE, OF_COVARIATE = "baseline", "covariate"
SLOPE_COLUMNS = (
    Column(name="kind", heading="Kind", kind=Kind.LABEL,
           meaning="Whether the term is the baseline or a covariate, however that is called"),
    Column(name="term", meaning="What change is regressed on", kind=Kind.LABEL, heading="Term"),
    Column(name="k", meaning="Times the observed correlation; null: as it is, not corrected",
           heading="k"),
    Column(name="without_stressor", heading="Correlation without the stressor",
           meaning="Correlation that both measurements would have without the stressor"),
    Column(name="possible", meaning="Whether that correlation is 1 at most", heading="Possible"),
    Column(name="slope", meaning="Coefficient: change per point of the term",
           unit=f"{POINTS} per point", sign="positive = rises more", heading="Coefficient"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=f"{POINTS} per point",
           heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=f"{POINTS} per point",
           heading="to"),
)  # fmt: skip
POOLED_COLUMNS = (
    *SLOPE_COLUMNS,
    Column(name="se", meaning="Standard error with what is unknown of the missing values",
           unit=f"{POINTS} per point", heading="SE"),
    Column(name="df", meaning="Degrees of freedom of t (Barnard and Rubin)", heading="df",
           kind=Kind.TELLING, step=5),
    Column(name="missing", meaning="Share of the information on the coefficient that is missing",
           heading="Information missing"),
)  # fmt: skip


def slope_table(
    columns: Sequence[Column],
    terms: Sequence[str],
    k: Sequence[float],
    correlation: float,
    **figures: Float,
) -> pl.DataFrame:
    """Rows of each term: as it is, then by k; null for what is not possible.

    Parameters
    ----------
    columns : sequence of Column
    terms : sequence of str
        q names, the baseline first.
    k : sequence of float
    correlation : float
        Of both measurements.
    **figures : array (1 + len(k), q)
        `slope`, `low`, `high` and others by column.
    """
    told: list[dict[str, object]] = []
    for place, term in enumerate(terms):
        for row, times in enumerate((None, *k)):
            without = None if times is None else times * correlation
            own = {name: float(values[row, place]) for name, values in figures.items()}
            told.append(
                {
                    "kind": OF_COVARIATE if place else OF_BASELINE,
                    "term": term, "k": times, "without_stressor": without,
                    "possible": None if without is None else bool(without <= 1.0),
                    **{name: value if np.isfinite(value) else None for name, value in own.items()},
                }
            )  # fmt: skip
    kinds = {
        item.name: pl.String if item.kind is Kind.LABEL
        else pl.Boolean if item.name == "possible" else pl.Float64
        for item in columns
    }  # fmt: skip
    return pl.DataFrame(told, schema=kinds)


def of_baseline(slopes: pl.DataFrame) -> list[dict[str, float | None]]:
    """Rows of the slope on problems before: as it is, then by k."""
    return slopes.filter(kind=OF_BASELINE).to_dicts()


def directions(slopes: pl.DataFrame) -> dict[float, int]:
    """Which way the corrected slope on problems before is told, by k: -1, 1, or 0 for neither."""
    return {
        k: side_of_zero(row["low"], row["high"])
        for row in of_baseline(slopes)
        if (k := row["k"]) is not None and row["low"] is not None
    }


def told_otherwise(slopes: pl.DataFrame, others: pl.DataFrame) -> bool:
    """Whether both tell another direction for a k that they share."""
    mine, theirs = directions(slopes), directions(others)
    return any(mine[k] != theirs[k] for k in mine.keys() & theirs.keys())
