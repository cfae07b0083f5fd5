"""Area, depth and speed of a course that rises above its level before the event and returns.

After the resilience triangle of Bruneau et al. (2003): depth (robustness), time to the worst point,
rapidity, and the area between the course and its baseline.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray


@dataclass(frozen=True, kw_only=True, repr=False)
class CourseMetrics:
    """What each course looks like around its worst point; arrays of shape (n,).

    The baseline is the own level before the event. Courses are straight lines between the points
    seen. NaN where the event itself was not seen.

    Attributes
    ----------
    depth : ndarray
        How far the worst point lies above the baseline (0: never above), points of P. The lower,
        the more robust.
    time_to_worst : ndarray
        From the event to the (first) worst point; NaN where never above.
    return_time : ndarray
        From the event to the first return to the baseline after the worst point; NaN where none
        was seen.
    censored : ndarray of bool
        Above the baseline at some point and not seen back: area and rapidity are so far only.
    area : ndarray
        Between course and baseline, where above, from the event to the return; points of P times
        the unit of time. Censored: to the last point seen, hence a lower end.
    area_below : ndarray
        Between baseline and course, where below, over all points seen.
    rapidity : ndarray
        Points of P per unit of time from the worst point to the return; censored: to the last
        point. NaN where never above, or where the worst point is the last one.
    end_state : ndarray
        Last point seen, above the baseline.
    """

    depth: FloatArray
    time_to_worst: FloatArray
    return_time: FloatArray
    censored: NDArray[np.bool_]
    area: FloatArray
    area_below: FloatArray
    rapidity: FloatArray
    end_state: FloatArray

    def __repr__(self) -> str:
        """Say how many courses were measured, and how many are censored."""
        measured = int(np.isfinite(self.depth).sum())
        return f"CourseMetrics({measured} courses, {int(self.censored.sum())} censored)"


QUANTITIES = tuple(field.name for field in fields(CourseMetrics) if field.name != "censored")


def course_metrics(change: FloatArray, times: FloatArray | None = None) -> CourseMetrics:
    """Measure each course from the event on.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the own pre-level; column 0 is the event itself; NaN where missing.
    times : ndarray, shape (n, k), optional
        When each column was seen, ascending; default 0, 1, 2, ... (occasions since the event).
    """
    n, k = change.shape
    when = np.broadcast_to(np.arange(k, dtype=float), (n, k)) if times is None else times
    found = {name: np.full(n, np.nan) for name in QUANTITIES}
    censored = np.zeros(n, dtype=bool)
    for person in np.flatnonzero(np.isfinite(change[:, 0])):
        seen = np.isfinite(change[person]) & np.isfinite(when[person])
        measured, censored[person] = _measure(when[person][seen], change[person][seen])
        for name, value in measured.items():
            found[name][person] = value
    return CourseMetrics(censored=censored, **found)


def _measure(times: FloatArray, course: FloatArray) -> tuple[dict[str, float], bool]:
    times = times - times[0]
    worst = int(course.argmax())
    depth = max(float(course[worst]), 0.0)
    measured = {
        "depth": depth,
        "end_state": float(course[-1]),
        "area_below": _area(times, -course, np.inf),
    }
    if depth == 0.0:
        return {**measured, "area": 0.0}, False
    back = _first_return(times, course, worst)
    end = float(times[-1]) if back is None else back
    level = max(float(course[-1]), 0.0) if back is None else 0.0
    width = end - float(times[worst])
    measured |= {
        "time_to_worst": float(times[worst]),
        "return_time": np.nan if back is None else back,
        "area": _area(times, course, end),
        "rapidity": (depth - level) / width if width > 0.0 else np.nan,
    }
    return measured, back is None


def _first_return(times: FloatArray, course: FloatArray, start: int) -> float | None:
    """When the course is first back at the baseline after `start`."""
    for place in range(start + 1, course.size):
        if course[place] <= 0.0:
            before, after = course[place - 1], course[place]
            share = before / (before - after)
            return float(times[place - 1] + share * (times[place] - times[place - 1]))
    return None


def _area(times: FloatArray, course: FloatArray, end: float) -> float:
    """Area above 0 and below the course until `end`: trapezoids, cut where the course crosses 0."""
    total = 0.0
    for before, after in pairwise(range(course.size)):
        if times[before] >= end:
            break
        high, low = float(course[before]), float(course[after])
        width = float(times[after] - times[before])
        if high > 0.0 and low > 0.0:
            total += 0.5 * (high + low) * width
        elif high > 0.0 or low > 0.0:
            top = max(high, low)
            total += 0.5 * top * width * top / abs(high - low)
    return total
