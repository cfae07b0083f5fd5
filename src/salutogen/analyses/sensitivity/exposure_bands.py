"""Bands of what follows from the line, over plausible errors of exposure, with sampling error.

Every score after the line is P − b E. With error in E the slope is too flat, and what goes with
fewer stressors looks like resilience; with reports coloured by mood the slope is too steep. Slope,
jump of SR after an event and correlation of a factor with SR are followed through both at once:
observed E = true E + g P + error, true E and P with SD 1. Each combination of a reliability and a
strength g gives an estimate with its own interval, all from the same draws of persons; the band
reaches from the lowest lower end to the highest upper end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.sensitivity.assumptions import Assumptions, Weights, corrected_weights
from salutogen.analyses.sensitivity.person_sums import (
    Places,
    SumMoments,
    drawn_sums,
    sums_by_person,
)
from salutogen.models.descriptive import pearson
from salutogen.models.resampling.bootstrap import percentile_interval

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FEWEST = 20  # persons below which no band is given


@dataclass(frozen=True, kw_only=True)
class Band:
    """An estimate as scored, and its bands. Ends hold the sampling error of persons (95 %).

    Attributes
    ----------
    n : int
        Persons.
    value, low, high : float or None
        As scored, E taken as free of error, with its interval.
    error_low, error_high : float or None
        Band over the plausible reliabilities of E.
    joint_low, joint_high : float or None
        Band over these and over mood-congruent reporting at once.
    impossible : int
        Combinations of the grid that the data rule out.
    """

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    error_low: float | None = None
    error_high: float | None = None
    joint_low: float | None = None
    joint_high: float | None = None
    impossible: int = 0

    @property
    def claimed(self) -> bool:
        """Whether it differs from 0 as scored."""
        return self._same_side(self.low, self.high)

    @property
    def holds_with_error(self) -> bool:
        """Whether it differs from 0, on the same side, at every plausible reliability of E."""
        return self.claimed and self._same_side(self.error_low, self.error_high)

    @property
    def holds_jointly(self) -> bool:
        """Whether it differs from 0 at every plausible reliability and strength of mood."""
        return self.claimed and self._same_side(self.joint_low, self.joint_high)

    def _same_side(self, low: float | None, high: float | None) -> bool:
        if low is None or high is None or self.value is None:
            return False
        return low > 0 if self.value > 0 else high < 0


def slope_band(P: Float, E: Float, assumptions: Assumptions) -> Band:
    """Band of the slope of P on exposure over persons, points of P per unit of E."""
    sums, n = sums_by_person([(np.arange(P.size), {"P": P, "E": E})])
    return _band(sums, n, assumptions, lambda at, weights: weights.on_E)


def factor_band(P: Float, E: Float, factor: Float, assumptions: Assumptions) -> Band:
    """Band of a factor's correlation with SR by true exposure, over persons whose factor is known.

    Parameters
    ----------
    P, E, factor : ndarray, shape (persons,)
        Person means; the factor is NaN where unknown.
    """
    known = np.isfinite(factor) & np.isfinite(P) & np.isfinite(E)
    columns = {"P": P[known], "E": E[known], "F": factor[known]}
    sums, n = sums_by_person([(np.arange(int(known.sum())), columns)])

    def correlation(at: SumMoments, weights: Weights) -> Float:
        along = weights.on_P * at.covariance("F", "P") - weights.on_E * at.covariance("F", "E")
        spread = np.sqrt(at.covariance("F", "F") * at.covariance("P", "P") * (1 - weights.rho**2))
        return _correlation(along, spread)

    return _band(sums, n, assumptions, correlation)


def problems_band(P: Float, E: Float, factor: Float, assumptions: Assumptions) -> Band:
    """A factor's correlation with P itself, over the persons of `factor_band`; no band of its own.

    What a factor says of SR beyond problems shows only beside it.
    """
    return _as_reported("P", P, E, factor, assumptions)


def _as_reported(what: str, P: Float, E: Float, factor: Float, assumptions: Assumptions) -> Band:
    """Correlation of a factor with P or E as they are, with its interval."""
    known = np.isfinite(factor) & np.isfinite(P) & np.isfinite(E)
    sums, n = sums_by_person(
        [(np.arange(int(known.sum())), {"P": P[known], "E": E[known], "F": factor[known]})]
    )

    def correlation(at: SumMoments, weights: Weights) -> Float:
        spread = np.sqrt(at.covariance("F", "F") * at.covariance(what, what))
        return _correlation(at.covariance("F", what) + 0.0 * weights.rho, spread)

    as_scored = replace(assumptions, reliability=(1.0, 1.0), mood=(0.0, 0.0))
    return _band(sums, n, as_scored, correlation)


def exposure_band(P: Float, E: Float, factor: Float, assumptions: Assumptions) -> Band:
    """A factor's correlation with exposure as reported, over the persons of `factor_band`.

    What of it is error is not asked: it says how far SR and problems could differ at all, as
    r(F, SR) is `(r(F, P) - r(P, E) r(F, E)) / √(1 - r(P, E)²)`.
    """
    return _as_reported("E", P, E, factor, assumptions)


def jump_band(
    rows: tuple[Int, Float, Float], jumps: tuple[Int, Float, Float], assumptions: Assumptions
) -> Band:
    """Band of the mean jump of SR after an event, points of P.

    Parameters
    ----------
    rows : (person, P, E), each of shape (rows,)
        What the line is fitted to; persons as codes. The assumptions are of this level.
    jumps : (person, jump of P, jump of E), each of shape (anchors,)
        After less before, of the same persons; anchors with a missing value are left out.

    Notes
    -----
    Error of E has mean 0 in a mean jump, but the slope that turns the jump of E into expected
    problems is as flat as the error made it: a jump of E then leaves a jump of SR without any
    effect of the event.
    """
    sums, _ = sums_by_person(
        [
            (rows[0], {"P": rows[1], "E": rows[2]}),
            (jumps[0], {"dP": jumps[1], "dE": jumps[2]}),
        ]
    )
    known = np.isfinite(jumps[1]) & np.isfinite(jumps[2])
    n = int(np.unique(np.asarray(jumps[0])[known]).size)
    return _band(
        sums,
        n,
        assumptions,
        lambda at, weights: weights.on_P * at.mean("dP") - weights.on_E * at.mean("dE"),
    )


def lock_factor_band(
    rows: tuple[Int, Float, Float],
    locks: tuple[Int, Float, Float, Float],
    assumptions: Assumptions,
) -> Band:
    """Band of a factor's correlation with SR around an event (its level, or its change).

    Parameters
    ----------
    rows : (person, P, E), each of shape (rows,)
        What the line is fitted to, as in `jump_band`.
    locks : (person, factor, P, E), each of shape (anchors,)
        P and E as the lock takes them (mean, or after less before).
    """
    sums, _ = sums_by_person(
        [
            (rows[0], {"P": rows[1], "E": rows[2]}),
            (locks[0], {"F": locks[1], "lP": locks[2], "lE": locks[3]}),
        ]
    )
    known = np.isfinite(np.stack(locks[1:])).all(axis=0)
    n = int(np.unique(np.asarray(locks[0])[known]).size)

    def correlation(at: SumMoments, weights: Weights) -> Float:
        a, b = weights.on_P, weights.on_E
        along = a * at.covariance("F", "lP") - b * at.covariance("F", "lE")
        spread = (
            a**2 * at.covariance("lP", "lP")
            - 2 * a * b * at.covariance("lP", "lE")
            + b**2 * at.covariance("lE", "lE")
        )
        return _correlation(along, np.sqrt(spread * at.covariance("F", "F")))

    return _band(sums, n, assumptions, correlation)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Where persons stand by SR as scored and by SR with the slope on true exposure.

    Attributes
    ----------
    rank_r : float or None
        Rank correlation of the two; None where the assumption is impossible.
    n_other_side : int or None
        Persons whom the two put on different sides of 0.
    share_other_side : float or None
        Their share.
    """

    rank_r: float | None = None
    n_other_side: int | None = None
    share_other_side: float | None = None


class Scored:
    """Persons' SR as scored (straight line over these persons), to be compared with others."""

    def __init__(self, P: Float, E: Float) -> None:
        self._r = pearson(E, P)
        self._dP, self._dE = P - np.mean(P), E - np.mean(E)
        self._sd_P, self._sd_E = np.std(P, ddof=1), np.std(E, ddof=1)

    def sides(self, reliability_E: float, g: float, reliability_P: float) -> Sides:
        """Compare with the SR that is corrected for error in E, and for mood in its report."""
        if self._r is None:
            return Sides()
        weights = corrected_weights(
            np.asarray(self._r),
            self._sd_P,
            self._sd_E,
            np.asarray(reliability_E),
            np.asarray(g),
            reliability_P,
        )
        if not np.isfinite(weights.on_E):
            return Sides()
        corrected = weights.on_P * self._dP - weights.on_E * self._dE
        other = int(np.sum((self._values > 0) != (corrected > 0)))
        return Sides(
            rank_r=pearson(self._ranks, _ranks(corrected)),
            n_other_side=other,
            share_other_side=other / corrected.size,
        )

    @cached_property
    def _values(self) -> Float:
        assert self._r is not None
        found: Float = self._dP - self._r * self._sd_P / self._sd_E * self._dE
        return found

    @cached_property
    def _ranks(self) -> Float:
        return _ranks(self._values)


def _ranks(values: Float) -> Float:
    return pl.Series(values).rank("average").cast(pl.Float64).to_numpy()


def _band(
    found: tuple[Float, Places],
    n: int,
    assumptions: Assumptions,
    statistic: Callable[[SumMoments, Weights], Float],
) -> Band:
    """Make the band of a statistic of SR from persons' sums."""
    sums, places = found
    rE = np.append(1.0, assumptions.reliabilities)[:, None]  # the first row is E as scored
    g = np.append(0.0, assumptions.strengths)[None, :]

    def values(total: Float) -> Float:
        at = SumMoments(total, places)
        # Rounding may leave a variance that is 0 a little below it.
        sd_P, sd_E = (np.sqrt(np.maximum(at.covariance(one, one), 0.0)) for one in ("P", "E"))
        with np.errstate(invalid="ignore", divide="ignore"):
            r = at.covariance("P", "E") / (sd_P * sd_E)
            weights = corrected_weights(r, sd_P, sd_E, rE, g, assumptions.reliability_P)
            return statistic(at, weights)

    estimate = values(np.sum(sums, axis=0))
    if n < FEWEST or not np.isfinite(estimate[0, 0]):
        return Band(n=n)
    draws = values(drawn_sums(sums, assumptions.draws, assumptions.seed))
    usable = np.isfinite(draws).mean(axis=0) > 0.5
    usable &= np.isfinite(estimate)
    low, high = _ends_of(draws, usable)
    error, joint = (slice(1, None), slice(0, 1)), (slice(1, None), slice(1, None))
    return Band(
        n=n,
        value=float(estimate[0, 0]),
        low=_end(low[:1, :1], np.nanmin),
        high=_end(high[:1, :1], np.nanmax),
        error_low=_end(low[error], np.nanmin),
        error_high=_end(high[error], np.nanmax),
        joint_low=_end(low[joint], np.nanmin),
        joint_high=_end(high[joint], np.nanmax),
        impossible=int(np.sum(~usable[joint])),
    )


def _ends_of(draws: Float, usable: NDArray[np.bool_]) -> tuple[Float, Float]:
    """Percentile intervals of usable cells (R, G) from draws (d, R, G); NaN in the others."""
    low, high = np.full(usable.shape, np.nan), np.full(usable.shape, np.nan)
    whole = usable & np.isfinite(draws).all(axis=0)
    low[whole], high[whole] = percentile_interval(draws[:, whole])
    for place in zip(*np.nonzero(usable & ~whole), strict=True):
        own = draws[(slice(None), *place)]
        low[place], high[place] = percentile_interval(own[np.isfinite(own)])
    return low, high


def _end(ends: Float, outermost: Callable[[Float], float]) -> float | None:
    return float(outermost(ends)) if np.isfinite(ends).any() else None


def _correlation(along: Float, spread: Float) -> Float:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.clip(along / spread, -1.0, 1.0))
