"""`response.csv`: how each anchored person responded, observed and partially pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.metrics import QUANTITIES
from salutogen.analyses.trajectories.recovery.response import jump, mean_change
from salutogen.columns import LESS_RESILIENT, POINTS

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

POOLED = ("jump_pooled", "jump_pooled_se", "asymptote_pooled", "asymptote_pooled_se")
HALF_LIFE = ("half_life", "half_life_low", "half_life_high")


def response_columns(result: Trajectories) -> pl.DataFrame:
    """One row per anchor, in their order: observed jump and change, pooled response, metrics.

    Columns that cannot be given (see the findings) are left out; single values are null.
    """
    columns: dict[str, FloatArray] = {
        "jump": jump(result.lock),
        "mean_change": mean_change(result.lock),
    }
    recovery, n = result.recovery, result.anchors.n
    curve, varying = recovery.curve, recovery.varying
    if curve is not None:
        told = varying is not None and varying.told
        courses = varying.courses if varying is not None and told else curve.courses
        pooled = (courses.jump, courses.jump_se, courses.asymptote, courses.asymptote_se)
        columns |= {
            name: _spread(values, curve.persons, n)
            for name, values in zip(POOLED, pooled, strict=True)
        }
        if varying is not None and told:
            columns |= {
                name: _spread(values, curve.persons, n)
                for name, values in zip(HALF_LIFE, varying.half_lives, strict=True)
            }
    table = pl.DataFrame(columns)
    metrics = recovery.metrics
    if metrics is not None:
        table = table.with_columns(
            *(pl.Series(name, getattr(metrics, name)) for name in QUANTITIES),
            pl.Series("censored", metrics.censored),
        )
    return table.with_columns(pl.selectors.float().fill_nan(None))


def _spread(values: FloatArray, rows: np.ndarray, n: int) -> FloatArray:
    full = np.full(n, np.nan)
    full[rows] = values
    return full


def response_about(unit: str) -> tuple[tuple[str, ...], ...]:
    """Describe the columns; `unit` of time is days with dated events, else occasions."""
    pooled = "partially pooled over persons"
    return (
        ("jump", POINTS, "SR at the event minus SR before it", LESS_RESILIENT),
        (
            "mean_change",
            POINTS,
            "Mean SR at post1 and post2 minus SR before the event",
            LESS_RESILIENT,
        ),
        ("jump_pooled", POINTS, f"Jump by the exponential return, {pooled}", LESS_RESILIENT),
        ("jump_pooled_se", POINTS, "Its standard error given the curve"),
        (
            "asymptote_pooled",
            POINTS,
            f"Where the return ends, above the pre-level, {pooled}",
            LESS_RESILIENT,
        ),
        ("asymptote_pooled_se", POINTS, "Its standard error given the curve"),
        ("half_life", "occasions", f"Time in which half of the rise fades, {pooled}"),
        ("half_life_low", "occasions", "Lower end of its 95 % interval"),
        ("half_life_high", "occasions", "Upper end of its 95 % interval"),
        ("depth", POINTS, "Worst point above the level before the event; lower = more robust"),
        ("time_to_worst", unit, "From the event to the worst point"),
        ("return_time", unit, "From the event to the first return after the worst point"),
        ("censored", "true/false", "Above the pre-level and not seen back"),
        ("area", f"{POINTS} x {unit}", "Above the pre-level until the return; censored: so far"),
        ("area_below", f"{POINTS} x {unit}", "Below the pre-level, over all points seen"),
        (
            "rapidity",
            f"{POINTS} per {unit.removesuffix('s')}",
            "From the worst point to the return",
        ),
        ("end_state", POINTS, "Last point seen, above the level before the event", LESS_RESILIENT),
    )
