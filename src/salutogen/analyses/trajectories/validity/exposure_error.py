"""Factors and locks of SR where exposure is measured with error: a band over its reliability.

Error in E flattens the line, so that some of what E explains stays in SR, and a factor that merely
goes with exposure relates to SR. With reliability rE the slope is b / rE, hence SR = SR as scored
minus b (1 / rE - 1) E.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock, level_after
from salutogen.analyses.trajectories.validity.correlations import Estimate, correlate
from salutogen.columns import Record, figure, record
from salutogen.models.descriptive import pearson

RELIABILITIES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, kw_only=True, repr=False)
class LockedExposure:
    """Exposure around each anchor, and the line that judges it.

    Attributes
    ----------
    E : ndarray, shape (n, 4)
    slope : float
        Of the straight line over occasions, points of P per unit of E.
    r : float
        Correlation of P and E over occasions: reliabilities of E up to its square are impossible.
    """

    E: FloatArray
    slope: float
    r: float

    def __repr__(self) -> str:
        """Give the slope."""
        return f"LockedExposure({self.E.shape[0]} courses, slope {self.slope:.3g})"


@record
class ReliabilityBand(Record):
    """Correlation of a factor with locks of SR by the reliability that exposure may have."""

    level: dict[str, Estimate] = figure("With the level after the event, by reliability of E")
    change: dict[str, Estimate] = figure("With the change from before, by reliability of E")

    def last_told(self, what: str) -> str | None:
        """Lowest reliability down to which every interval leaves out 0; None where none does.

        Parameters
        ----------
        what : {"level", "change"}
        """
        found = None
        for reliability, item in getattr(self, what).items():
            if not side_of_zero(item.low, item.high):
                break
            found = reliability
        return found


def locked_exposure(inputs: AnalysisInputs, anchors: Anchors, lock: Lock) -> LockedExposure | None:
    """Exposure around the anchors; None where the line is curved or holds covariates."""
    line = inputs.norm.lines.occasion
    if line.shape != "linear" or line.covariates or line.slope is None:
        return None
    E, P = inputs.views.wide("E").values, inputs.views.wide("P").values
    both = np.isfinite(E) & np.isfinite(P)
    r = pearson(P[both], E[both])
    if r is None:
        return None
    inside = lock.occasion >= 0
    own = E[anchors.person[:, None], np.where(inside, lock.occasion, 0)]
    return LockedExposure(E=np.where(inside, own, np.nan), slope=float(line.slope), r=r)


def reliability_bands(
    SR: FloatArray,
    exposure: LockedExposure,
    factors: Mapping[str, FloatArray],
    person: NDArray[np.int64],
    *,
    draws: int,
    seed: int | np.random.SeedSequence,
    told_size: Callable[[int], int] = int,
) -> dict[str, ReliabilityBand]:
    """Correlate factors with locks of SR as they would be were E free of error.

    Parameters
    ----------
    SR : ndarray, shape (n, 4)
    exposure : LockedExposure
    factors : mapping of name to ndarray, shape (n,)
    person : ndarray of int, shape (n,)
    draws, seed : int
        Of the bootstrap over persons.
    told_size : callable
        As in `Correlations`.
    """
    possible = [at for at in RELIABILITIES if at > exposure.r**2]
    E = np.where(np.isfinite(SR), exposure.E, np.nan)
    locks = []
    for reliability in possible:
        mended = SR - exposure.slope * (1.0 / reliability - 1.0) * E
        level = level_after(mended)
        locks += [level, level - mended[:, 0]]
    pairs = [(values, column) for values in factors.values() for column in locks]
    if not pairs:
        return {}
    found = correlate(pairs, person, draws=draws, seed=seed, told_size=told_size)
    bands = {}
    for place, name in enumerate(factors):
        first = place * len(locks)
        each = [found.estimate(first + k) for k in range(len(locks))]
        words = [f"{at:g}" for at in possible]
        bands[name] = ReliabilityBand(
            level=dict(zip(words, each[::2], strict=True)),
            change=dict(zip(words, each[1::2], strict=True)),
        )
    return bands
