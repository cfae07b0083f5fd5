"""Shares that are back within the band after events, beside those after placebo occasions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.return_error import (
    Returns,
    difference,
    shares_back,
)
from salutogen.analyses.trajectories.recovery.return_time import return_intervals
from salutogen.analyses.trajectories.recovery.turnbull import turnbull
from salutogen.columns import Kind, Record, figure, record

VISITS = (1, 2)  # occasions after which the share back is told
DRAW_TOLERANCE = 1e-6


@record
class DrawnShare(Record):
    """Share back within the band around events, and around placebo occasions."""

    n: int = figure("Courses that went above their band after the event", kind=Kind.COUNT)
    observed: float | None = figure(
        "After the event; null where nobody left the band", kind=Kind.SHARE, n="n"
    )
    placebo: float | None = figure(
        "After placebo occasions, mean over draws", kind=Kind.SHARE, n="n"
    )
    low: float | None = figure("Lower end of the draws' 95 % range", kind=Kind.SHARE, n="n")
    high: float | None = figure("Upper end of the draws' 95 % range", kind=Kind.SHARE, n="n")
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
        """Whether the shares differ."""
        return side_of_zero(self.excess_low, self.excess_high) != 0


def back_after(
    change: FloatArray,
    drawn: FloatArray,
    half_width: float,
    person: NDArray[np.int64],
    *,
    seed: int | np.random.SeedSequence,
) -> dict[str, DrawnShare]:
    """Share back by Turnbull's estimate, after events and in each draw.

    The interval of the difference takes all draws together, and both shares as independent.

    Parameters
    ----------
    change : ndarray, shape (m, k)
        SR minus the own pre-level from each anchor on.
    drawn : ndarray, shape (draws, m, k)
        The same from each placebo occasion on.
    half_width : float
        Of the band.
    person : ndarray of int, shape (m,)
    seed : int
        Of the persons resampled.
    """
    each = [_share_back(row, half_width) for row in drawn]
    seen = _share_back(change, half_width)
    visits = np.asarray(VISITS, dtype=float)
    mine = _returns(change, half_width, person)
    theirs = _returns(
        drawn.reshape(-1, drawn.shape[-1]), half_width, np.tile(person, drawn.shape[0])
    )
    own, other = (shares_back(found, visits, seed=seed) for found in (mine, theirs))
    found = {}
    for place, visit in enumerate(VISITS):
        shares = np.asarray([share[place] for share in each if share is not None])
        low, high = np.quantile(shares, [0.025, 0.975]) if shares.size else (None, None)
        observed = None if seen is None else seen[place]
        placebo = float(shares.mean()) if shares.size else None
        excess = None if observed is None or placebo is None else observed - placebo
        below, above = (0.0, 0.0)
        if excess is not None:
            middle, least, most = difference(own[place], other[place])
            below, above = middle - least, most - middle
        found[str(visit)] = DrawnShare(
            n=int(mine.left.size),
            observed=observed,
            placebo=placebo,
            low=None if low is None else float(low),
            high=None if high is None else float(high),
            observed_low=own[place].low if own else None,
            observed_high=own[place].high if own else None,
            placebo_share_low=other[place].low if other else None,
            placebo_share_high=other[place].high if other else None,
            excess=excess,
            excess_low=None if excess is None else excess - below,
            excess_high=None if excess is None else excess + above,
        )
    return found


def number_above(drawn: FloatArray, half_width: float) -> float:
    """Courses above their band at some time after the drawn occasion, mean over draws."""
    with np.errstate(invalid="ignore"):
        above = drawn > half_width
    return float(above.any(axis=-1).sum(axis=-1).mean())


def _returns(change: FloatArray, half_width: float, person: NDArray[np.int64]) -> Returns:
    left, right, rows, _ = return_intervals(change, half_width)
    return Returns(left=left, right=right, person=person[rows])


def _share_back(change: FloatArray, half_width: float) -> tuple[float, ...] | None:
    """Share back one and two occasions after first seen above; None where nobody was above."""
    left, right, _, _ = return_intervals(change, half_width)
    if not left.size:
        return None
    _, ends, mass = turnbull(left, right, tolerance=DRAW_TOLERANCE)
    return tuple(float(mass[ends <= visit].sum()) for visit in VISITS)
