"""Areas between a course and its own baseline, above and below it, and what fluctuation gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
STREAM = 0x6A0
AT_ONCE = 4_000_000


def areas(courses: Float, times: Float) -> tuple[Float, Float]:
    """Areas above and below the first value of each course.

    Known values are joined by straight lines; where a line crosses the baseline, it is cut there,
    so that at any time a course lies above or below, never both, and the two areas differ by the
    signed area.

    Parameters
    ----------
    courses : array (..., persons, occasions)
        The first occasion is the baseline, and known; NaN where later ones are missing.
    times : array (persons, occasions)

    Returns
    -------
    above, below : array (..., persons)
        In units of the course times units of time; 0 or more.
    """
    change = courses - courses[..., :1]
    above, below = np.zeros(change.shape[:-1]), np.zeros(change.shape[:-1])
    last = np.zeros(change.shape[:-1])
    last_time = np.broadcast_to(times[:, 0], last.shape).copy()
    for occasion in range(1, change.shape[-1]):
        now = change[..., occasion]
        known = np.isfinite(now)
        now = np.where(known, now, 0.0)
        width = np.where(known, times[:, occasion] - last_time, 0.0)
        up, down = _parts(last, now)
        above += width * up
        below += width * down
        last = np.where(known, now, last)
        last_time = np.where(known, times[:, occasion], last_time)
    return above, below


def _parts(first: Float, second: Float) -> tuple[Float, Float]:
    """Mean height above and below 0 of a straight line from one value to another."""
    crosses = first * second < 0
    total = np.where(crosses, np.abs(first) + np.abs(second), 1.0)
    high, low = np.maximum(first, second), np.minimum(first, second)
    up = np.where(crosses, high**2 / total, np.maximum(first, 0) + np.maximum(second, 0)) / 2
    down = np.where(crosses, low**2 / total, np.maximum(-first, 0) + np.maximum(-second, 0)) / 2
    return up, down


def by_fluctuation(
    variance: float,
    correlation: float,
    known: NDArray[np.bool_],
    times: Float,
    *,
    draws: int,
    seed: int,
) -> Float:
    """Mean heights above and below the baseline of courses without any lasting change.

    Courses are stationary AR(1) processes over the planned occasions, seen where the persons were.

    Parameters
    ----------
    variance, correlation : float
        Of values within a person, and between those of adjacent planned occasions.
    known : array of bool (persons, occasions)
        The first occasion is the baseline.
    times : array (persons, occasions)

    Returns
    -------
    array (draws, 2)
        Means over persons of area / time, above and below.
    """
    rng = np.random.default_rng([seed, STREAM])
    span = spans(known, times)
    made = np.empty((draws, 2))
    batch = max(1, AT_ONCE // max(known.size, 1))
    rest = np.sqrt(1 - correlation**2)
    for first in range(0, draws, batch):
        size = min(batch, draws - first)
        courses = rng.standard_normal((size, *known.shape))
        for occasion in range(1, known.shape[1]):
            before = correlation * courses[..., occasion - 1]
            courses[..., occasion] = before + rest * courses[..., occasion]
        courses = np.where(known, np.sqrt(variance) * courses, np.nan)
        for place, area in enumerate(areas(courses, times)):
            made[first : first + size, place] = (area / span).mean(axis=1)
    return made


def spans(known: NDArray[np.bool_], times: Float) -> Float:
    """Time from the baseline to the last known occasion of each person (persons,)."""
    last = known.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    return np.asarray(times[np.arange(len(times)), last] - times[:, 0])
