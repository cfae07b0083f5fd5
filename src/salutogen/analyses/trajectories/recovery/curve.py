"""The exponential return after the event: one speed for all, then one for each person."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.covariance import (
    CourseCovariance,
    Patterns,
    fit_covariance,
    return_design,
)
from salutogen.analyses.trajectories.recovery.mean_return import MeanReturn, fit_mean_return
from salutogen.analyses.trajectories.recovery.return_model import (
    Posterior,
    ReturnParameters,
    fit_varying_rates,
    posterior,
)
from salutogen.columns import POINTS, Kind, Record, beside, figure, record
from salutogen.errors import ModelError
from salutogen.models.quantiles import NORMAL_95

Withheld = Literal["backgrounds", "end"]
LATER_POINTS = 4
SHARE_NEEDED = 0.5
LEVEL = 0.05


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
    """Exponential return after the event.

    SR after tau occasions minus the own pre-level = asymptote + fall * exp(-rate * tau) on average,
    the rate common. Errors hold whatever the covariance of courses; an end of the half-life's
    interval at the limits searched is infinite or 0.

    Attributes
    ----------
    persons : ndarray of int
        Rows of the lock with some value.
    covariance : CourseCovariance
    courses : Posterior
        Partially pooled jump and asymptote of each course, in the order of `persons`.
    """

    half_life: float = figure("Time until half of the rise is gone", unit="occasions")
    interval: tuple[float, float] = figure(
        "95 % interval of the half-life", unit="occasions", key="half_life_interval"
    )
    asymptote: float = figure("Where courses end, above the level before the event", unit=POINTS)
    jump: float = figure("Rise at the event, mean over persons", unit=POINTS)
    fall_interval: tuple[float, float] = figure(
        "95 % interval of jump minus asymptote, over all speeds at once", unit=POINTS
    )
    residual_sd: float = figure("SD of the fluctuation at one occasion", unit=POINTS)
    autocorrelation: float = figure(
        "Correlation of the fluctuation from one planned occasion to the next"
    )
    autocorrelation_p: float = figure("p of none, by likelihood ratio")
    n_persons: int = figure("Persons", kind=Kind.COUNT)
    n_obs: int = figure("Values", kind=Kind.COUNT, by="n_persons")
    withheld: Withheld | None = figure(
        "Why no half-life is told of a fall: `backgrounds`: with the event in exposure and without "
        "it, half-lives differ, or one alone is told; `end`: the curve ends elsewhere than courses "
        "do; null otherwise",
        default=None,
    )
    individual: VaryingRates | None = figure(
        "With rates of their own for persons; null where the curve is not settled", default=None
    )
    persons: NDArray[np.int64] = beside()
    covariance: CourseCovariance = beside()
    log_rate: float = beside()
    courses: Posterior = beside()

    @property
    def way(self) -> int:
        """Which way SR goes after the event: -1 falls, 1 rises, 0 where neither is told."""
        low, high = self.fall_interval
        return int(high < 0.0) - int(low > 0.0)

    @property
    def settled(self) -> bool:
        """Whether there is a fall after the event whose speed the data tell, however scored."""
        return self.speed_told and self.withheld is None

    @property
    def speed_told(self) -> bool:
        """Whether there is a fall whose half-life has two ends, of this scoring alone."""
        low, high = self.interval
        return bool(low > 0 and np.isfinite(high) and self.way < 0)

    def agrees_with(self, other: RecoveryCurve) -> bool:
        """Whether each half-life lies within the interval of the other, both being told."""
        pairs = ((self, other), (other, self))
        return all(
            one.speed_told and one.interval[0] <= two.half_life <= one.interval[1]
            for one, two in pairs
        )


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


def fit_recovery(
    change: FloatArray, person: NDArray[np.int64] | None = None, *, seed: int = 1
) -> RecoveryCurve:
    """Fit the exponential return.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the own pre-level; column tau is tau occasions after the event (0: the event).
    person : ndarray of int, shape (n,), optional
        Whose course it is; errors are clustered by person. Default: one course each.
    seed : int
        Of the random signs that say how large a fall can be by chance.

    Returns
    -------
    RecoveryCurve

    Raises
    ------
    ModelError
        The courses are of fewer than two persons, or no covariance of them can be fitted.
    """
    rows = np.flatnonzero(np.isfinite(change).any(axis=1))
    who = rows if person is None else person[rows]
    if np.unique(who).size < 2:
        raise ModelError("the courses of one person tell no error of a return.")
    patterns = Patterns.of_courses(change[rows])
    covariance = fit_covariance(patterns)
    independent = fit_covariance(patterns, without_lag=covariance)
    mean = fit_mean_return(patterns, covariance, who, seed=seed)
    gain = max(2.0 * (covariance.log_likelihood - independent.log_likelihood), 0.0)
    slow, fast = mean.log_rate_interval
    return RecoveryCurve(
        half_life=float(np.log(2.0) / np.exp(mean.log_rate)),
        interval=(
            0.0 if np.isinf(fast) else float(np.log(2.0) / np.exp(fast)),
            float("inf") if np.isinf(slow) else float(np.log(2.0) / np.exp(slow)),
        ),
        asymptote=mean.asymptote,
        jump=mean.asymptote + mean.fall,
        fall_interval=mean.fall_interval,
        residual_sd=float(np.exp(covariance.log_sd)),
        autocorrelation=covariance.lag,
        autocorrelation_p=chi2_tail(gain),
        n_persons=int(np.unique(who).size),
        n_obs=int(np.isfinite(change).sum()),
        persons=rows,
        covariance=covariance,
        log_rate=mean.log_rate,
        courses=pooled_courses(patterns, covariance, mean),
    )


def pooled_courses(patterns: Patterns, covariance: CourseCovariance, mean: MeanReturn) -> Posterior:
    """Jump and asymptote of each course, pulled towards the mean by what is fluctuation in it."""
    weights, _ = covariance.weights(patterns)
    k = patterns.seen.shape[1]
    middle = np.asarray([mean.asymptote, mean.fall])
    expected = return_design(mean.log_rate, k) @ middle
    left = np.where(patterns.seen[patterns.of], patterns.y - expected, 0.0)
    own = covariance.effects()
    gain = own @ return_design(covariance.log_rate, k).T
    moved = np.einsum("ca,iab,ib->ic", gain, weights[patterns.of], left)
    spread = (own - np.einsum("ca,pab,db->pcd", gain, weights, gain))[patterns.of]
    asymptote, fall = middle[0] + moved[:, 0], middle[1] + moved[:, 1]
    jump_variance = spread[:, 0, 0] + 2.0 * spread[:, 0, 1] + spread[:, 1, 1]
    n = asymptote.size
    return Posterior(
        jump=asymptote + fall,
        jump_se=np.sqrt(np.maximum(jump_variance, 0.0)),
        asymptote=asymptote,
        asymptote_se=np.sqrt(np.maximum(spread[:, 0, 0], 0.0)),
        log_rate=np.full(n, mean.log_rate),
        log_rate_sd=np.zeros(n),
    )


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
    own = curve.covariance
    start = ReturnParameters(
        mean=np.asarray([curve.asymptote, curve.jump - curve.asymptote]),
        factor=own.factor,
        log_sd=own.log_sd,
        log_rate=own.log_rate,
        lag=own.lag,
    )
    parameters, log_likelihood, converged = fit_varying_rates(rows, start)
    if not np.isfinite(log_likelihood):
        return None
    gain = max(2.0 * (log_likelihood - own.log_likelihood), 0.0)
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
