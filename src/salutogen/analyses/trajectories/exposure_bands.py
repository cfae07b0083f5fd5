"""Jumps of SR and its relations to factors, over plausible errors of exposure.

Error in exposure makes the line too flat, so that a rise of exposure at the event leaves a jump of
SR, and a factor that goes with fewer stressors relates to SR; reports of exposure that follow mood
make the line too steep. Both are followed through at once, with persons and line resampled
together (`sensitivity.exposure_bands`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.sensitivity.assumptions import Assumptions
from salutogen.analyses.sensitivity.exposure_bands import Band, jump_band, lock_factor_band
from salutogen.analyses.sensitivity.person_bands import plausible_reliability
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock, level_after
from salutogen.analyses.trajectories.placebo.occasions import PlaceboOccasions, own_means
from salutogen.columns import Kind, Record, figure, record
from salutogen.page.words import number
from salutogen.resilience.reliability import exposure_reliability

DRAWS = 1000
ENDS = ("value", "low", "high", "error_low", "error_high", "joint_low", "joint_high")
Exposure = Literal["single occasions' exposure", "persons' mean exposure"]
Rows = tuple[NDArray[np.int64], FloatArray, FloatArray]


@record
class ErrorBand(Record):
    """An estimate as scored, and its bands; ends hold the sampling error of persons and line."""

    n: int = figure("Persons", kind=Kind.COUNT)
    value: float | None = figure("As scored")
    low: float | None = figure("Lower end of its 95 % interval, persons resampled with the line")
    high: float | None = figure("Upper end of it")
    error_low: float | None = figure("Lowest over the reliabilities of E that are taken here")
    error_high: float | None = figure("Highest over them")
    joint_low: float | None = figure(
        "Lowest over these and over reports that follow mood, in SDs of E per SD of P"
    )
    joint_high: float | None = figure("Highest over both")
    holds_with_error: bool = figure("Whether it differs from 0, on the same side, over the first")
    holds_jointly: bool = figure("Whether it does so over both")
    reliability_low: float = figure("Lowest reliability of E that is taken here", default=1.0)
    reliability_high: float = figure("Highest of them", default=1.0)
    reliability_given: bool = figure("Whether the study file states it", default=False)
    reliability_of: Exposure = figure(
        "Whose reliability it is", kind=Kind.LABEL, default="single occasions' exposure"
    )
    mood_high: float = figure("Most that reports are taken to follow mood", default=0.0)

    @property
    def reliabilities(self) -> str:
        """Whose exposure is taken to be how reliable, in words."""
        low, high = (number(end, 2) for end in (self.reliability_low, self.reliability_high))
        return f"{self.reliability_of} of {low if low == high else f'{low} to {high}'}"

    @property
    def source(self) -> str:
        """Where these reliabilities come from, in words."""
        if self.reliability_given:
            return "by what the study file states"
        return "assumed, as the study file states none"

    @property
    def assumed(self) -> str:
        """What is taken of error in exposure and of mood, in words."""
        return (
            f"a reliability of {self.reliabilities} ({self.source}) and reports of "
            f"exposure that follow mood by up to {number(self.mood_high, 1)} SDs"
        )

    def reaching(self, low: float | None, high: float | None) -> ErrorBand:
        """Hold the interval as scored as well, where exposure may be free of error.

        That interval is not one of resamples, and may reach further than the band's own end.
        """
        if low is None or high is None or self.error_low is None or self.error_high is None:
            return self
        if self.reliability_high < 1.0:
            return self
        apart = low > 0.0 or high < 0.0
        return replace(
            self,
            error_low=min(self.error_low, low),
            error_high=max(self.error_high, high),
            joint_low=None if self.joint_low is None else min(self.joint_low, low),
            joint_high=None if self.joint_high is None else max(self.joint_high, high),
            holds_with_error=self.holds_with_error and apart,
            holds_jointly=self.holds_jointly and apart,
        )

    def raised(self, by: float) -> ErrorBand:
        """Return it told so much higher; whether it holds stays as it was found."""
        ends = {name: getattr(self, name) for name in ENDS} if by else {}
        return replace(self, **{name: end + by for name, end in ends.items() if end is not None})

    @classmethod
    def of(
        cls,
        found: Band,
        assumptions: Assumptions,
        *,
        given: bool,
        reliability_of: Exposure = "single occasions' exposure",
    ) -> ErrorBand:
        """Take over a band, with what was assumed for it."""
        return cls(
            reliability_of=reliability_of,
            reliability_low=assumptions.reliability[0],
            reliability_high=assumptions.reliability[1],
            reliability_given=given,
            mood_high=assumptions.mood[1],
            n=found.n,
            value=found.value,
            low=found.low,
            high=found.high,
            error_low=found.error_low,
            error_high=found.error_high,
            joint_low=found.joint_low,
            joint_high=found.joint_high,
            holds_with_error=found.holds_with_error,
            holds_jointly=found.holds_jointly,
        )


def fitted_rows(inputs: AnalysisInputs) -> Rows | None:
    """Person, P and E of the rows of a straight line over everyone's occasions; else None."""
    line = inputs.norm.lines.occasion
    straight = line.shape == "linear" and not line.covariates and line.predictors == ("E",)
    if not straight or line.reference != "all":
        return None
    P, E = (inputs.views.wide(name).values for name in ("P", "E"))
    person, occasion = np.nonzero(np.isfinite(P) & np.isfinite(E))
    return person.astype(np.int64), P[person, occasion], E[person, occasion]


def jump_error_band(inputs: AnalysisInputs, anchors: Anchors, lock: Lock) -> ErrorBand | None:
    """Band of the mean jump of SR at the event; None where there is no such line."""
    rows = fitted_rows(inputs)
    if rows is None:
        return None
    P, E = locked_scores(inputs, anchors, lock)
    jumps = (anchors.person, P[:, 1] - P[:, 0], E[:, 1] - E[:, 0])
    assumptions, given = _assumptions(inputs, DRAWS)
    return ErrorBand.of(jump_band(rows, jumps, assumptions), assumptions, given=given)


def difference_error_bands(
    inputs: AnalysisInputs, anchors: Anchors, lock: Lock, chosen: PlaceboOccasions
) -> dict[str, ErrorBand]:
    """Bands of what `jump` and `mean_change` differ by from those at comparator occasions.

    Of the complete courses that have comparator occasions, less the mean over each one's own.
    Empty without a straight line over everyone's occasions.
    """
    rows = fitted_rows(inputs)
    if rows is None or not chosen.anchor.size:
        return {}
    complete = lock.complete[chosen.anchor]
    each = []
    for values, name in zip(locked_scores(inputs, anchors, lock), ("P", "E"), strict=True):
        own = _moves(values[chosen.anchor][complete])
        around = _moves(chosen.courses(inputs.views.wide(name).values[anchors.person]))
        theirs = {
            what: own_means(around[what], chosen.of, complete.size)[complete] for what in around
        }
        each.append({what: own[what] - theirs[what] for what in own})
    assumptions, given = _assumptions(inputs, DRAWS)
    person, (P, E) = chosen.person[complete], each
    return {
        what: ErrorBand.of(
            jump_band(rows, (person, P[what], E[what]), assumptions), assumptions, given=given
        )
        for what in P
    }


def _moves(courses: FloatArray) -> dict[str, FloatArray]:
    """Jump and mean change of complete courses, the positions along the last axis."""
    pre = courses[..., 0]
    return {
        "jump": courses[..., 1] - pre,
        "mean_change": 0.5 * (courses[..., 2] + courses[..., 3]) - pre,
    }


def late_error_band(
    inputs: AnalysisInputs, anchors: Anchors, change: FloatArray, occasions: int
) -> ErrorBand | None:
    """Band of SR late after the event minus SR at the event; None where there is no such line.

    Parameters
    ----------
    inputs : AnalysisInputs
    anchors : Anchors
    change : ndarray, shape (n, k)
        SR minus the own pre-level from the event on; NaN where it is not counted.
    occasions : int
        From the event to the later occasion.
    """
    rows = fitted_rows(inputs)
    if rows is None:
        return None
    seen = np.isfinite(change[:, 0]) & np.isfinite(change[:, occasions])
    person, at = anchors.person[seen], anchors.occasion[seen]
    each = [inputs.views.wide(name).values for name in ("P", "E")]
    P, E = (values[person, at + occasions] - values[person, at] for values in each)
    assumptions, given = _assumptions(inputs, DRAWS)
    return ErrorBand.of(jump_band(rows, (person, P, E), assumptions), assumptions, given=given)


def factor_error_bands(
    inputs: AnalysisInputs,
    anchors: Anchors,
    lock: Lock,
    factors: Mapping[str, FloatArray],
    *,
    draws: int,
) -> dict[str, dict[str, ErrorBand]]:
    """Bands of each factor's correlation with SR after the event, its level and its change.

    Parameters
    ----------
    inputs : AnalysisInputs
    anchors : Anchors
    lock : Lock
        Judged with the event in exposure.
    factors : mapping of name to ndarray, shape (n,)
    draws : int
        Bootstrap samples of persons.

    Returns
    -------
    dict of name to dict
        `level` and `change`; empty where there is no straight line over everyone.
    """
    rows = fitted_rows(inputs)
    if rows is None:
        return {}
    P, E = locked_scores(inputs, anchors, lock)
    after = level_after(P), level_after(E)
    measures = {"level": after, "change": (after[0] - P[:, 0], after[1] - E[:, 0])}
    assumptions, given = _assumptions(inputs, draws)

    def band(values: FloatArray, both: tuple[FloatArray, FloatArray]) -> ErrorBand:
        found = lock_factor_band(rows, (anchors.person, values, *both), assumptions)
        return ErrorBand.of(found, assumptions, given=given)

    return {
        name: {what: band(values, both) for what, both in measures.items()}
        for name, values in factors.items()
    }


def locked_scores(
    inputs: AnalysisInputs, anchors: Anchors, lock: Lock
) -> tuple[FloatArray, FloatArray]:
    """P and E around each anchor where SR is known, each of shape (n, 4)."""
    known = np.isfinite(lock.SR) & (lock.occasion >= 0)
    E = inputs.views.wide("E").values[anchors.person[:, None], np.maximum(lock.occasion, 0)]
    return np.where(known, lock.P, np.nan), np.where(known, E, np.nan)


def _assumptions(inputs: AnalysisInputs, draws: int) -> tuple[Assumptions, bool]:
    """What is taken of the exposure of single occasions, and whether the study file states it."""
    plain = Assumptions(draws=draws, seed=inputs.run.seed)
    one = exposure_reliability(inputs.scores)
    reliability, given = plausible_reliability(one, one, plain.reliability)
    return replace(plain, reliability=reliability), given
