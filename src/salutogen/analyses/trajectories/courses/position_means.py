"""Means by position around the event, as tables and figures show them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.hiding import hide_small_of
from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray, told_positions
from salutogen.columns import POINTS, Column, Kind
from salutogen.page.audience import Audience

INTERVAL = (
    Column(name="mean", meaning="Mean", unit=POINTS),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS),
)
COLUMNS = (
    Column(name="position", meaning="Place around the event", kind=Kind.LABEL),
    Column(name="n", meaning="Courses with a value", kind=Kind.COUNT),
    *INTERVAL,
)


def means_by_position(
    values: FloatArray,
    person: NDArray[np.int64],
    audience: Audience,
    beside: FloatArray | None = None,
) -> pl.DataFrame:
    """Mean with its 95 % interval by position, over the courses with a value there.

    Means of too few persons for the audience are left out, those of nearly all courses
    (`told_positions`), and counts that it may not be told. Where persons are hidden means are told
    in steps (`Audience.told_mean`).

    Parameters
    ----------
    values : ndarray, shape (n, 4)
    person : ndarray of int, shape (n,)
        Whose course it is; errors are clustered by person.
    audience : Audience
    beside : ndarray, shape (n, 4), optional
        Values of which means by position are told as well.
    """
    rows = []
    told = told_positions(values, audience.smallest, beside)
    for name, column, may in zip(POSITIONS, values.T, told, strict=True):
        found = mean_of(column, person, audience)
        shown = may and found.persons >= max(2, audience.smallest)
        ends: tuple[float | None, ...] = (found.mean, found.low, found.high)
        ends = ends if shown else (None, None, None)
        rows.append({"position": name, "n": found.n}
                    | dict(zip(("mean", "low", "high"), ends, strict=True)))  # fmt: skip
    kinds = {"position": pl.String, "n": pl.Int64} | dict.fromkeys(
        ("mean", "low", "high"), pl.Float64
    )
    return hide_small_of(person.size, pl.DataFrame(rows, schema=kinds), COLUMNS, audience)
