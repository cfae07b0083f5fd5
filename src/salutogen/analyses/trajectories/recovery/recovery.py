"""The way back as this analysis gives it: fitted where the data allow, otherwise refused."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.metrics import CourseMetrics, course_metrics
from salutogen.analyses.trajectories.recovery.response import (
    LATER_POINTS,
    SHARE_NEEDED,
    RecoveryCurve,
    VaryingRates,
    enough_later,
    fit_recovery,
    has_enough_later,
    vary_rates,
)
from salutogen.errors import ModelError
from salutogen.findings import Finding, finding


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What can be said of the way back.

    Attributes
    ----------
    metrics : CourseMetrics or None
        Of courses with enough later points (NaN elsewhere); None where too few have them.
    curve : RecoveryCurve or None
    varying : VaryingRates or None
        With rates of their own for persons; None where the curve is not settled.
    findings : tuple of Finding
    """

    metrics: CourseMetrics | None = None
    curve: RecoveryCurve | None = None
    varying: VaryingRates | None = None
    findings: tuple[Finding, ...] = field(default_factory=tuple)


def recovery_of(
    change: FloatArray, person: NDArray[np.int64], times: FloatArray | None = None
) -> Recovery:
    """Measure and fit the return where enough occasions follow, or say why there is none.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the own pre-level by occasions since the event.
    person : ndarray of int, shape (n,)
    times : ndarray, shape (n, k), optional
        Days since the event, for areas and times; default occasions.
    """
    enough, n = enough_later(change)
    if enough < SHARE_NEEDED * n:
        text = (
            f"Only {enough} of {n} anchored persons have {LATER_POINTS} or more occasions after "
            "the event, so no half-life, asymptote or area is given: jump and mean change only."
        )
        numbers = {"enough": enough, "persons": n}
        return Recovery(findings=(finding("recovery-not-identified", text, numbers=numbers),))
    followed = np.where(has_enough_later(change)[:, None], change, np.nan)
    metrics = course_metrics(followed, times)
    try:
        curve = fit_recovery(change, person)
    except ModelError as error:
        told = finding("recovery-not-fitted", f"The return cannot be fitted: {error}")
        return Recovery(metrics=metrics, findings=(told,))
    if not curve.settled:
        return Recovery(metrics=metrics, curve=curve, findings=(_not_settled(curve),))
    varying = vary_rates(change, curve)
    return Recovery(
        metrics=metrics, curve=curve, varying=varying, findings=_not_individual(varying)
    )


def _not_settled(curve: RecoveryCurve) -> Finding:
    low, high = curve.interval
    text = (
        f"SR goes from {curve.jump:.2f} points above the level before the event to "
        f"{curve.asymptote:.2f}; a half-life of {curve.half_life:.2f} occasions (95 % interval "
        f"{low:.2f} to {high:.2f}) is not one of a return that these data show."
    )
    numbers = {
        "half_life": curve.half_life,
        "low": low,
        "high": high,
        "fall": curve.jump - curve.asymptote,
    }
    return finding("half-life-not-settled", text, numbers=numbers)


def _not_individual(varying: VaryingRates | None) -> tuple[Finding, ...]:
    """Say that the data do not tell persons' half-lives apart."""
    if varying is not None and varying.told:
        return ()
    if varying is None:
        text = "A return with a speed of its own for each person could not be fitted."
        return (finding("half-life-not-individual", text),)
    text = (
        "The data do not tell that persons return at different speeds (likelihood ratio "
        f"{varying.likelihood_ratio:.2f}, p = {varying.p:.3f}): half-lives of single persons are "
        "not given."
    )
    numbers = {"likelihood_ratio": varying.likelihood_ratio, "p": varying.p}
    return (finding("half-life-not-individual", text, numbers=numbers),)
