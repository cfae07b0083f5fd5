"""The way back as this analysis gives it: fitted where the data allow, otherwise refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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

FEWEST_LAST = 5  # courses that the last occasion looked at holds
CLOSE = 0.1  # of the logarithm of a rate to an end of the rates searched


def fit_way_back(
    change: FloatArray,
    person: NDArray[np.int64],
    times: FloatArray | None = None,
    *,
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
        told.tell("recovery-not-fitted", reason=str(error))
        return metrics, None, tuple(told)
    if (way := _without_bend(curve, change)) is not None:
        told.tell("recovery-without-bend", variant=way, seen=_followed(change))
        return metrics, None, tuple(told)
    if not curve.settled:
        _tell_not_settled(told, curve)
        return metrics, curve, tuple(told)
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


def _tell_not_settled(told: Findings, curve: RecoveryCurve) -> None:
    low, high = curve.interval
    fall_low, fall_high = curve.fall_interval
    told.tell(
        "half-life-not-settled",
        variant={-1: "speed", 0: "neither", 1: "rise"}[curve.way],
        jump=curve.jump,
        asymptote=curve.asymptote,
        change=curve.asymptote - curve.jump,
        change_low=-fall_high,
        change_high=-fall_low,
        half_life=curve.half_life,
        low=f"{low:.2f}" if low > 0.0 else "0",
        high=f"{high:.2f}" if np.isfinite(high) else "no upper end",
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
