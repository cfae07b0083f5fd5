"""Reliability by halves: whether persons keep their place from one half of bursts to the other.

The reliability of the model takes a person's slope and level to be the same on all days. Where
persons have better and worse months, it is too high; halves that hold different months show it.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.momentary import BURST, DAY
from salutogen.analyses.reactivity.rows import AFFECT, PERSON, WITHIN

Float = NDArray[np.float64]
FEWEST_PERSONS = 20
FEWEST_ROWS = 3  # prompts of a person in each half


def reliability_by_halves(
    frame: pl.DataFrame, expected: Float
) -> tuple[float | None, float | None]:
    """Correlate persons' slopes, and levels, between odd and even bursts (days, where one burst).

    Each is what least squares give of a person's prompts in that half, weighted by how much both
    halves tell; stepped up to the whole by Spearman and Brown.

    Parameters
    ----------
    frame : DataFrame
        Rows of `Reactions`.
    expected : array (n,)
        What the fixed part of the model expects of each row but for the stressor now.

    Returns
    -------
    tuple of float or None
        Of slopes and of levels; None with fewer than twenty persons who have both halves.
    """
    part = DAY if frame[BURST].n_unique() < 2 else BURST
    halves = (
        frame.with_columns(
            left=pl.col(AFFECT) - pl.Series(expected),
            half=pl.col(part).rank("dense").over(PERSON) % 2,
        )
        .group_by(PERSON, "half")
        .agg(
            n=pl.len(),
            x=pl.col(WITHIN).mean(),
            y=pl.col("left").mean(),
            xx=(pl.col(WITHIN) - pl.col(WITHIN).mean()).pow(2).sum(),
            xy=((pl.col(WITHIN) - pl.col(WITHIN).mean()) * pl.col("left")).sum(),
        )
        .filter(pl.col("n") >= FEWEST_ROWS)
    )
    slopes = halves.filter(pl.col("xx") > 1e-9).select(
        PERSON, "half", value=pl.col("xy") / pl.col("xx"), weight="xx"
    )
    levels = halves.select(PERSON, "half", value="y", weight=pl.col("n").cast(pl.Float64))
    return _stepped_up(slopes), _stepped_up(levels)


def _stepped_up(halves: pl.DataFrame) -> float | None:
    pairs = halves.filter(half=0).join(halves.filter(half=1), on=PERSON).sort(PERSON)
    if pairs.height < FEWEST_PERSONS:
        return None
    one, other, w1, w2 = (
        pairs[name].to_numpy() for name in ("value", "value_right", "weight", "weight_right")
    )
    weight = 1 / (1 / w1 + 1 / w2)
    one, other = one - np.average(one, weights=weight), other - np.average(other, weights=weight)
    spread = np.sqrt(np.average(one**2, weights=weight) * np.average(other**2, weights=weight))
    if not spread > 0:
        return None
    r = float(np.average(one * other, weights=weight) / spread)
    return max(0.0, 2 * r / (1 + r))
