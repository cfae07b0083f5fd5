"""How each person responds to the event: jump, mean change, and where possible the way back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models import MixedModel, MixedModelResult
from salutogen.trajectories.locks import FloatArray, Lock

LATER_POINTS = 4
SHARE_NEEDED = 0.5
CHI2_95 = 3.841458820694124
LOWEST_RATE, HIGHEST_RATE, RATES = 0.02, 6.0, 25
REFINEMENTS = 24
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, kw_only=True)
class RecoveryCurve:
    """Exponential return after the event, partially pooled over persons.

    SR after tau occasions minus the own pre-level = asymptote + decay part * exp(-rate * tau);
    asymptote and decay part vary between persons, the rate is common (maximum likelihood, profile
    over the rate).

    Attributes
    ----------
    half_life : float
        Occasions until half of the decay part is gone.
    interval : (float, float)
        95 % profile interval of the half-life; an end at the limits searched is infinite or 0.
    asymptote, jump : float
        Means over persons, points of P: where courses end, and the rise at the event.
    n_persons, n_obs : int
    person_jump, person_asymptote : ndarray
        Partially pooled, in the order of `persons`.
    persons : ndarray of int
        Rows of the lock.
    """

    half_life: float
    interval: tuple[float, float]
    asymptote: float
    jump: float
    residual_sd: float
    n_persons: int
    n_obs: int
    persons: NDArray[np.int64]
    person_jump: FloatArray
    person_asymptote: FloatArray


def jump(lock: Lock) -> FloatArray:
    """SR at the event minus SR before it; NaN where one is missing."""
    return np.asarray(lock.SR[:, 1] - lock.SR[:, 0])


def mean_change(lock: Lock) -> FloatArray:
    """Mean SR over post1 and post2 (those that are there) minus SR before the event."""
    later = lock.SR[:, 2:]
    there = np.isfinite(later)
    n = there.sum(axis=1)
    total = np.where(there, later, 0.0).sum(axis=1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan) - lock.SR[:, 0])


def enough_later(change: FloatArray) -> tuple[int, int]:
    """Persons with at least four later points, and persons with a pre-level.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the pre-level from the anchor on; column 0 is the anchor itself.
    """
    later = np.isfinite(change[:, 1:]).sum(axis=1)
    return int((later >= LATER_POINTS).sum()), change.shape[0]


def area_above(change: FloatArray) -> FloatArray:
    """Area between the course and the own pre-level where it lies above, until the first return.

    Trapezoids over the observed occasions, cut where a line between two points crosses the
    pre-level; points of P times occasions. NaN where the anchor itself is missing.
    """
    area = np.full(change.shape[0], np.nan)
    for person, course in enumerate(change):
        if not np.isfinite(course[0]):
            continue
        area[person] = _area(np.flatnonzero(np.isfinite(course)), course)
    return area


def _area(times: NDArray[np.int64], course: FloatArray) -> float:
    if course[0] <= 0.0:
        return 0.0
    total = 0.0
    for before, after in pairwise(times.tolist()):
        high, low = float(course[before]), float(course[after])
        width = float(after - before)
        if low <= 0.0:
            return total + 0.5 * high * width * high / (high - low)
        total += 0.5 * (high + low) * width
    return total


def fit_recovery(change: FloatArray) -> RecoveryCurve:
    """Fit the exponential return.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the own pre-level; column tau is tau occasions after the event (0: the event).

    Returns
    -------
    RecoveryCurve

    Raises
    ------
    ModelError
        No rate can be fitted.
    """
    person, tau = np.nonzero(np.isfinite(change))
    y = change[person, tau]

    def fit(log_rate: float) -> MixedModelResult:
        frame = pl.DataFrame(
            {"id": person, "y": y, "decay": np.exp(-np.exp(log_rate) * tau.astype(float))}
        )
        return MixedModel("y ~ decay + (1 + decay | id)").fit(frame, reml=False)

    grid = np.linspace(np.log(LOWEST_RATE), np.log(HIGHEST_RATE), RATES)
    likelihood = np.asarray([fit(float(rate)).log_likelihood for rate in grid])
    if not np.isfinite(likelihood).any():
        raise ModelError("no rate of return gives a finite likelihood")
    best = int(np.nanargmax(likelihood))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, RATES - 1)]
    for _ in range(REFINEMENTS):
        a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if fit(float(a)).log_likelihood > fit(float(b)).log_likelihood:
            high = b
        else:
            low = a
    chosen = float(0.5 * (low + high))
    return _curve(fit(chosen), chosen, grid, likelihood)


def _curve(
    result: MixedModelResult, log_rate: float, grid: FloatArray, likelihood: FloatArray
) -> RecoveryCurve:
    fixed = result.fixed_effects
    terms = list(result.random_terms)
    level, part = (result.modes[:, terms.index(name)] for name in ("Intercept", "decay"))
    asymptote = fixed["Intercept"] + level
    return RecoveryCurve(
        half_life=float(np.log(2.0) / np.exp(log_rate)),
        interval=_interval(result.log_likelihood, log_rate, grid, likelihood),
        asymptote=fixed["Intercept"],
        jump=fixed["Intercept"] + fixed["decay"],
        residual_sd=result.residual_sd,
        n_persons=result.n_persons,
        n_obs=result.n_obs,
        persons=result.persons.to_numpy().astype(np.int64),
        person_jump=asymptote + fixed["decay"] + part,
        person_asymptote=asymptote,
    )


def _interval(
    best: float, log_rate: float, grid: FloatArray, likelihood: FloatArray
) -> tuple[float, float]:
    """Profile interval of the half-life, interpolated between the rates of the grid."""
    drop = 2.0 * (best - likelihood) - CHI2_95
    points = np.append(grid, log_rate)
    order = np.argsort(points)
    points, drop = points[order], np.append(drop, -CHI2_95)[order]
    at = int(np.flatnonzero(points == log_rate)[0])

    def crossing(path: range) -> float | None:
        inner = at
        for place in path:
            if drop[place] > 0.0:
                share = -drop[inner] / (drop[place] - drop[inner])
                return float(points[inner] + share * (points[place] - points[inner]))
            inner = place
        return None

    slow = crossing(range(at - 1, -1, -1))
    fast = crossing(range(at + 1, points.size))
    return (
        0.0 if fast is None else float(np.log(2.0) / np.exp(fast)),
        float("inf") if slow is None else float(np.log(2.0) / np.exp(slow)),
    )
