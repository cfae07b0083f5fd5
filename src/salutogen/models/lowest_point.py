"""The lowest point of a criterion of one number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 60
SECTION = (3.0 - np.sqrt(5.0)) / 2
ROUNDING = 1.5e-8
SECANTS = 12
LEVEL = 1e-10  # of the place, as a last step: the next one would be below rounding
FAR = 50.0  # of what is near: a slope that leads further is of another valley


def lowest_point(
    criterion: Callable[[float], float], low: float, high: float, *, settled: float
) -> tuple[float, float]:
    """Lowest point of a criterion with one valley: parabolas, else golden sections (Brent 1973)."""
    best = second = third = float(low + SECTION * (high - low))
    at_best = at_second = at_third = criterion(best)
    step = before = 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        close = settled / 3 + ROUNDING * abs(best)
        if abs(best - middle) <= 2 * close - (high - low) / 2:
            break
        r = (best - second) * (at_best - at_third)
        q = (best - third) * (at_best - at_second)
        up, down = (best - third) * q - (best - second) * r, 2 * (q - r)
        parabola = -up / down if down and np.isfinite(up) else float("inf")
        if low < best + parabola < high and abs(parabola) < abs(before) / 2:
            before, step = step, parabola
            if not low + 2 * close <= best + step <= high - 2 * close:
                step = float(np.copysign(close, middle - best))
        else:
            before = (low if best >= middle else high) - best
            step = SECTION * before
        point = float(best + (step if abs(step) >= close else np.copysign(close, step)))
        value = criterion(point)
        if value <= at_best:
            low, high = (best, high) if point >= best else (low, best)
            third, at_third = second, at_second
            second, at_second = best, at_best
            best, at_best = point, value
            continue
        low, high = (point, high) if point < best else (low, point)
        if value <= at_second or second == best:
            third, at_third = second, at_second
            second, at_second = point, value
        elif value <= at_third or third in (best, second):
            third, at_third = point, value
    return best, at_best


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
