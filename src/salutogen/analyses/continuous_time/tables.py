"""What the fitted model says, as tables: half-lives, effects, effects by interval, residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.continuous_time.variables import PERSON, FlowData
from salutogen.analyses.frames import frame_of
from salutogen.analyses.holm import holm
from salutogen.columns import Column, Kind
from salutogen.models import ContinuousTimeFit, ImpulseResponse
from salutogen.models.quantiles import NORMAL_95

Float = NDArray[np.float64]

TIME_UNIT = "days or occasions"
SDS = "SDs within persons"
PER_TIME = "SDs per SD and unit of time"
POINTS_PER_TIME = "points per point and unit of time"
FEWEST_PAIRS = 10  # of successive residuals, for their correlation


def _label(name: str, meaning: str, heading: str) -> Column:
    return Column(name=name, meaning=meaning, heading=heading, kind=Kind.LABEL)


def _with_interval(
    name: str, meaning: str, unit: str, heading: str, prefix: str = ""
) -> tuple[Column, ...]:
    return (
        Column(name=name, meaning=meaning, unit=unit, heading=heading),
        Column(name=f"{prefix}low", meaning="Lower end of its 95 % interval", unit=unit,
               heading="from"),
        Column(name=f"{prefix}high", meaning="Upper end of its 95 % interval", unit=unit,
               heading="to"),
    )  # fmt: skip


HALF_LIFE_COLUMNS = (
    _label("process", "Process", "Process"),
    *_with_interval("half_life", "Time until half of a shock is gone, by all that acts", TIME_UNIT,
                    "Half of a shock is gone after"),
)  # fmt: skip
EFFECT_COLUMNS = (
    _label("path", "From which variable to which", "Effect"),
    _label("source", "Variable that acts", "From"),
    _label("outcome", "Variable acted upon", "On"),
    _label("kind", "Return to the own level, effect of a process, or of an input", "Kind"),
    Column(name="estimate", meaning="How fast the one moves for each point of the other",
           unit=POINTS_PER_TIME, heading="Rate"),
    Column(name="se", meaning="Its standard error", unit=POINTS_PER_TIME, heading="SE"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS_PER_TIME,
           heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS_PER_TIME,
           heading="to"),
    Column(name="p", meaning="p value", heading="p"),
    Column(name="p_adjusted", meaning="p value adjusted for all effects of one variable on another",
           heading="p (Holm)"),
    *_with_interval("standardised", "The rate in SDs within persons, which are taken as known",
                    PER_TIME, "In SDs", "standardised_"),
)  # fmt: skip
LAG_COLUMNS = (
    _label("path", "From which process to which", "Effect"),
    Column(name="interval", meaning="Time between the two", unit=TIME_UNIT, heading="Interval"),
    *_with_interval("effect", "What one SD of the one is later, in SDs of the other", SDS,
                    "Effect"),
)  # fmt: skip
RESIDUAL_COLUMNS = (
    _label("process", "Process", "Process"),
    Column(name="mean", meaning="Mean of one-step residuals; 0 if the model holds", unit="SDs",
           heading="Mean"),
    Column(name="sd", meaning="Their SD; 1 if the model holds", unit="SDs", heading="SD"),
    Column(name="lag1", meaning="Their correlation from one visit to the next; 0 if the model "
           "holds", heading="Correlation from visit to visit"),
)  # fmt: skip
FACTOR_COLUMNS = (
    _label("factor", "Factor", "Factor"),
    _label("path", "Rate that depends on it", "Effect"),
    _label("step", "One SD of the factor, or one of two categories against the other", "For"),
    *_with_interval("estimate", "How much higher the rate is for that step of the factor",
                    POINTS_PER_TIME, "Change of the rate"),
    Column(name="p", meaning="p value", heading="p"),
    Column(name="p_adjusted", meaning="p value adjusted for all rates and factors",
           heading="p (Holm)"),
)  # fmt: skip
ONE_SD, OTHER = "one SD more", "one category against the other"
OWN, CROSS, INPUT = "return to the own level", "effect of a process", "effect of an input"


def arrow(source: str, outcome: str) -> str:
    """Words for an effect."""
    return f"{source} → {outcome}"


def responses_of(
    fit: ContinuousTimeFit, data: FlowData, times: Float
) -> dict[tuple[str, str], ImpulseResponse]:
    """What follows in each process when another, or itself, is one SD above its level."""
    return {
        (source, outcome): fit.impulse_response(
            data.codes[source], data.codes[outcome], size=data.spread[source], times=times
        )
        for outcome in data.processes
        for source in data.processes
    }


def half_life_table(responses: Mapping[tuple[str, str], ImpulseResponse]) -> pl.DataFrame:
    """Time until half of a shock is gone, of each process."""
    rows = []
    for (source, outcome), one in responses.items():
        if source == outcome:
            low, high = one.intervals["half_life"]
            rows.append({"process": outcome, "half_life": one.half_life, "low": low, "high": high})
    return frame_of(rows, HALF_LIFE_COLUMNS)


def effect_table(fit: ContinuousTimeFit, data: FlowData) -> pl.DataFrame:
    """Rates of all processes and inputs, those of one on another with adjusted p values."""
    rows = []
    for outcome in data.processes:
        for source in (*data.processes, *data.inputs):
            name = f"{data.codes[outcome]}<-{data.codes[source]}"
            estimate, se, p = _tested(fit, name)
            scale = data.spread[source] / data.spread[outcome]
            low, high = estimate - NORMAL_95 * se, estimate + NORMAL_95 * se
            kind = INPUT if source in data.inputs else OWN if source == outcome else CROSS
            rows.append({
                "path": arrow(source, outcome), "source": source, "outcome": outcome, "kind": kind,
                "estimate": estimate, "se": se, "low": low, "high": high,
                "p": None if kind == OWN else p,
                "standardised": estimate * scale, "standardised_low": low * scale,
                "standardised_high": high * scale,
            })  # fmt: skip
    table = frame_of(rows, EFFECT_COLUMNS)
    adjusted = pl.Series(holm(table["p"].fill_null(float("nan")).to_numpy())).fill_nan(None)
    return table.with_columns(p_adjusted=adjusted)


def lag_table(
    responses: Mapping[tuple[str, str], ImpulseResponse], data: FlowData, told: slice
) -> pl.DataFrame:
    """Effects at some of the intervals, in SDs: what a model of lags would find with such a gap."""
    rows = [
        {"path": arrow(source, outcome), "interval": time, "effect": effect, "low": low,
         "high": high}
        for (source, outcome), one in responses.items()
        for time, effect, low, high in zip(
            one.times[told].tolist(),
            *((part[told] / data.spread[outcome]).tolist()
              for part in (one.response, one.conf_low, one.conf_high)),
            strict=True,
        )
    ]  # fmt: skip
    return frame_of(rows, LAG_COLUMNS)


def residual_table(fit: ContinuousTimeFit, data: FlowData) -> pl.DataFrame:
    """Mean, SD and correlation from visit to visit of one-step residuals."""
    told = fit.residuals()
    same = (told[PERSON] == told[PERSON].shift()).fill_null(value=False)
    rows = []
    for name in data.processes:
        values = told[data.codes[name]].fill_null(float("nan")).to_numpy()
        known = values[np.isfinite(values)]
        before = np.append(np.nan, values[:-1])
        pairs = same.to_numpy() & np.isfinite(values) & np.isfinite(before)
        lag1 = np.nan
        if pairs.sum() >= FEWEST_PAIRS:
            lag1 = float(np.corrcoef(before[pairs], values[pairs])[0, 1])
        rows.append({"process": name, "mean": float(known.mean()), "sd": float(known.std(ddof=1)),
                     "lag1": lag1})  # fmt: skip
    return frame_of(rows, RESIDUAL_COLUMNS)


def factor_table(fit: ContinuousTimeFit, data: FlowData, parameters: Sequence[str]) -> pl.DataFrame:
    """How rates depend on factors, for one SD (or one category against the other)."""
    names = {code: name for name, code in data.codes.items()}
    rows = []
    for factor in data.factors:
        step = factor_step(fit, data, factor)
        for parameter in parameters:
            outcome, source = parameter.split("<-")
            estimate, se, p = _tested(fit, f"{parameter}:{data.codes[factor]}")
            rows.append({
                "factor": factor, "path": arrow(names[source], names[outcome]),
                "step": OTHER if has_two_values(data, factor) else ONE_SD,
                "estimate": estimate * step, "low": (estimate - NORMAL_95 * se) * step,
                "high": (estimate + NORMAL_95 * se) * step, "p": p,
            })  # fmt: skip
    table = frame_of(rows, FACTOR_COLUMNS)
    adjusted = pl.Series(holm(table["p"].fill_null(float("nan")).to_numpy())).fill_nan(None)
    return table.with_columns(p_adjusted=adjusted)


def has_two_values(data: FlowData, factor: str) -> bool:
    """Whether persons have one of two values of a factor."""
    return data.frame[data.codes[factor]].n_unique() == 2


def factor_step(fit: ContinuousTimeFit, data: FlowData, factor: str) -> float:
    """What counts as a step of a factor: one SD, of two values their distance."""
    if has_two_values(data, factor):
        low, high = data.frame[data.codes[factor]].unique().sort().to_list()
        return float(high - low)
    return fit.seen.scale.factor_sd[data.codes[factor]]


def _tested(fit: ContinuousTimeFit, name: str) -> tuple[float, float, float]:
    """Estimate, standard error and p value of a parameter; NaN where there is none."""
    from scipy.special import ndtr

    estimate, se = fit.estimates[name], fit.standard_errors[name]
    return estimate, se, 2 * float(ndtr(-abs(estimate / se)))
