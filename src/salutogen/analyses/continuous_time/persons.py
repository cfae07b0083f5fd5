"""The response of each person to the standard stressor, where rates depend on factors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from salutogen.analyses.continuous_time.stress_test import Stressor
from salutogen.analyses.continuous_time.tables import TIME_UNIT
from salutogen.analyses.continuous_time.variables import PERSON, FlowData
from salutogen.columns import Column, Kind
from salutogen.models import ContinuousTimeFit

PERSONS_FILE = "continuous_time_persons.csv"
POINTS, CAUSE = "points of the effect", "points of the cause"


def _told(name: str, meaning: str, unit: str) -> tuple[Column, ...]:
    ends = ((f"{name}_low", "Lower end of its 95 % interval"),
            (f"{name}_high", "Upper end of its 95 % interval"))  # fmt: skip
    value = (name, f"{meaning}, by the model for the person's factors")
    return tuple(
        Column(name=one, meaning=words, unit=unit, kind=Kind.PERSON)
        for one, words in (value, *ends)
    )


MEASURES = ("peak", "time_to_peak", "half_recovery", "area")
PERSON_COLUMNS = (
    Column(name="subject", meaning="Person, as written in the data", unit="text",
           kind=Kind.IDENTIFIER),
    *_told("peak", "Farthest point after the standard stressor", POINTS),
    *_told("time_to_peak", "Time until then", TIME_UNIT),
    *_told("half_recovery", "Time until half of that is gone", TIME_UNIT),
    *_told("area", "Area over all time", f"{POINTS} × {TIME_UNIT}"),
    Column(name="farthest_seen", meaning="How far the cause ever was above the person's own mean",
           unit=CAUSE, kind=Kind.PERSON),
    Column(name="beyond_seen", meaning="Whether the standard stressor is farther than that: the "
           "response is extrapolated", unit="true/false", kind=Kind.PERSON),
)  # fmt: skip


def person_responses(
    fit: ContinuousTimeFit, data: FlowData, stressor: Stressor, subjects: pl.Series
) -> pl.DataFrame | None:
    """Tell what follows in each person; None where all respond alike, without factors.

    Intervals are those of the model for persons with these factors; how persons with the same
    factors differ, no factor tells. Who would not return has no response.
    """
    if not data.factors:
        return None
    codes = [data.codes[name] for name in data.factors]
    persons = data.frame.select(PERSON, *codes).unique(PERSON, maintain_order=True)
    alike = persons.select(codes).unique(maintain_order=True)
    told = pl.DataFrame(
        [row | _measures(fit, data, stressor, row) for row in alike.iter_rows(named=True)],
        infer_schema_length=None,
    )
    farthest = data.far[stressor.cause][persons[PERSON].to_numpy()]
    rows = persons.join(told, on=codes, how="left", maintain_order="left").with_columns(
        subject=subjects.gather(persons[PERSON]),
        farthest_seen=pl.Series(np.where(np.isfinite(farthest), farthest, np.nan)),
    )
    known = pl.col(pl.Float64)
    return rows.with_columns(pl.when(known.is_finite()).then(known)).select(
        *(column.name for column in PERSON_COLUMNS[:-1]),
        beyond_seen=pl.col("farthest_seen").fill_null(-np.inf) < stressor.size,
    )


def _measures(
    fit: ContinuousTimeFit, data: FlowData, stressor: Stressor, factors: Mapping[str, float]
) -> dict[str, float | None]:
    """The response of persons with these factors, in figures."""
    found: dict[str, float | None] = {}
    one = None
    if fit.returns(factors):
        one = fit.impulse_response(
            data.codes[stressor.cause], data.codes[stressor.effect], size=stressor.size,
            duration=stressor.held or None, times=[0.0], factors=factors,
        )  # fmt: skip
    for name in MEASURES:
        low, high = (None, None) if one is None else one.intervals[name]
        found |= {name: None if one is None else getattr(one, name), f"{name}_low": low,
                  f"{name}_high": high}  # fmt: skip
    return found
