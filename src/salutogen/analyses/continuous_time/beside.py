"""What a cross-lagged panel model of the same variables says, beside the same interval here."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from salutogen.analyses.change.analysis import ChangeResult
from salutogen.analyses.change.paths import RANDOM
from salutogen.analyses.continuous_time.tables import SDS, arrow
from salutogen.analyses.continuous_time.variables import FlowData
from salutogen.analyses.contract import AnalysisResult
from salutogen.analyses.frames import frame_of
from salutogen.analyses.times_of_occasions import COUNTED
from salutogen.columns import Column, Kind
from salutogen.models import ContinuousTimeFit

BESIDE_COLUMNS = (
    Column(name="path", meaning="From which process to which", heading="Effect", kind=Kind.LABEL),
    Column(name="interval", meaning="Time from one occasion to the next", unit="days",
           heading="Interval"),
    Column(name="effect", meaning="By the model in continuous time", unit=SDS,
           heading="Continuous time"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=SDS, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=SDS, heading="to"),
    Column(name="lagged", meaning="By the cross-lagged panel model with random intercepts",
           unit=SDS, heading="Cross-lagged"),
    Column(name="lagged_low", meaning="Lower end of its 95 % interval", unit=SDS, heading="from"),
    Column(name="lagged_high", meaning="Upper end of its 95 % interval", unit=SDS, heading="to"),
)  # fmt: skip


def beside_lagged(
    fit: ContinuousTimeFit, data: FlowData, before: Iterable[AnalysisResult]
) -> pl.DataFrame:
    """Effects of the first cross-lagged model of two of the processes or more; else no rows."""
    rows: list[dict[str, object]] = []
    for result in before:
        if isinstance(result, ChangeResult) and _comparable(result, data):
            told = result.paths.filter(model=RANDOM, lag=1)
            for row in told.iter_rows(named=True):
                source, outcome = row["source"], row["outcome"]
                if source in data.processes and outcome in data.processes:
                    rows.append(_row(fit, data, row, result.gap))
            break
    return frame_of(rows, BESIDE_COLUMNS)


def _comparable(result: ChangeResult, data: FlowData) -> bool:
    shared = set(result.variables) & set(data.processes)
    plain = result.lag == 1 and result.lags == "equal" and result.gap is not None
    return plain and len(shared) > 1 and data.unit != COUNTED


def _row(
    fit: ContinuousTimeFit, data: FlowData, row: dict[str, object], gap: float | None
) -> dict[str, object]:
    source, outcome = str(row["source"]), str(row["outcome"])
    scale = data.spread[outcome]
    one = fit.impulse_response(
        data.codes[source], data.codes[outcome], size=data.spread[source], times=[gap]
    )
    return {
        "path": arrow(source, outcome), "interval": gap,
        "effect": float(one.response[0]) / scale, "low": float(one.conf_low[0]) / scale,
        "high": float(one.conf_high[0]) / scale, "lagged": row["standardised"],
        "lagged_low": row["standardised_low"], "lagged_high": row["standardised_high"],
    }  # fmt: skip
