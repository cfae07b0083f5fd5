"""Shares that are back within the band after events, beside those after placebo occasions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.intervals import settled_side, side_of_zero
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.return_error import (
    RESAMPLES,
    Returns,
    difference,
    shares_back,
)
from salutogen.analyses.trajectories.recovery.return_time import return_intervals
from salutogen.columns import Kind, Record, figure, record

VISITS = (1, 2)  # occasions after which the share back is told


@record
class ComparedShare(Record):
    """Share back within the band around events, and around placebo occasions."""

    n: int = figure("Courses that went above their band after the event", kind=Kind.COUNT)
    observed: float | None = figure(
        "After the event; null where nobody left the band", kind=Kind.SHARE, n="n"
    )
    placebo: float | None = figure(
        "After placebo occasions, those of a course together as one", kind=Kind.SHARE, n="n"
    )
    observed_low: float | None = figure(
        "Lower end of the 95 % interval over persons of the share after the event",
        kind=Kind.SHARE,
        n="n",
        default=None,
    )
    observed_high: float | None = figure("Upper end of it", kind=Kind.SHARE, n="n", default=None)
    placebo_share_low: float | None = figure(
        "Lower end of the 95 % interval over persons of the share after placebo occasions",
        kind=Kind.SHARE,
        n="n",
        default=None,
    )
    placebo_share_high: float | None = figure(
        "Upper end of it", kind=Kind.SHARE, n="n", default=None
    )
    excess: float | None = figure("Observed minus placebo", kind=Kind.SHARE, n="n", default=None)
    excess_low: float | None = figure(
        "Lower end of its 95 % interval over persons", kind=Kind.SHARE, n="n", default=None
    )
    excess_high: float | None = figure("Upper end of it", kind=Kind.SHARE, n="n", default=None)

    @property
    def differs(self) -> bool:
        """Whether the shares differ, whichever persons are resampled."""
        return settled_side(self.excess_low, self.excess_high, self.excess, RESAMPLES) != 0

    @property
    def at_border(self) -> bool:
        """Whether the interval leaves out 0, but by so little that other draws could decide."""
        return not self.differs and side_of_zero(self.excess_low, self.excess_high) != 0


def back_after(
    change: FloatArray,
    around: FloatArray,
    of: NDArray[np.int64],
    half_width: float,
    person: NDArray[np.int64],
    *,
    seed: int | np.random.SeedSequence,
) -> dict[str, ComparedShare]:
    """Share back by Turnbull's estimate, after events and after all placebo occasions.

    The interval of the difference takes both shares as independent.

    Parameters
    ----------
    change : ndarray, shape (m, k)
        SR minus the own pre-level from each anchor on.
    around : ndarray, shape (rows, k)
        The same from each placebo occasion on.
    of : ndarray of int, shape (rows,)
        Place in `change` of the course that each stands beside.
    half_width : float
        Of the band.
    person : ndarray of int, shape (m,)
    seed : int
        Of the persons resampled.
    """
    visits = np.asarray(VISITS, dtype=float)
    mine = _returns(change, half_width, person)
    theirs = _returns(around, half_width, person[of], _weight(of))
    own, other = (shares_back(found, visits, seed=seed) for found in (mine, theirs))
    found = {}
    for place, visit in enumerate(VISITS):
        first, second = (each[place] if each else None for each in (own, other))
        apart, low, high = (
            (None, None, None) if first is None or second is None else difference(first, second)
        )
        found[str(visit)] = ComparedShare(
            n=int(mine.left.size),
            observed=None if first is None else first.share,
            placebo=None if second is None else second.share,
            observed_low=None if first is None else first.low,
            observed_high=None if first is None else first.high,
            placebo_share_low=None if second is None else second.low,
            placebo_share_high=None if second is None else second.high,
            excess=apart,
            excess_low=low,
            excess_high=high,
        )
    return found


def number_above(around: FloatArray, of: NDArray[np.int64], half_width: float) -> float:
    """Courses above their band at some time after a placebo occasion, mean over those of each."""
    with np.errstate(invalid="ignore"):
        above = (around > half_width).any(axis=-1)
    return float((_weight(of) * above).sum())


def _weight(of: NDArray[np.int64]) -> FloatArray:
    """Weight of each placebo occasion: those of a course make one together."""
    return np.asarray(1.0 / np.bincount(of)[of])


def _returns(
    change: FloatArray,
    half_width: float,
    person: NDArray[np.int64],
    weight: FloatArray | None = None,
) -> Returns:
    left, right, rows, _ = return_intervals(change, half_width)
    return Returns(
        left=left,
        right=right,
        person=person[rows],
        weight=None if weight is None else weight[rows],
    )
