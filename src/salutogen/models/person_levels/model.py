"""Levels of persons: a random intercept beside autocorrelated fluctuation around it.

``y = mean + level + fluctuation`` with variances tau² and sigma². Fluctuations of one person, k
occasions apart, correlate rho^k; missed occasions count. By restricted likelihood, whose value at a
rho takes one pass over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.models.person_levels.criterion import Variances, best_at, fit_variances
from salutogen.models.person_levels.precision import (
    BETWEEN,
    RHO,
    WITHIN,
    Precision,
    interval_of_between,
    precision,
)
from salutogen.models.person_levels.rows import PersonRows, rows_of_persons
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FEWEST_DF = 10.0  # below, the approximation overstates what is not known of rho
NODES = 9  # values of tau² over which the error of shrunken levels is averaged


@short_repr("n_persons", "n_obs", "between", "within", "autocorrelation")
@dataclass(frozen=True, kw_only=True)
class PersonLevels:
    """A fitted model of levels.

    Attributes
    ----------
    mean, between, within, autocorrelation : float
        Mean over persons, tau², sigma², and rho at adjacent occasions.
    between_interval : (float, float)
        95 % interval of tau².
    within_at_ends : (float, float)
        sigma² that goes best with either end of that interval: the more of what persons keep from
        one occasion to the next is taken for levels, the less is left of it.
    reliability_at_ends : (array (N,), array (N,))
        Reliability of each person's mean with tau² at either end, and sigma² and rho as best go
        with it.
    autocorrelation_estimated : bool
        False where rho was given, or cannot be told and was taken as 0; the interval of tau² then
        starts at 0 unless rho was given.
    n_persons, n_obs : int
    persons, occasions : int array (N,)
        Codes of the persons, ascending, and how many occasions each has.
    mean_variance : array (N,)
        Variance of a person's mean around the level: sigma² · c / n.
    mean_df : array (N,)
        Degrees of freedom of that variance (Satterthwaite 1946), robust.
    shrunken, shrunken_variance : array (N,)
        Posterior mean of mean + level, and its error, that of tau² included.
    """

    mean: float
    between: float
    within: float
    autocorrelation: float
    between_interval: tuple[float, float]
    within_at_ends: tuple[float, float]
    reliability_at_ends: tuple[Float, Float]
    autocorrelation_estimated: bool
    n_persons: int
    n_obs: int
    persons: Int
    occasions: Int
    mean_variance: Float
    mean_df: Float
    shrunken: Float
    shrunken_variance: Float

    @property
    def reliability(self) -> Float:
        """Of each person's mean as a measure of the level (N,): tau² / (tau² + sigma² · c / n)."""
        result: Float = self.between / (self.between + self.mean_variance)
        return result


def fit_person_levels(
    values: ArrayLike,
    person: ArrayLike,
    occasion: ArrayLike,
    *,
    autocorrelation: float | None = None,
) -> PersonLevels:
    """Fit levels of persons beside autocorrelated fluctuation.

    Parameters
    ----------
    values : array (n,)
        Scores by person and occasion.
    person, occasion : int array (n,)
        Codes of persons, and places of occasions in the schedule.
    autocorrelation : float, optional
        rho, where the rows cannot tell it; it is not used where they can.

    Raises
    ------
    ModelError
        As `rows_of_persons`, or the scores do not vary.

    Examples
    --------
    >>> y = [1.0, 2.0, 1.5, 4.0, 5.5, 5.0, 8.0, 9.5, 8.5, 3.0, 2.0, 2.5]
    >>> fit = fit_person_levels(y, [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3, [0, 1, 2] * 4)
    >>> round(fit.between, 2), round(fit.within, 2), round(fit.autocorrelation, 2)
    (10.0, 0.42, 0.0)
    """
    rows = rows_of_persons(values, person, occasion)
    tells = rows.tells_autocorrelation
    given = None if tells else (autocorrelation or 0.0)
    found = fit_variances(rows, given)
    known = precision(rows, found)
    low, high = interval_of_between(rows, found, known)
    if not tells and autocorrelation is None:
        low = 0.0
    spread = rows.spread_of_means(found.rho)
    ends = [(end, *best_at(rows, end, given)[1:]) for end in (low, high)]
    reliable_low, reliable_high = (
        between / (between + within * rows.spread_of_means(rho)) for between, within, rho in ends
    )
    shrunken, error = _shrunken(rows, found, known)
    return PersonLevels(
        mean=found.mean,
        between=found.between,
        within=found.within,
        autocorrelation=found.rho,
        between_interval=(low, high),
        within_at_ends=(ends[0][1], ends[1][1]),
        reliability_at_ends=(reliable_low, reliable_high),
        autocorrelation_estimated=tells,
        n_persons=rows.n_persons,
        n_obs=rows.n_obs,
        persons=rows.persons,
        occasions=rows.counts,
        mean_variance=found.within * spread,
        mean_df=_degrees(rows, found, known, spread),
        shrunken=shrunken,
        shrunken_variance=error,
    )


def _degrees(rows: PersonRows, found: Variances, known: Precision, spread: Float) -> Float:
    """Degrees of freedom of each person's error variance, from the errors of sigma² and rho."""
    step = 1e-4
    slope = np.zeros(rows.n_persons)
    if found.rho_estimated:
        up, down = (rows.spread_of_means(found.rho + sign * step) for sign in (1, -1))
        slope = found.within * (up - down) / (2 * step)
    cov = known.covariance
    variance = (
        cov[WITHIN, WITHIN] * spread**2
        + 2 * cov[WITHIN, RHO] * spread * slope
        + cov[RHO, RHO] * slope**2
    )
    at = 2 * (found.within * spread) ** 2
    fewest = min(FEWEST_DF, float(rows.n_obs - rows.n_persons))
    result: Float = np.maximum(at / np.maximum(variance, 1e-9 * at + 1e-300), fewest)
    return result


def _shrunken(rows: PersonRows, found: Variances, known: Precision) -> tuple[Float, Float]:
    """Posterior means of levels, and their variances averaged over what tau² may be.

    tau² is uncertain where it is small: with the estimate alone an interval would have no length
    at tau² = 0 (Morris 1983 on the empirical Bayes intervals of this kind).
    """
    from scipy.special import ndtri

    a, b, _, _ = rows.sums(found.rho)
    about = b / a - found.mean
    keep = found.between * a / (found.within + found.between * a)
    shrunken = found.mean + keep * about
    sd = float(np.sqrt(max(known.covariance[BETWEEN, BETWEEN], 0.0)))
    below = _normal(-found.between / sd) if sd > 0 else 0.0
    shares = below + (1.0 - below) * (np.arange(NODES) + 0.5) / NODES
    error = np.zeros(rows.n_persons)
    for move in ndtri(shares):
        between = max(found.between + sd * float(move), 0.0)
        weight = between * a / (found.within + between * a)
        error += (1.0 - weight) * between + ((weight - keep) * about) ** 2
    of_mean = 1.0 / float(np.sum(a / (found.within + found.between * a)))
    return shrunken, error / NODES + (1.0 - keep) ** 2 * of_mean


def _normal(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(z))
