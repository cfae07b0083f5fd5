"""How far SR falls after such values without an event: regression to the mean, by placebo.

A course that stands high at one occasion stands lower at the next, whatever happened. How much
lower is read from the placebo courses of the same persons: the mean of post1 and post2 minus peri
is regressed on pre and peri over all draws, and expected at the values that were seen around
events. Events chosen because a person felt bad raise peri; the fall that follows is expected.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.columns import POINTS, Record, figure, record
from salutogen.models.resampling.bootstrap import percentile_interval

RESAMPLES = 1000
FEWEST = 20


@record
class RegressionToMean(Record):
    """The fall after the event beside what ordinary fluctuation gives after such a rise."""

    rise: float = figure("SR at the event minus SR before, mean", unit=POINTS)
    change: float = figure("Mean SR at post1 and post2 minus SR at the event", unit=POINTS)
    expected: float = figure(
        "The same change after such values at pre and peri without an event", unit=POINTS
    )
    expected_low: float = figure("Lower end of its 95 % interval", unit=POINTS)
    expected_high: float = figure("Upper end of its 95 % interval", unit=POINTS)
    excess: float = figure("Change after the event minus the expected one", unit=POINTS)
    excess_low: float = figure("Lower end of its 95 % interval over persons", unit=POINTS)
    excess_high: float = figure("Upper end of its 95 % interval over persons", unit=POINTS)

    @property
    def beyond(self) -> bool:
        """Whether SR falls otherwise after the event than after such a rise without one."""
        return self.excess_low > 0.0 or self.excess_high < 0.0


def regression_to_mean(
    observed: FloatArray,
    drawn: FloatArray,
    person: NDArray[np.int64],
    *,
    seed: int | np.random.SeedSequence,
) -> RegressionToMean | None:
    """Expect the change after the event from placebo courses; intervals by resampled persons.

    Parameters
    ----------
    observed : ndarray, shape (m, 4)
        SR at pre, peri, post1, post2.
    drawn : ndarray, shape (draws, m, 4)
    person : ndarray of int, shape (m,)
    seed : int
    """
    complete = np.isfinite(observed).all(axis=1)
    if complete.sum() < FEWEST:
        return None
    mine, theirs = observed[complete], drawn[:, complete]
    centre = mine[:, :2].mean(axis=0)
    (x, u, change), (xs, us, ys) = _parts(mine, centre), _parts(theirs, centre)
    squares = (xs, us, ys, xs * xs, xs * us, us * us, xs * ys, us * ys)
    sums = np.column_stack([np.ones_like(x), x, u, change, *(part.mean(0) for part in squares)])
    _, index = np.unique(person[complete], return_inverse=True)
    by_person = np.stack([np.bincount(index, column) for column in sums.T], axis=1)
    found = _expected(by_person.sum(axis=0)[None])
    n = by_person.shape[0]
    weight = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), RESAMPLES)
    again = _expected(np.einsum("dp,pm->dm", weight.astype(float), by_person))
    (low, expected_low), (high, expected_high) = percentile_interval(again[:, 2:])
    return RegressionToMean(
        rise=float(found[0, 0] + centre[1] - centre[0]),
        change=float(found[0, 1]),
        expected=float(found[0, 3]),
        expected_low=float(expected_low),
        expected_high=float(expected_high),
        excess=float(found[0, 2]),
        excess_low=float(low),
        excess_high=float(high),
    )


def _parts(courses: FloatArray, centre: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Pre and peri about a centre, and the change that follows."""
    pre, peri = courses[..., 0] - centre[0], courses[..., 1] - centre[1]
    return pre, peri, 0.5 * (courses[..., 2] + courses[..., 3]) - courses[..., 1]


def _expected(total: FloatArray) -> FloatArray:
    """Rise, change, excess and expected change from sums; shape (samples, 4)."""
    x, u, change, xs, us, ys, xx, xu, uu, xy, uy = (part / total[:, 0] for part in total.T[1:])
    a, b, c = xx - xs * xs, xu - xs * us, uu - us * us
    e, f = xy - xs * ys, uy - us * ys
    size = a * c - b * b
    usable = size > 1e-12 * np.maximum(a * c, 1e-300)
    by = np.where(usable, size, 1.0)
    by_pre = np.where(usable, (c * e - b * f) / by, 0.0)
    by_peri = np.where(usable, (a * f - b * e) / by, 0.0)
    expected = ys + by_pre * (x - xs) + by_peri * (u - us)
    return np.column_stack([u - x, change, change - expected, expected])
