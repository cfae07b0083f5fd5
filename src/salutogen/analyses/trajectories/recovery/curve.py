"""The exponential return after the event: one speed for all, then one for each person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.return_model import (
    Posterior,
    ReturnParameters,
    clustered_log_rate_se,
    fit_varying_rates,
    posterior,
)
from salutogen.columns import POINTS, Kind, Record, beside, figure, record
from salutogen.errors import ModelError
from salutogen.models import MixedModel, MixedModelResult, Moments

LATER_POINTS = 4
SHARE_NEEDED = 0.5
LEVEL = 0.05
NORMAL_95 = 1.959963984540054
ROOT_WIDTH = 1e-3  # of the log rate
CHI2_95 = 3.841458820694124
LOWEST_RATE, HIGHEST_RATE, RATES = 0.02, 6.0, 25
REFINEMENTS = 24
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


@record
class VaryingRates(Record):
    """The same return with a rate of its own for each course, partially pooled.

    Attributes
    ----------
    parameters : ReturnParameters
    converged : bool
    courses : Posterior
        In the order of the curve's `persons`.
    """

    told: bool = figure("Whether the data tell that rates differ")
    half_life_median: float = figure("Median half-life", unit="occasions")
    log_half_life_sd: float = figure("SD of the log of half-lives over courses")
    likelihood_ratio: float = figure("Likelihood ratio against the common rate")
    # An SD cannot be negative, so the null is a mixture (Self and Liang 1987).
    p: float = figure("p from the mixture of chi-square with 0 and 1 degrees of freedom")
    shrinkage: float = figure(
        "Mean posterior variance of a course's log rate over the variance between courses: near "
        "1 the courses say nothing of their own rate"
    )
    parameters: ReturnParameters = beside()
    converged: bool = beside()
    courses: Posterior = beside()

    @property
    def half_lives(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Half-life of each course with the ends of its 95 % posterior interval, in occasions."""
        middle, half = self.courses.log_rate, NORMAL_95 * self.courses.log_rate_sd
        low, centre, high = (np.log(2.0) / np.exp(middle + way * half) for way in (1, 0, -1))
        return centre, low, high


@record
class RecoveryCurve(Record):
    """Exponential return after the event, partially pooled over persons.

    SR after tau occasions minus the own pre-level = asymptote + decay part * exp(-rate * tau);
    asymptote and decay part vary between persons, the rate is common (maximum likelihood, profile
    over the rate). An end of the half-life's interval at the limits searched is infinite or 0.

    Attributes
    ----------
    persons : ndarray of int
        Rows of the lock with some value.
    log_likelihood : float
    parameters : ReturnParameters
    courses : Posterior
        Partially pooled jump and asymptote of each course, in the order of `persons`.
    """

    half_life: float = figure("Time until half of the rise is gone", unit="occasions")
    interval: tuple[float, float] = figure(
        "95 % interval of the half-life", unit="occasions", key="half_life_interval"
    )
    asymptote: float = figure("Where courses end, above the level before the event", unit=POINTS)
    jump: float = figure("Rise at the event, mean over persons", unit=POINTS)
    residual_sd: float = figure("Residual SD", unit=POINTS)
    n_persons: int = figure("Persons", kind=Kind.COUNT)
    n_obs: int = figure("Values")
    individual: VaryingRates | None = figure(
        "With rates of their own for persons; null where the curve is not settled", default=None
    )
    persons: NDArray[np.int64] = beside()
    log_likelihood: float = beside()
    parameters: ReturnParameters = beside()
    courses: Posterior = beside()

    @property
    def settled(self) -> bool:
        """Whether there is a fall after the event whose speed the data tell."""
        low, high = self.interval
        return bool(low > 0 and np.isfinite(high) and self.jump > self.asymptote)


def enough_later(change: FloatArray) -> tuple[int, int]:
    """Persons with at least four later points, and persons with a pre-level.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the pre-level from the anchor on; column 0 is the anchor itself.
    """
    return int(has_enough_later(change).sum()), change.shape[0]


def has_enough_later(change: FloatArray) -> NDArray[np.bool_]:
    """Tell which courses have at least four later points; `change` as in `enough_later`."""
    return np.asarray(np.isfinite(change[:, 1:]).sum(axis=1) >= LATER_POINTS)


def fit_recovery(change: FloatArray, person: NDArray[np.int64] | None = None) -> RecoveryCurve:
    """Fit the exponential return.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the own pre-level; column tau is tau occasions after the event (0: the event).
    person : ndarray of int, shape (n,), optional
        Whose course it is. Where a person has several, the interval of the half-life rests on
        errors clustered by person instead of the profile.

    Returns
    -------
    RecoveryCurve

    Raises
    ------
    ModelError
        No rate can be fitted.
    """
    row, tau = np.nonzero(np.isfinite(change))
    y = change[row, tau]

    def fit(log_rate: float) -> MixedModelResult:
        frame = pl.DataFrame(
            {"id": row, "y": y, "decay": np.exp(-np.exp(log_rate) * tau.astype(float))}
        )
        formula = "y ~ decay + (1 + decay | id)"
        return MixedModel(formula).fit(Moments.from_frame(formula, frame), reml=False)

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
    result = fit(chosen)
    rows = np.flatnonzero(np.isfinite(change).any(axis=1))
    if person is not None and np.unique(person[rows]).size < rows.size:
        return _curve(change, result, chosen, person, None)
    interval = _interval(
        lambda at: fit(at).log_likelihood, result.log_likelihood, chosen, grid, likelihood
    )
    return _curve(change, result, chosen, person, interval)


def _curve(
    change: FloatArray,
    result: MixedModelResult,
    log_rate: float,
    person: NDArray[np.int64] | None,
    interval: tuple[float, float] | None,
) -> RecoveryCurve:
    fixed = result.fixed_effects
    mean = np.asarray([fixed["Intercept"], fixed["decay"]])
    order = [result.random_terms.index(name) for name in ("Intercept", "decay")]
    parameters = ReturnParameters(
        mean=mean,
        factor=_factor(result.random_covariance[np.ix_(order, order)]),
        log_sd=float(np.log(result.residual_sd)),
        log_rate=log_rate,
    )
    rows = np.flatnonzero(np.isfinite(change).any(axis=1))
    if interval is None and person is not None:
        interval = _clustered_interval(change[rows], parameters, person[rows])
    return RecoveryCurve(
        half_life=float(np.log(2.0) / np.exp(log_rate)),
        interval=interval or (0.0, float("inf")),
        asymptote=fixed["Intercept"],
        jump=fixed["Intercept"] + fixed["decay"],
        residual_sd=result.residual_sd,
        n_persons=result.n_persons if person is None else int(np.unique(person[rows]).size),
        n_obs=result.n_obs,
        persons=rows,
        log_likelihood=result.log_likelihood,
        parameters=parameters,
        courses=posterior(change[rows], parameters),
    )


def _factor(covariance: FloatArray) -> FloatArray:
    """Lower triangle of the factor of a 2 x 2 covariance, by rows; singular ones too."""
    first = float(np.sqrt(max(covariance[0, 0], 0.0)))
    cross = float(covariance[1, 0]) / first if first > 0.0 else 0.0
    rest = max(float(covariance[1, 1]) - cross**2, 0.0)
    return np.asarray([first, cross, np.sqrt(rest)])


def _clustered_interval(
    change: FloatArray, parameters: ReturnParameters, person: NDArray[np.int64]
) -> tuple[float, float]:
    """Wald interval of the half-life on the log scale, courses of one person not independent."""
    from scipy.special import stdtrit

    se = clustered_log_rate_se(change, parameters, person)
    half = float(stdtrit(np.unique(person).size - 1, 0.975)) * se
    middle = np.log(np.log(2.0)) - parameters.log_rate
    return float(np.exp(middle - half)), float(np.exp(middle + half))


def vary_rates(change: FloatArray, curve: RecoveryCurve) -> VaryingRates | None:
    """Let the rate vary between courses; None where such a model cannot be fitted.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        As given to `fit_recovery`.
    curve : RecoveryCurve
        The fit with a common rate.
    """
    rows = change[curve.persons]
    parameters, log_likelihood, converged = fit_varying_rates(rows, curve.parameters)
    if not np.isfinite(log_likelihood):
        return None
    gain = max(2.0 * (log_likelihood - curve.log_likelihood), 0.0)
    courses = posterior(rows, parameters)
    variance = np.exp(2.0 * parameters.log_rate_sd)
    p = 0.5 * chi2_tail(gain) if gain > 0 else 1.0
    return VaryingRates(
        told=converged and p < LEVEL,
        half_life_median=float(np.log(2.0) / np.exp(parameters.log_rate)),
        log_half_life_sd=float(np.exp(parameters.log_rate_sd)),
        likelihood_ratio=gain,
        p=p,
        shrinkage=float(np.mean(courses.log_rate_sd**2) / variance),
        parameters=parameters,
        converged=converged,
        courses=courses,
    )


def chi2_tail(value: float) -> float:
    """Upper tail of chi-square with 1 degree of freedom."""
    from scipy.special import chdtrc

    return float(chdtrc(1.0, value))


def _interval(
    value: Callable[[float], float],
    best: float,
    log_rate: float,
    grid: FloatArray,
    likelihood: FloatArray,
) -> tuple[float, float]:
    """Profile interval of the half-life: bracketed on the grid, then solved for.

    An end that the rates searched do not bracket is infinite or 0.
    """
    from scipy.optimize import brentq

    drop = 2.0 * (best - likelihood) - CHI2_95

    def crossing(outside: NDArray[np.int64]) -> float | None:
        inner = log_rate
        for place in outside:
            outer = float(grid[place])
            if drop[place] > 0.0:
                found: float = brentq(
                    lambda at: 2.0 * (best - value(at)) - CHI2_95, inner, outer, xtol=ROOT_WIDTH
                )
                return found
            inner = outer
        return None

    slow = crossing(np.flatnonzero(grid < log_rate)[::-1])
    fast = crossing(np.flatnonzero(grid > log_rate))
    return (
        0.0 if fast is None else float(np.log(2.0) / np.exp(fast)),
        float("inf") if slow is None else float(np.log(2.0) / np.exp(slow)),
    )
