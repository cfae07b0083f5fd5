"""What should be doubted: gaps, slow returns, pulses that nobody had, residuals that go on."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.continuous_time.stress_test import Stressor
from salutogen.analyses.continuous_time.tables import arrow
from salutogen.analyses.continuous_time.variables import PERSON, TIME, FlowData
from salutogen.analyses.continuous_time.words import LONG_GAP, time_told
from salutogen.findings import Findings, Persons

FEWEST_REACHED = 5  # persons who were so far above their mean, for a pulse to have been seen
MOST_LAG1, MOST_SD, SURE = 0.1, 0.1, 3.0  # of residuals; in standard errors


def tell_doubts(
    data: FlowData,
    *,
    gap: float,
    half_lives: pl.DataFrame,
    at_gap: pl.DataFrame,
    residuals: pl.DataFrame,
    stressor: Stressor,
    found: Findings,
) -> None:
    """Add a finding for each doubt."""
    own = half_lives.filter(process=stressor.effect)["half_life"].item()
    title = data.title(stressor.effect)
    longest = _usual_span(data)
    if own is not None and gap > LONG_GAP * own:
        left = at_gap.filter(path=arrow(stressor.effect, stressor.effect))["effect"].item()
        found.tell(
            "continuous-time-gaps-long", variant="" if left >= 0 else "beyond", name=title,
            gap=time_told(gap, data.unit), half_life=time_told(own, data.unit), left=abs(left),
        )  # fmt: skip
    if own is None or own > longest:
        found.tell(
            "continuous-time-slow", variant="" if own is not None else "never", name=title,
            half_life=None if own is None else time_told(own, data.unit),
            span=time_told(longest, data.unit),
        )  # fmt: skip
    if stressor.reached < FEWEST_REACHED:
        found.tell(
            "continuous-time-beyond-what-was-seen", cause=data.title(stressor.cause),
            sds=stressor.size_in_sds, n=Persons(stressor.reached),
        )  # fmt: skip
    _tell_residuals(data, residuals, found)


def _usual_span(data: FlowData) -> float:
    """Median time from a person's first visit to the last, of who has two or more."""
    spans = data.frame.group_by(PERSON).agg(pl.col(TIME).max() - pl.col(TIME).min())[TIME]
    return float(np.median(spans.filter(spans > 0).to_numpy()))


def _tell_residuals(data: FlowData, residuals: pl.DataFrame, found: Findings) -> None:
    """One-step residuals that are not as the model says, by more than chance."""
    for row in residuals.iter_rows(named=True):
        known = data.frame.filter(pl.col(data.codes[row["process"]]).is_finite())
        rows = known.height
        error = 1 / np.sqrt(max(rows - known[PERSON].n_unique(), 1))
        name, lag1, sd = data.title(row["process"]), row["lag1"], row["sd"]
        if lag1 is not None and abs(lag1) > max(MOST_LAG1, SURE * error):
            found.tell("continuous-time-residuals-go-on", name=name, lag1=lag1)
        if abs(sd - 1) > max(MOST_SD, SURE / np.sqrt(2 * rows)):
            found.tell("continuous-time-residuals-spread", name=name, sd=sd)
