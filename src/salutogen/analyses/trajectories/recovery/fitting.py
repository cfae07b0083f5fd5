"""The way back as this analysis gives it: fitted where the data allow, otherwise refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.clustered_means import Mean, mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.covariance import HIGHEST_RATE, LOWEST_RATE
from salutogen.analyses.trajectories.recovery.curve import (
    SHARE_NEEDED,
    RecoveryCurve,
    VaryingRates,
    enough_later,
    fit_recovery,
    has_enough_later,
    vary_rates,
)
from salutogen.analyses.trajectories.recovery.metrics import CourseMetrics, course_metrics
from salutogen.errors import ModelError
from salutogen.findings import Finding, Findings, Persons
from salutogen.page.words import without_counts

FEWEST_LAST = 5  # courses that the last occasion looked at holds
MOST_UNSEEN = 0.25  # of a fall, which may lie beyond the last points seen
CLOSE = 0.1  # of the logarithm of a rate to an end of the rates searched


def fit_way_back(
    change: FloatArray,
    person: NDArray[np.int64],
    times: FloatArray | None = None,
    *,
    other: FloatArray | None = None,
    other_beside: str = "",
    seed: int = 1,
) -> tuple[CourseMetrics | None, RecoveryCurve | None, tuple[Finding, ...]]:
    """Measure and fit the return where enough occasions follow, or say why there is none.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the own pre-level by occasions since the event.
    person : ndarray of int, shape (n,)
    times : ndarray, shape (n, k), optional
        Days since the event, for areas and times; default occasions.
    other : ndarray, shape (n, k), optional
        `change` with SR judged with the other background; a half-life is told where both agree.
    other_beside : str, optional
        What stands beside a rise of `other` at comparator occasions, in words.
    seed : int
        Of the random signs that say how large a fall can be by chance.

    Returns
    -------
    metrics : CourseMetrics or None
        Of courses with enough later points (NaN elsewhere); None where too few have them.
    curve : RecoveryCurve or None
        With rates of their own for persons, where the common one is settled.
    findings : tuple of Finding
    """
    told = Findings()
    enough, n = enough_later(change)
    if enough < SHARE_NEEDED * n:
        told.tell("recovery-not-identified", enough=Persons(enough, of=n), persons=Persons(n))
        return None, None, tuple(told)
    followed = np.where(has_enough_later(change)[:, None], change, np.nan)
    metrics = course_metrics(followed, times)
    try:
        curve = fit_recovery(change, person, seed=seed)
    except ModelError as error:
        told.tell("recovery-not-fitted", reason=without_counts(error))
        return metrics, None, tuple(told)
    if (way := _without_bend(curve, change)) is not None:
        variant = way if _rises(change, person) else _without_rise(other, person)
        beside = {"beside": other_beside} if variant == "no-rise-here" else {}
        told.tell("recovery-without-bend", variant=variant, seen=_followed(change), **beside)
        return metrics, None, tuple(told)
    again = None if other is None else _fitted_otherwise(other, person, seed)
    if not curve.speed_told:
        _tell_not_settled(told, curve, again, judged_twice=other is not None)
        hangs = curve.way < 0 and again is not None and again.speed_told
        return metrics, replace(curve, withheld="backgrounds" if hangs else None), tuple(told)
    if other is not None and (again is None or not curve.agrees_with(again)):
        _tell_backgrounds(told, again)
        return metrics, replace(curve, withheld="backgrounds"), tuple(told)
    if _ends_elsewhere(curve, end := mean_of(metrics.end_state, person)):
        told.tell(
            "half-life-withheld",
            variant="end",
            end=end.mean,
            end_low=end.low,
            end_high=end.high,
        )
        return metrics, replace(curve, withheld="end"), tuple(told)
    varying = vary_rates(change, curve)
    _tell_not_individual(told, varying)
    return metrics, replace(curve, individual=varying), tuple(told)


def _followed(change: FloatArray) -> int:
    """Occasions after the event up to the last that enough courses reach."""
    reached = np.flatnonzero(np.isfinite(change).sum(axis=0) >= FEWEST_LAST)
    return int(reached[-1]) if reached.size else 0


def _without_bend(curve: RecoveryCurve, change: FloatArray) -> Literal["slow", "fast"] | None:
    """Whether the curve ends beyond what was seen, or its rate at an end of the rates searched.

    With a half-life longer than courses were followed, less than half of the fitted fall was seen:
    its end is extrapolated.
    """
    low, high = np.log(LOWEST_RATE) + CLOSE, np.log(HIGHEST_RATE) - CLOSE
    if curve.log_rate <= low or curve.half_life > _followed(change):
        return "slow"
    return "fast" if curve.log_rate >= high else None


def _rises(change: FloatArray, person: NDArray[np.int64]) -> bool:
    """Whether SR is told to rise at the event: without that there is nothing to return from."""
    jump = mean_of(change[:, 0], person)
    return jump.low is not None and jump.low > 0.0


def _without_rise(
    other: FloatArray | None, person: NDArray[np.int64]
) -> Literal["no-rise", "no-rise-here"]:
    """Whether a rise that is not told here is told where SR is judged the other way."""
    return "no-rise" if other is None or not _rises(other, person) else "no-rise-here"


def _fitted_otherwise(
    change: FloatArray, person: NDArray[np.int64], seed: int
) -> RecoveryCurve | None:
    """The curve of SR judged the other way; None where there is none to hold beside."""
    try:
        return fit_recovery(change, person, seed=seed)
    except ModelError:
        return None


def _ends_elsewhere(curve: RecoveryCurve, end: Mean) -> bool:
    """Whether the fitted end contradicts where courses were seen to end.

    It does where the interval of the last points leaves it out and it lies on the other side of
    the level before the event, or more than a quarter of the fall away: then it is extrapolated.
    """
    if end.mean is None or end.low is None or end.high is None:
        return False
    if end.low <= curve.asymptote <= end.high:
        return False
    across = end.low > 0.0 > curve.asymptote or end.high < 0.0 < curve.asymptote
    fall = curve.jump - curve.asymptote
    return across or abs(end.mean - curve.asymptote) > MOST_UNSEEN * fall


def _tell_backgrounds(told: Findings, other: RecoveryCurve | None) -> None:
    """Say that the half-life hangs on how SR is judged, and none of the two."""
    alone = other is None or not other.speed_told
    told.tell("half-life-withheld", variant="one-background" if alone else "backgrounds")


def _tell_not_settled(
    told: Findings, curve: RecoveryCurve, other: RecoveryCurve | None, *, judged_twice: bool
) -> None:
    """Say why there is no half-life; nothing of the curve that it would be read from.

    The ends of one scoring are none of the half-life where the event is in the exposure: another
    scoring may tell a speed that lies outside of them.
    """
    low, high = curve.interval
    if curve.way > 0:
        told.tell("half-life-not-settled", variant="rise")
    elif curve.way == 0:
        told.tell("half-life-not-settled", variant="neither")
    elif judged_twice:
        elsewhere = other is not None and other.speed_told
        told.tell("half-life-not-settled", variant="speed-hangs" if elsewhere else "speed-judged")
    else:
        told.tell(
            "half-life-not-settled",
            variant="speed" if np.isfinite(high) else "speed-open",
            low=f"{low:.2f}" if low > 0.0 else "0",
            high=f"{high:.2f}",
        )


def _tell_not_individual(told: Findings, varying: VaryingRates | None) -> None:
    """Say that the data do not tell persons' half-lives apart."""
    if varying is None:
        told.tell("half-life-not-individual", variant="not-fitted")
    elif not varying.told:
        told.tell(
            "half-life-not-individual",
            variant="not-told",
            likelihood_ratio=varying.likelihood_ratio,
            p=varying.p,
        )
