"""Jumps of SR and its relations to factors, over plausible errors of exposure.

Error in exposure makes the line too flat, so that a rise of exposure at the event leaves a jump of
SR, and a factor that goes with fewer stressors relates to SR; reports of exposure that follow mood
make the line too steep. Both are followed through at once, with persons and line resampled
together (`sensitivity.exposure_bands`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.sensitivity.assumptions import Assumptions
from salutogen.analyses.sensitivity.exposure_bands import Band, jump_band, lock_factor_band
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock, level_after
from salutogen.columns import Kind, Record, figure, record
from salutogen.page.words import number

RELIABILITY = (0.6, 1.0)
MOOD = (0.0, 0.4)
ASSUMED = (
    f"a reliability of exposure from {number(RELIABILITY[0], 1)} to 1 and reports of exposure that "
    f"follow mood by up to {number(MOOD[1], 1)} SDs"
)
DRAWS = 1000
Rows = tuple[NDArray[np.int64], FloatArray, FloatArray]


@record
class ErrorBand(Record):
    """An estimate as scored, and its bands; ends hold the sampling error of persons and line."""

    n: int = figure("Persons", kind=Kind.COUNT)
    value: float | None = figure("As scored")
    low: float | None = figure("Lower end of its 95 % interval, persons resampled with the line")
    high: float | None = figure("Upper end of it")
    error_low: float | None = figure("Lowest over reliabilities of E from .6 to 1")
    error_high: float | None = figure("Highest over them")
    joint_low: float | None = figure(
        "Lowest over these and over reports that follow mood by 0 to .4 SDs of E per SD of P"
    )
    joint_high: float | None = figure("Highest over both")
    holds_with_error: bool = figure("Whether it differs from 0, on the same side, over the first")
    holds_jointly: bool = figure("Whether it does so over both")

    @classmethod
    def of(cls, found: Band) -> ErrorBand:
        """Take over a band."""
        return cls(
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
    P, E = _locked(inputs, anchors, lock)
    jumps = (anchors.person, P[:, 1] - P[:, 0], E[:, 1] - E[:, 0])
    return ErrorBand.of(jump_band(rows, jumps, _assumptions(inputs, DRAWS)))


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
    P, E = _locked(inputs, anchors, lock)
    after = level_after(P), level_after(E)
    measures = {"level": after, "change": (after[0] - P[:, 0], after[1] - E[:, 0])}
    assumptions = _assumptions(inputs, draws)
    return {
        name: {
            what: ErrorBand.of(lock_factor_band(rows, (anchors.person, values, *both), assumptions))
            for what, both in measures.items()
        }
        for name, values in factors.items()
    }


def _locked(inputs: AnalysisInputs, anchors: Anchors, lock: Lock) -> tuple[FloatArray, FloatArray]:
    """P and E around each anchor where SR is known, each of shape (n, 4)."""
    known = np.isfinite(lock.SR) & (lock.occasion >= 0)
    E = inputs.views.wide("E").values[anchors.person[:, None], np.maximum(lock.occasion, 0)]
    return np.where(known, lock.P, np.nan), np.where(known, E, np.nan)


def _assumptions(inputs: AnalysisInputs, draws: int) -> Assumptions:
    return Assumptions(reliability=RELIABILITY, mood=MOOD, draws=draws, seed=inputs.run.seed)
