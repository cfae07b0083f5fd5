"""The lowest point of a criterion of one number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 60
SECANTS = 12
LEVEL = 1e-10  # of the place, as a last step: the next one would be below rounding
WALL = 1e100  # for a criterion that is infinite: a parabola through infinity has no lowest point
FAR = 50.0  # of what is near: a slope that leads further is of another valley


def lowest_point(
    criterion: Callable[[float], float], low: float, high: float, *, settled: float
) -> tuple[float, float]:
    """Lowest point of a criterion with one valley, and the criterion there (Brent 1973).

    The criterion may be infinite where it has no value; it is so at the lowest point only where
    it was infinite wherever it was looked at.
    """
    from scipy.optimize import fminbound

    place, value, *_ = fminbound(
        lambda at: min(criterion(at), WALL),
        low,
        high,
        xtol=settled,
        maxfun=STEPS,
        full_output=True,
        disp=0,
    )
    return float(place), float(value) if value < WALL else float("inf")


def where_level(slope: Callable[[float], float], lowest: float, near: float) -> float:
    """Move the lowest point of a criterion to where its slope is 0, by secants.

    Near its lowest point a criterion tells no more than half of the digits, and those beyond are
    another processor's rounding; its slope tells all of them.

    Parameters
    ----------
    slope : callable
        Derivative of the criterion.
    lowest, near : float
        Where the criterion is lowest, and how far from there it may be.

    Returns
    -------
    float
        `lowest` where the slope leads elsewhere.
    """
    before, place = lowest, lowest + near * (0.5 if lowest < 0.5 else -0.5)
    at_before, at_place = slope(before), slope(place)
    for _ in range(SECANTS):
        rise = at_place - at_before
        if not rise and at_place:
            return lowest
        step = -at_place * (place - before) / rise if rise else 0.0
        if not np.isfinite(step) or abs(place + step - lowest) > FAR * near:
            return lowest
        before, at_before = place, at_place
        place += step
        if abs(step) <= LEVEL * place:
            break
        at_place = slope(place)
    return place
