"""Exponential times that are known to lie in intervals, at rates that differ between persons."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.interval_censored.exponential_likelihood import (
    ExponentialLikelihood,
    effect_nodes,
)
from salutogen.models.optimise import Function, minimise
from salutogen.models.quantiles import NORMAL_95
from salutogen.models.short_repr import short_repr
from salutogen.version import VERSION

if TYPE_CHECKING:
    from salutogen.models.optimise import Optimum

Float = NDArray[np.float64]

FIRST_SPREAD = 0.5
NO_SPREAD = 0.01  # SD of log rates below which persons do not differ
STEP = 1e-4  # of the differences of the gradient that give second derivatives
FEWEST = 2
ALIKE = "Persons do not differ beyond chance in how fast they are back: the SD is 0."
UNSETTLED = "The search for the exponential model did not settle."


@short_repr("half_life", "spread", "reliability", "n_persons", "n_obs", "converged")
@dataclass(frozen=True, kw_only=True)
class ExponentialTimesFit:
    """A fitted exponential model of times in intervals.

    Attributes
    ----------
    spec : ExponentialTimes
    estimates : dict
        `log_rate`, of the person in the middle, and `spread`, the SD of persons' log rates.
    covariance : array (2, 2)
        Of the two, from second derivatives; of the first alone (the rest NaN) where the spread is
        at 0.
    log_likelihood : float
    persons : DataFrame
        `person`, `n` (informative intervals), `half_life`, `low`, `high` (95 %).
    reliability : float
        1 minus the mean posterior variance of persons' log rates by their variance.
    n_persons, n_obs : int
        Persons and intervals that say anything.
    converged : bool
    messages : tuple of str
    path : tuple of float
        Criterion after each iteration.
    version : str
    """

    spec: ExponentialTimes
    estimates: dict[str, float]
    covariance: Float
    log_likelihood: float
    persons: pl.DataFrame
    reliability: float
    n_persons: int
    n_obs: int
    converged: bool
    messages: tuple[str, ...]
    path: tuple[float, ...]
    version: str = VERSION

    @property
    def spread(self) -> float:
        """SD of persons' log half-lives."""
        return self.estimates["spread"]

    @property
    def half_life(self) -> float:
        """Time after which half are back, of the person in the middle."""
        return float(np.log(2) * np.exp(-self.estimates["log_rate"]))

    @property
    def half_life_interval(self) -> tuple[float, float]:
        """95 % interval of the half-life, by logarithms."""
        reach = float(np.exp(NORMAL_95 * np.sqrt(self.covariance[0, 0])))
        return self.half_life / reach, self.half_life * reach

    def half_life_of(self, share: float) -> float:
        """Half-life that a share of the persons do not exceed, by the model."""
        from scipy.special import ndtri

        return self.half_life * float(np.exp(self.spread * ndtri(share)))

    def share_back(self, times: ArrayLike) -> Float:
        """Share back by some times, over persons."""
        at = np.asarray(times, dtype=float)
        nodes, weights = effect_nodes()
        rates = np.exp(self.estimates["log_rate"] + self.spread * nodes)
        share: Float = 1.0 - np.exp(-np.multiply.outer(at, rates)) @ weights
        return share


@dataclass(frozen=True)
class ExponentialTimes:
    """Times until a return that is seen at some moments only, exponential within persons.

    A person comes back at a constant rate λ, whatever has passed: half of the returns are over
    after log 2 / λ. Rates are log-normal over persons. Asked by Zietse and others (2025) and
    Schreuder and others (2024) of momentary recovery from stressors, which is seen at prompts.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> person = np.repeat(np.arange(200), 10)
    >>> time = rng.exponential(2 / np.log(2), person.size)
    >>> seen = np.floor(time)          # between two whole hours; the last look is after 8
    >>> fit = ExponentialTimes().fit(
    ...     np.minimum(seen, 8), np.where(seen < 8, seen + 1, np.inf), person)
    >>> low, high = fit.half_life_interval
    >>> bool(low < 2 < high)
    True
    """

    def fit(self, left: ArrayLike, right: ArrayLike, person: ArrayLike) -> ExponentialTimesFit:
        """Fit to intervals.

        Parameters
        ----------
        left, right : array (n,)
            Last moment without a return, and first with one; infinite where none was seen.
        person : array of int (n,)
            Whose each is. Intervals from 0 to infinity say nothing and are not counted.

        Raises
        ------
        ModelError
            Ends that are no interval, fewer than two persons with informative intervals, or no
            return at all.
        """
        start, end, who, starts = _informative(left, right, person)
        likelihood = ExponentialLikelihood(start, end, starts)
        seen = np.where(np.isfinite(end), (start + end) / 2, start)
        first = np.array([np.log(np.isfinite(end).sum() / seen.sum()), FIRST_SPREAD])
        optimum = minimise(likelihood.negative, first)
        if not optimum.converged:
            warnings.warn(UNSETTLED, ConvergenceWarning, stacklevel=2)
        point, singular = optimum.point.copy(), abs(float(optimum.point[1])) < NO_SPREAD
        point[1] = 0.0 if singular else abs(point[1])
        if singular:
            point[:1] = minimise(_without_spread(likelihood), point[:1]).point
        return _result(
            self, likelihood, point, optimum, who, np.diff(np.append(starts, start.size))
        )


def _informative(
    left: ArrayLike, right: ArrayLike, person: ArrayLike
) -> tuple[Float, Float, NDArray[np.int64], NDArray[np.int64]]:
    """Intervals that say anything, sorted by person, with each person's first."""
    start, end = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    who = np.asarray(person)
    if not (start.shape == end.shape == who.shape) or start.ndim != 1:
        raise ModelError(
            f"left, right, person: expected columns of one length, got {start.shape}, "
            f"{end.shape} and {who.shape}."
        )
    wrong = ~((start >= 0) & np.isfinite(start) & (end > start))
    if wrong.any():
        places = ", ".join(str(row + 1) for row in np.flatnonzero(wrong)[:5])
        raise ModelError(f"left, right: expected 0 ≤ left < right; not so in rows {places}.")
    says = (start > 0) | np.isfinite(end)
    order = np.argsort(who[says], kind="stable")
    start, end, who = start[says][order], end[says][order], who[says][order]
    persons, starts = np.unique(who, return_index=True)
    if persons.size < FEWEST:
        raise ModelError(f"person: {FEWEST} with informative times are needed, got {persons.size}.")
    if not np.isfinite(end).any():
        raise ModelError("right: nobody was seen back, so that no rate can be told.")
    return start, end, persons, starts.astype(np.int64)


def _without_spread(likelihood: ExponentialLikelihood) -> Function:
    """The criterion of the log rate alone, where persons do not differ."""

    def negative(point: Float) -> tuple[float, Float]:
        value, gradient = likelihood.negative(np.append(point, 0.0))
        return value, gradient[:1]

    return negative


def _information(likelihood: ExponentialLikelihood, point: Float, size: int) -> Float:
    """Second derivatives of the criterion by central differences of its exact gradient."""
    H = np.empty((size, size))
    for j in range(size):
        step = np.zeros(2)
        step[j] = STEP
        up, down = (likelihood.negative(point + side * step)[1] for side in (1, -1))
        H[j] = (up - down)[:size] / (2 * STEP)
    return (H + H.T) / 2


def _result(
    spec: ExponentialTimes, likelihood: ExponentialLikelihood, point: Float, optimum: Optimum,
    who: NDArray[np.int64], counts: NDArray[np.int64],
) -> ExponentialTimesFit:  # fmt: skip
    size = 2 if point[1] > 0 else 1
    covariance = np.full((2, 2), np.nan)
    covariance[:size, :size] = np.linalg.inv(_information(likelihood, point, size))
    own = likelihood.posterior(point)
    middle, reach = np.log(np.log(2)) - own.mean, NORMAL_95 * np.sqrt(own.variance)
    persons = pl.DataFrame(
        {
            "person": who,
            "n": counts,
            "half_life": np.exp(middle),
            "low": np.exp(middle - reach),
            "high": np.exp(middle + reach),
        }
    )
    reliability = 1.0 - float(own.variance.mean()) / point[1] ** 2 if size == 2 else 0.0
    messages = (*([] if size == 2 else [ALIKE]), *([] if optimum.converged else [UNSETTLED]))
    return ExponentialTimesFit(
        spec=spec,
        estimates={"log_rate": float(point[0]), "spread": float(point[1])},
        covariance=covariance,
        log_likelihood=-likelihood.negative(point)[0],
        persons=persons,
        reliability=max(reliability, 0.0),
        n_persons=int(who.size),
        n_obs=int(counts.sum()),
        converged=optimum.converged,
        messages=messages,
        path=optimum.path,
    )
