"""Words for how far changes around events differ, beside what fluctuation alone gives."""

from __future__ import annotations

import numpy as np

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.spread import Spread
from salutogen.page.audience import Audience
from salutogen.page.words import points

JUMPS = "changes from one occasion to the next"
CHANGES = "such changes around occasions"


def spread_words(values: FloatArray, spread: Spread | None, what: str, audience: Audience) -> str:
    """Say how far a change differs between courses, and what of it is beyond fluctuation.

    Parameters
    ----------
    values : ndarray, shape (n,)
        The change of each course; NaN where unknown.
    spread : Spread or None
    what : str
        Changes away from anchors that it stands beside.
    audience : Audience
    """
    known = values[np.isfinite(values)]
    if known.size < max(2, audience.smallest):
        return ""
    if spread is None:
        return (
            f". Over courses it has an SD of {points(float(np.std(known, ddof=1)))} points, "
            "ordinary fluctuation included: how much of that is fluctuation is not known here"
        )
    beside = (
        f". Over courses it has an SD of {points(spread.sd)} points, ordinary fluctuation "
        f"included; {what} away from anchors have one of {points(spread.sd_calm)}, a ratio of "
        f"{points(spread.ratio)} (95 % interval {points(spread.ratio_low)} to "
        f"{points(spread.ratio_high)})"
    )
    if spread.sd_beyond is not None:
        return (
            f"{beside}: beyond fluctuation courses differ by an SD of {points(spread.sd_beyond)} "
            "points, whether by events or by persons"
        )
    if spread.ratio_high < 1.0:
        return f"{beside}: they differ less than by fluctuation elsewhere"
    return f"{beside}: that courses differ by more than fluctuation is not told"
