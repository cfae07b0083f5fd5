"""The response to a standard stressor: one pulse from rest, and what follows by the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.continuous_time.settings import ContinuousTimeSettings
from salutogen.analyses.continuous_time.tables import (
    SDS,
    TIME_UNIT,
    factor_step,
    has_two_values,
)
from salutogen.analyses.continuous_time.variables import FlowData
from salutogen.analyses.frames import frame_of
from salutogen.analyses.times_of_occasions import COUNTED
from salutogen.columns import Column, Kind, Record, figure, record
from salutogen.findings import Findings
from salutogen.models import ContinuousTimeFit, ImpulseResponse

Float = NDArray[np.float64]

GAPS, LEFT = 6, 0.01  # how far figures go: median gaps, or until so little is left
POINTS = 61  # of figures
AVERAGE = "average person"
PEAK, TO_PEAK = "farthest point", "time until then"
HALF, AREA = "time until half of that is gone", "area over all time"
RESPONSE_UNIT = "points of the effect"

MEASURE_COLUMNS = (
    Column(name="who", meaning="Average person, or one with less or more of a factor",
           heading="Who", kind=Kind.LABEL),
    Column(name="measure", meaning="What is told of the response", heading="Response",
           kind=Kind.LABEL),
    Column(name="unit", meaning="Its unit", heading="Unit", kind=Kind.LABEL),
    Column(name="value", meaning="By the model", heading="Value"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)  # fmt: skip
RESPONSE_COLUMNS = (
    Column(name="who", meaning="Average person, or one with less or more of a factor",
           heading="Who", kind=Kind.LABEL),
    Column(name="time", meaning="Time since the pulse", unit=TIME_UNIT, heading="Time"),
    Column(name="response", meaning="Distance of the effect from the own level, by the model",
           unit=RESPONSE_UNIT, sign="positive = higher", heading="Response"),
    Column(name="low", meaning="Lower end of its 95 % band", unit=RESPONSE_UNIT, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % band", unit=RESPONSE_UNIT, heading="to"),
)  # fmt: skip


@record
class Stressor(Record):
    """The standard stressor: one pulse from rest."""

    cause: str = figure("What is moved", kind=Kind.LABEL)
    effect: str = figure("Whose response is told", kind=Kind.LABEL)
    size: float = figure("How far the cause is moved", unit="points of the cause")
    size_in_sds: float = figure("How far that is", unit=SDS)
    held: float = figure("How long an input is held there; 0 where it is moved at once",
                         unit=TIME_UNIT)  # fmt: skip
    reached: int = figure(
        "Persons who were ever so far above their own mean", unit="persons", kind=Kind.COUNT
    )


@dataclass(frozen=True, kw_only=True)
class StressTest:
    """A stressor with what follows.

    Attributes
    ----------
    stressor : Stressor
    measures, course : DataFrame
        Of everyone who is told of.
    """

    stressor: Stressor
    measures: pl.DataFrame
    course: pl.DataFrame


def horizon_of(
    fit: ContinuousTimeFit, settings: ContinuousTimeSettings, unit: str, found: Findings
) -> float:
    """How far figures go."""
    asked = settings.stress_test.horizon
    if asked is not None and unit != COUNTED:
        return asked.days
    if asked is not None:
        found.tell("continuous-time-horizon-without-times", horizon=str(asked))
    gap = fit.seen.scale.unit
    slowest = -float(np.max(np.linalg.eigvals(fit.drift).real))
    return min(GAPS * gap, max(gap, float(np.log(1 / LEFT)) / slowest))


def times_until(horizon: float) -> Float:
    """Times at which courses are told."""
    return np.linspace(0.0, horizon, POINTS)


def stress_test(
    fit: ContinuousTimeFit, data: FlowData, settings: ContinuousTimeSettings, times: Float,
    found: Findings,
) -> StressTest:  # fmt: skip
    """Tell the response of the average person, and of those with less and more of each factor.

    Where deviations of one of these grow without end, that one has none.
    """
    asked = settings.stress_test
    size = _size(asked.size, data.spread[asked.cause])
    held = fit.seen.scale.unit if asked.cause in data.inputs else None

    def response(who: str, factors: Mapping[str, float]) -> ImpulseResponse | None:
        if not fit.returns(factors):
            found.tell("continuous-time-explodes-there", who=who)
            return None
        return fit.impulse_response(
            data.codes[asked.cause], data.codes[asked.effect], size=size, duration=held,
            times=times, factors=factors,
        )  # fmt: skip

    everyone = [(AVERAGE, {}), *_others(fit, data)]
    told = {who: response(who, factors) for who, factors in everyone}
    return StressTest(
        stressor=Stressor(
            cause=asked.cause,
            effect=asked.effect,
            size=size,
            size_in_sds=size / data.spread[asked.cause],
            held=held or 0.0,
            reached=int(np.sum(data.far[asked.cause] >= size)),
        ),
        measures=frame_of(
            (row for who, one in told.items() for row in _measures(who, one, asked.effect, data)),
            MEASURE_COLUMNS,
        ),
        course=frame_of(
            (
                {"who": who, "time": time, "response": value, "low": low, "high": high}
                for who, one in told.items()
                if one is not None
                for time, value, low, high in one.to_frame().iter_rows()
            ),
            RESPONSE_COLUMNS,
        ),
    )


def _size(text: str, sd: float) -> float:
    """Points of the cause, of `2 SD` or `10 points`."""
    number = float(text.strip().rstrip("SDpoints "))
    return number * sd if "SD" in text else number


def _others(fit: ContinuousTimeFit, data: FlowData) -> Iterator[tuple[str, dict[str, float]]]:
    """Who else is told of: one SD below and above the mean of a factor, or both of its values."""
    for factor in data.factors:
        code, title = data.codes[factor], data.title(factor)
        step = factor_step(fit, data, factor)
        if has_two_values(data, factor):
            for value in data.frame[code].unique().sort().to_list():
                yield f"{title} = {value:g}", {code: value}
        else:
            mean = fit.seen.scale.factor_mean[code]
            yield f"{title} 1 SD below the mean", {code: mean - step}
            yield f"{title} 1 SD above the mean", {code: mean + step}


def _measures(
    who: str, one: ImpulseResponse | None, effect: str, data: FlowData
) -> Iterator[dict[str, object]]:
    time = "occasions" if data.unit == COUNTED else "days"
    points = f"points of {data.title(effect)}"
    told = {
        PEAK: ("peak", points),
        TO_PEAK: ("time_to_peak", time),
        HALF: ("half_recovery", time),
        AREA: ("area", f"{points} × {time}"),
    }
    for measure, (name, unit) in told.items():
        row: dict[str, object] = {"who": who, "measure": measure, "unit": unit}
        if one is not None:
            low, high = one.intervals[name]
            row |= {"value": getattr(one, name), "low": low, "high": high}
        yield row
