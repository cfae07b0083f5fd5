"""Means of values of which a person may have several, with errors clustered by person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.columns import Kind, Record, figure, record
from salutogen.models.regression.least_squares import clustered_covariance
from salutogen.page.audience import Audience


@record
class Mean(Record):
    """A mean with its 95 % interval.

    Without an interval where fewer than two persons have a value. Errors are CR1 with persons - 1
    degrees of freedom (one value each: the usual t interval).
    """

    n: int = figure("Values", kind=Kind.COUNT, by="persons")
    persons: int = figure("Persons they come from", kind=Kind.COUNT)
    mean: float | None = figure("Mean; null without values")
    low: float | None = figure("Lower end of its 95 % interval")
    high: float | None = figure("Upper end of its 95 % interval")

    @property
    def told(self) -> bool:
        """Whether the interval leaves out 0."""
        return side_of_zero(self.low, self.high) != 0


def mean_of(
    values: FloatArray, person: NDArray[np.int64], audience: Audience | None = None
) -> Mean:
    """Average the finite values; as an audience may have it, where one is given.

    Parameters
    ----------
    values : ndarray, shape (n,)
    person : ndarray of int, shape (n,)
        Whose value it is.
    audience : Audience, optional
        Where persons are hidden the interval is made with as many as are told, and goes with its
        mean in one rounding (`Audience.told_interval`).
    """
    from scipy.special import stdtrit

    there = np.isfinite(values)
    found, who = values[there], person[there]
    persons = int(np.unique(who).size)
    if not found.size:
        return Mean(n=0, persons=0, mean=None, low=None, high=None)
    mean, sd = float(np.mean(found)), float(np.std(found))
    if persons < 2:
        if audience is not None:
            mean = audience.told_mean(mean, sd, found.size)
        return Mean(n=int(found.size), persons=persons, mean=mean, low=None, high=None)
    ones = np.ones((found.size, 1))
    covariance, _ = clustered_covariance(np.eye(1) / found.size, ones, found - mean, who)
    size = persons if audience is None else audience.told_size(persons)
    half = float(stdtrit(size - 1, 0.975) * np.sqrt(covariance[0, 0]))
    if size != persons:
        half *= float(np.sqrt(persons / size))
    low, high = mean - half, mean + half
    if audience is not None:
        mean, low, high = audience.told_interval((mean, low, high), sd, found.size)
    return Mean(n=int(found.size), persons=persons, mean=mean, low=low, high=high)


def p_of_no_difference(found: Mean) -> float | None:
    """P of a mean of 0, from the t interval of `mean_of`; None where there is no interval."""
    from scipy.special import stdtr, stdtrit

    if found.mean is None or found.low is None:
        return None
    se = (found.mean - found.low) / float(stdtrit(found.persons - 1, 0.975))
    if se <= 0.0:
        return 1.0 if found.mean == 0.0 else 0.0
    return float(2.0 * stdtr(found.persons - 1, -abs(found.mean) / se))
