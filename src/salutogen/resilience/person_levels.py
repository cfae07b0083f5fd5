"""Levels of persons over the period: how far they differ, and how well a mean of SR tells one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.errors import ModelError
from salutogen.models.descriptive import group_means
from salutogen.norm import Norm
from salutogen.resilience.between_within import OccasionArrays
from salutogen.study.format.analysed import ResilienceSettings


@dataclass(frozen=True, kw_only=True)
class LevelsOfPersons:
    """Variances of SR and what follows for each row of the persons' table; SR in points of P.

    Attributes
    ----------
    between, within : float
        Variance of persons' levels (tau²), and of SR over a person's occasions (sigma²).
    between_interval : (float, float) or None
        95 %; None where `between` follows from a given stability.
    within_at_ends : (float, float) or None
        `within` that goes best with either end of that interval.
    autocorrelation : float
        Of SR at adjacent scheduled occasions, around the level.
    autocorrelation_estimated, autocorrelation_told : bool
        Whether it was estimated; whether it was estimated or given. Otherwise occasions are taken
        as independent.
    stability_given : bool
        Whether the variances rest on `resilience.stability` of the study file.
    mean_variance, mean_df : ndarray, shape (persons,)
        Variance of a person's SR around the level, without the line's error, and its degrees of
        freedom.
    reliability : ndarray, shape (persons,)
        tau² / (tau² + variance of the mean).
    reliability_at_ends : (ndarray, ndarray) or None
        The same with tau² at either end of its interval.
    shrunken, shrunken_variance : ndarray, shape (persons,)
        Posterior mean of the level and its error, without the line's.
    """

    between: float
    within: float
    between_interval: tuple[float, float] | None
    within_at_ends: tuple[float, float] | None
    autocorrelation: float
    autocorrelation_estimated: bool
    autocorrelation_told: bool
    stability_given: bool
    mean_variance: np.ndarray
    mean_df: np.ndarray
    reliability: np.ndarray
    reliability_at_ends: tuple[np.ndarray, np.ndarray] | None
    shrunken: np.ndarray
    shrunken_variance: np.ndarray

    @property
    def differ(self) -> bool:
        """Whether levels are known to differ: the interval of tau² does not hold 0."""
        if self.between_interval is None:
            return self.between > 0
        return self.between_interval[0] > 0


def levels_of_persons(
    persons: pl.DataFrame, arrays: OccasionArrays, norm: Norm, settings: ResilienceSettings
) -> LevelsOfPersons | None:
    """Estimate levels from persons' SR and from its course over their occasions.

    A person's scores are the SR of the persons' table plus the deviations of the occasions' SR from
    their own mean, so that their mean is the SR that is reported, whatever the two lines.

    Parameters
    ----------
    persons : DataFrame
        With `person`, `n_valid` and `SR`.
    arrays : OccasionArrays
    norm : Norm
    settings : ResilienceSettings
        `stability` and `autocorrelation` are used where the data cannot tell them.

    Returns
    -------
    LevelsOfPersons or None
        None where fewer than three persons have several occasions and no stability is given.
    """
    from salutogen.models.person_levels.model import fit_person_levels

    SR = persons["SR"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    widened = _widening(SR, norm)
    own = SR * widened
    place = np.full(arrays.n_persons, -1)
    place[persons["person"].to_numpy()] = np.where(np.isfinite(own), np.arange(own.size), -1)
    row = place[arrays.person]
    kept = row >= 0
    means = group_means(arrays.SR, arrays.person, arrays.n_persons)
    values = own[row[kept]] + (arrays.SR - means[arrays.person])[kept]
    try:
        fit = fit_person_levels(
            values, row[kept], arrays.occasion[kept], autocorrelation=settings.autocorrelation
        )
    except ModelError:
        return _given_stability(SR, persons["n_valid"].to_numpy(), settings)

    def spread(found: np.ndarray) -> np.ndarray:
        whole = np.full(own.size, np.nan)
        whole[fit.persons] = found
        return whole

    return LevelsOfPersons(
        between=fit.between,
        within=fit.within,
        between_interval=fit.between_interval,
        within_at_ends=fit.within_at_ends,
        autocorrelation=fit.autocorrelation,
        autocorrelation_estimated=fit.autocorrelation_estimated,
        autocorrelation_told=fit.autocorrelation_estimated or settings.autocorrelation is not None,
        stability_given=False,
        mean_variance=spread(fit.mean_variance),
        mean_df=spread(fit.mean_df),
        reliability=spread(fit.reliability),
        reliability_at_ends=(
            spread(fit.reliability_at_ends[0]),
            spread(fit.reliability_at_ends[1]),
        ),
        shrunken=spread(fit.shrunken) / widened,
        shrunken_variance=spread(fit.shrunken_variance),
    )


def _widening(SR: np.ndarray, norm: Norm) -> float:
    """By what to widen SR for what fitting the line to the same persons took from its spread."""
    line, n = norm.lines.person, int(np.isfinite(SR).sum())
    p = len(line.terms)
    if norm.external is not None or line.n != n or n <= p + 1:
        return 1.0
    return float(np.sqrt((n - 1) / (n - p)))


def _given_stability(
    SR: np.ndarray, occasions: np.ndarray, settings: ResilienceSettings
) -> LevelsOfPersons | None:
    """Split the variance of SR by the stability that the study file gives."""
    known = SR[np.isfinite(SR)]
    if settings.stability is None or known.size < 3 or np.ptp(known) == 0:
        return None
    variance = float(np.var(known, ddof=1))
    between = settings.stability * variance
    within = (1.0 - settings.stability) * variance
    rho = settings.autocorrelation or 0.0
    k = occasions.astype(float)
    error = np.where(np.isfinite(SR), within / k, np.nan)
    keep = between / (between + error)
    return LevelsOfPersons(
        between=between,
        within=within,
        between_interval=None,
        within_at_ends=None,
        autocorrelation=rho,
        autocorrelation_estimated=False,
        autocorrelation_told=True,
        stability_given=True,
        mean_variance=error,
        mean_df=np.full(SR.size, known.size - 1.0),
        reliability=keep,
        reliability_at_ends=None,
        shrunken=float(known.mean()) + keep * (SR - float(known.mean())),
        shrunken_variance=(1.0 - keep) * between,
    )
