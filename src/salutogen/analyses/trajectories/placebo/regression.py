"""How far SR falls after a rise without an event: regression to the mean, by placebo courses.

A course that stands high at one occasion stands lower at the next, whatever happened. How much
lower is read from the placebo courses of the same persons: the mean of post1 and post2 minus peri
is regressed on peri minus pre over all draws, and expected at the rises that were seen at events.
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
        "The same change after rises of that size without an event", unit=POINTS
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
    rise, change = _rise_and_change(observed[complete])
    x, y = _rise_and_change(drawn[:, complete])
    ones = np.ones_like(rise)
    sums = np.column_stack(
        [ones, rise, change, x.mean(0), y.mean(0), (x * x).mean(0), (x * y).mean(0)]
    )
    _, index = np.unique(person[complete], return_inverse=True)
    by_person = np.stack([np.bincount(index, column) for column in sums.T], axis=1)
    found = _expected(by_person.sum(axis=0)[None])
    n = by_person.shape[0]
    weight = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), RESAMPLES)
    again = _expected(np.einsum("dp,pm->dm", weight.astype(float), by_person))
    (low, expected_low), (high, expected_high) = percentile_interval(again[:, 2:])
    return RegressionToMean(
        rise=float(found[0, 0]),
        change=float(found[0, 1]),
        expected=float(found[0, 3]),
        expected_low=float(expected_low),
        expected_high=float(expected_high),
        excess=float(found[0, 2]),
        excess_low=float(low),
        excess_high=float(high),
    )


def _rise_and_change(courses: FloatArray) -> tuple[FloatArray, FloatArray]:
    rise = courses[..., 1] - courses[..., 0]
    return rise, 0.5 * (courses[..., 2] + courses[..., 3]) - courses[..., 1]


def _expected(total: FloatArray) -> FloatArray:
    """Rise, change, excess and expected change from sums; shape (samples, 4)."""
    rise, change, x, y, xx, xy = (column / total[:, 0] for column in total.T[1:])
    spread = xx - x * x
    slope = np.where(spread > 0.0, (xy - x * y) / np.where(spread > 0.0, spread, 1.0), 0.0)
    expected = y + slope * (rise - x)
    return np.column_stack([rise, change, change - expected, expected])
