"""What follows when one thing is moved once, by a fitted continuous-time model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import is_between, is_number
from salutogen.models.state_space.gaps import Gaps, exponentials
from salutogen.models.state_space.spectrum import Spectrum
from salutogen.names import did_you_mean

if TYPE_CHECKING:
    from salutogen.models.state_space.result import ContinuousTimeFit

Float = NDArray[np.float64]

POINTS = 201  # times that are told
FINE = 2001  # times among which the peak is looked for
GONE = 1e-3  # share of the slowest part that is left when a response counts as gone
SUMMARY = ("peak", "time_to_peak", "half_recovery", "half_life", "area")
STEP = 1e-5  # of differences over parameters, in standard errors or of their size


@dataclass(frozen=True, kw_only=True)
class ImpulseResponse:
    """What follows in one process when another, or an input, is moved once.

    Attributes
    ----------
    cause, effect : str
    size : float
        How far the cause is moved, in its units.
    duration : float
        How long an input is held there; 0 where it is moved at once.
    times, response : array (t,)
        In units of time and of the effect.
    conf_low, conf_high : array (t,)
        Bands about each time, by the delta method; NaN without standard errors.
    peak, time_to_peak : float
        The farthest value (below 0 where the effect falls), and when it is reached.
    half_recovery : float
        Time from the peak until half of it is left.
    half_life : float
        Time from the pulse until half of what was moved at once is left; NaN where nothing was.
    area : float
        Of the response over all time: effect × time.
    intervals : dict
        (low, high) of `peak, time_to_peak, half_recovery, half_life, area`; times by the delta
        method on logarithms, (0, 0) where it is at once.
    """

    cause: str
    effect: str
    size: float
    duration: float
    times: Float
    response: Float
    conf_low: Float
    conf_high: Float
    peak: float
    time_to_peak: float
    half_recovery: float
    half_life: float
    area: float
    intervals: dict[str, tuple[float, float]]

    def to_frame(self) -> pl.DataFrame:
        """Return `time, response, conf_low, conf_high`."""
        columns = {"time": self.times, "response": self.response, "conf_low": self.conf_low,
                   "conf_high": self.conf_high}  # fmt: skip
        return pl.DataFrame(columns).fill_nan(None)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is moved, and what is looked at: a response to compute from any drift and inputs."""

    effect: int
    cause: int
    of_input: bool
    size: float
    duration: float

    def response(self, drift: Float, inputs: Float, times: Float) -> Float:
        """Response (t,) at times from 0 on."""
        return self._curve(drift, inputs)(times)

    def _curve(self, drift: Float, inputs: Float) -> Callable[[Float], Float]:
        """The response as a function of times (t,)."""
        one = drift[None]
        spectrum = Spectrum.of(one)

        def left(times: Float) -> Float:
            gaps = Gaps(lengths=times, kind=np.zeros(len(times), dtype=np.int64))
            return exponentials(one, gaps, spectrum)

        def integral(times: Float) -> Float:
            found: Float = np.linalg.solve(drift, left(times) - np.eye(len(drift)))
            return found

        def response(times: Float) -> Float:
            if self.duration > 0:
                # What is held until `duration` is what is held for ever less what begins then.
                held = integral(times) - integral(np.maximum(times - self.duration, 0))
                return self.size * (held @ inputs[:, self.cause])[:, self.effect]
            moved = inputs[:, self.cause] if self.of_input else np.eye(len(drift))[self.cause]
            found: Float = self.size * (left(times) @ moved)[:, self.effect]
            return found

        return response

    def area(self, drift: Float, inputs: Float) -> float:
        """Area under the response over all time."""
        moved = inputs[:, self.cause] if self.of_input else np.eye(len(drift))[self.cause]
        for_how_long = self.duration if self.duration > 0 else 1.0
        return float(-np.linalg.solve(drift, moved)[self.effect]) * self.size * for_how_long

    def course(self, drift: Float, inputs: Float, until: float) -> tuple[float, ...]:
        """Farthest value, when it is reached, time from it to half of it, and from 0 to half."""
        from scipy.optimize import brentq, minimize_scalar

        curve, grid = self._curve(drift, inputs), np.linspace(0.0, until, FINE)
        far = np.abs(curve(grid))
        at = int(np.argmax(far))
        when = float(grid[at])

        def value(time: float) -> float:
            return float(curve(np.array([time]))[0])

        if 0 < at < FINE - 1:
            found = minimize_scalar(
                lambda t: -abs(value(t)),
                bounds=(float(grid[at - 1]), float(grid[at + 1])),
                method="bounded",
                options={"xatol": 1e-10 * until},
            )
            when = float(found.x)

        def half_of(size: float, since: float) -> float:
            """Time from another one until half of it is left; NaN where there is none."""
            below = np.flatnonzero((grid > since) & (far < abs(size) / 2))
            if not below.size:
                return float("nan")
            low, high = max(since, float(grid[below[0] - 1])), float(grid[below[0]])
            return float(brentq(lambda t: abs(value(t)) - abs(size) / 2, low, high)) - since

        peak, at_once = value(when), value(0.0)
        return peak, when, half_of(peak, when), half_of(at_once, 0.0)


def impulse_response(
    fit: ContinuousTimeFit, cause: str, effect: str, *, size: float, duration: float | None,
    times: Any, level: float, factors: Mapping[str, float],
) -> ImpulseResponse:  # fmt: skip
    """See `ContinuousTimeFit.impulse_response`."""
    from scipy.special import ndtri

    question = question_of(fit, cause, effect, size, duration)
    if not is_between(level, 0, 1):
        raise ModelError(f"level: expected a number between 0 and 1, got {level!r}.")
    k = len(fit.spec.processes)
    dynamic, covariance = dynamics_of(fit, factors)
    slowest = slowest_of(dynamic[: k * k].reshape(k, k))
    if not slowest < 0:
        raise ModelError(
            "By this model deviations grow without end: there is no response that comes to an end."
        )
    until = question.duration + np.log(1 / GONE) / -slowest
    at = np.linspace(0.0, until, POINTS) if times is None else np.asarray(times, dtype=float)
    if at.ndim != 1 or not (np.isfinite(at).all() and (at >= 0).all()):
        raise ModelError(f"times: expected numbers from 0, got {times!r:.60}.")

    def told(dynamic: Float) -> Float:
        drift, inputs = dynamic[: k * k].reshape(k, k), dynamic[k * k :].reshape(k, -1)
        summary = (*question.course(drift, inputs, until), question.area(drift, inputs))
        return np.concatenate([summary, question.response(drift, inputs, at)])

    values = told(dynamic)
    errors = _errors(told, dynamic, covariance)
    z = float(ndtri((1 + level) / 2))
    summary = dict(zip(SUMMARY, values.tolist(), strict=False))
    half_widths = z * errors[len(SUMMARY) :]
    response = values[len(SUMMARY) :]
    intervals = {}
    for name, value, error in zip(SUMMARY, values.tolist(), errors.tolist(), strict=False):
        of_time = name not in ("peak", "area")
        even = (value - z * error, value + z * error)
        intervals[name] = positive_interval(value, error, z) if of_time else even
    return ImpulseResponse(
        cause=cause, effect=effect, size=question.size, duration=question.duration, times=at,
        response=response, conf_low=response - half_widths, conf_high=response + half_widths,
        intervals=intervals, **summary,
    )  # fmt: skip


def slowest_of(drift: Float) -> float:
    """Rate at which the slowest part of a deviation changes: below 0 where all of it returns."""
    return float(np.max(np.linalg.eigvals(drift).real))


def dynamics_of(fit: ContinuousTimeFit, factors: Mapping[str, float]) -> tuple[Float, Float]:
    """Drift and input effects in a row, of persons with these factors, and their covariance.

    Factors that are not named are average.
    """
    layout, mean = fit.problem.layout, fit.seen.scale.factor_mean
    names = (*layout.plain_names("drift"), *layout.plain_names("inputs"))
    for name in factors:
        if name not in mean:
            near = did_you_mean(name, tuple(mean)) or f" There are {', '.join(mean) or 'none'}."
            raise ModelError(f"factors: drift depends on no {name!r}.{near}")
        if not is_number(factors[name]):
            raise ModelError(f"factors: expected a number of {name}, got {factors[name]!r}.")
    places, by = list(range(len(names))), [np.eye(len(names))]
    for j, (name, factor) in enumerate(layout.moderated):
        if factor in factors and name in names:
            places.append(layout.places["moderated"].start + j)
            column = np.zeros((len(names), 1))
            column[names.index(name)] = factors[factor] - mean[factor]
            by.append(column)
    linear = np.hstack(by)
    own = fit.covariance[np.ix_(places, places)]
    return linear @ fit.coefficients[places], linear @ own @ linear.T


def positive_interval(value: float, error: float, z: float) -> tuple[float, float]:
    """Interval of what is above 0, by the delta method on its logarithm; (0, 0) about 0.

    >>> positive_interval(1.0, 1e6, 1.96)
    (0.0, inf)
    """
    if value == 0:
        return 0.0, 0.0
    half = z * error / value
    with np.errstate(over="ignore"):  # what is not known at all has no upper end
        return value * float(np.exp(-half)), value * float(np.exp(half))


def question_of(
    fit: ContinuousTimeFit, cause: str, effect: str, size: float, duration: float | None
) -> Question:
    """Return what is to be moved and looked at; refuse names that are none."""
    processes, inputs = fit.spec.processes, fit.spec.inputs
    for name, known in ((cause, (*processes, *inputs)), (effect, processes)):
        if name not in known:
            near = did_you_mean(name, known) or f" There are {', '.join(known)}."
            raise ModelError(f"There is no {name!r}.{near}")
    of_input = cause in inputs
    holds = of_input and cause not in fit.spec.pulses
    if duration is not None and not holds:
        raise ModelError(f"duration: {cause} is moved at once; only inputs that hold have one.")
    if duration is not None and not (is_number(duration) and duration > 0):
        raise ModelError(f"duration: expected a time above 0, got {duration!r}.")
    if not (is_number(size) and size != 0):
        raise ModelError(f"size: expected a number other than 0, got {size!r}.")
    return Question(
        effect=processes.index(effect),
        cause=(inputs if of_input else processes).index(cause),
        of_input=of_input,
        size=float(size),
        duration=float(1.0 if duration is None else duration) if holds else 0.0,
    )


def _errors(told: Callable[[Float], Float], at: Float, covariance: Float) -> Float:
    """Standard errors of what is told, by the delta method."""
    slopes = []
    for j in range(len(at)):
        step = np.zeros(len(at))
        step[j] = STEP * max(abs(float(at[j])), float(np.sqrt(np.max(np.abs(at)))) * STEP)
        slopes.append((told(at + step) - told(at - step)) / (2 * step[j]))
    J = np.array(slopes)
    variance = np.sum(J * (covariance @ J), axis=0)
    with np.errstate(invalid="ignore"):
        found: Float = np.sqrt(variance)
    return found
