"""Means of values of which a person may have several, with errors clustered by person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.models.regression.least_squares import clustered_covariance


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean with its 95 % interval.

    Attributes
    ----------
    n, persons : int
        Values, and persons they come from.
    mean, low, high : float or None
        None without values; without an interval where fewer than two persons have one. Errors are
        CR1 with persons - 1 degrees of freedom (one value each: the usual t interval).
    """

    n: int
    persons: int
    mean: float | None
    low: float | None
    high: float | None


def mean_of(values: FloatArray, person: NDArray[np.int64]) -> Mean:
    """Average the finite values.

    Parameters
    ----------
    values : ndarray, shape (n,)
    person : ndarray of int, shape (n,)
        Whose value it is.
    """
    from scipy.special import stdtrit

    there = np.isfinite(values)
    found, who = values[there], person[there]
    persons = int(np.unique(who).size)
    if not found.size:
        return Mean(n=0, persons=0, mean=None, low=None, high=None)
    mean = float(np.mean(found))
    if persons < 2:
        return Mean(n=int(found.size), persons=persons, mean=mean, low=None, high=None)
    ones = np.ones((found.size, 1))
    covariance, _ = clustered_covariance(np.eye(1) / found.size, ones, found - mean, who)
    half = float(stdtrit(persons - 1, 0.975) * np.sqrt(covariance[0, 0]))
    return Mean(n=int(found.size), persons=persons, mean=mean, low=mean - half, high=mean + half)
