"""How long episodes last: shares back by hours, their median, and an exponential model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salutogen.analyses.recovery.episodes import Episodes
from salutogen.analyses.recovery.prompts import Float, Int
from salutogen.models import ExponentialTimesFit
from salutogen.models.interval_censored.turnbull import (
    ResampledTurnbull,
    resampled_turnbull,
    turnbull,
)

STEP = 0.5  # hours: the curve takes times to the nearest half hour, and is told at each
FEWEST = 10  # persons who were seen outside so long after a stressor, or longer
STREAM, SHARES = 612, 613  # of the run's seed


@dataclass(frozen=True, kw_only=True, repr=False)
class Curve:
    """Shares of episodes that are over.

    Attributes
    ----------
    hours : array (k,)
        Every half hour from 0 as long as ten persons were seen outside so late, or later.
    share, low, high : array (k,)
        With 95 % intervals over resampled persons.
    median, median_low, median_high : float or None
        Hours by which half are over; None where that is not seen.
    resampled : array (resamples, k)
        Shares of each resample.
    """

    hours: Float
    share: Float
    low: Float
    high: Float
    median: float | None
    median_low: float | None
    median_high: float | None
    resampled: Float

    def __repr__(self) -> str:
        """Say how long it is, and its median."""
        return f"Curve({self.hours.size} points, median={self.median})"


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """How far the exponential model is from the curve.

    Attributes
    ----------
    largest : float
        Largest difference of the two shares.
    at : float
        Hours at which it is.
    expected : float
        What 95 % of resampled curves do not exceed beside the curve itself.
    """

    largest: float
    at: float
    expected: float


def share_reacting(found: Episodes, *, seed: int, resamples: int) -> tuple[float, float, float]:
    """Share of stressors that lead out of the band, with an interval over persons."""
    person = np.append(found.person, found.quiet_person)
    persons, who = np.unique(person, return_inverse=True)
    reacted = np.bincount(who[: found.person.size], minlength=persons.size)
    total = np.bincount(who, minlength=persons.size)
    rng = np.random.default_rng(np.random.SeedSequence([seed, SHARES]))
    drawn = rng.multinomial(persons.size, np.full(persons.size, 1 / persons.size), resamples)
    shares = (drawn @ reacted) / np.maximum(drawn @ total, 1)
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(reacted.sum() / total.sum()), float(low), float(high)


def curve_of(found: Episodes, *, seed: int, resamples: int) -> Curve:
    """Turnbull's curve of the episodes of which a later prompt was seen."""
    says = found.informative
    left = np.round(found.left[says] / STEP) * STEP
    right = np.maximum(np.round(found.right[says] / STEP) * STEP, left + STEP)
    person = found.person[says]
    told = resampled_turnbull(
        left, right, person, seed=np.random.SeedSequence([seed, STREAM]), resamples=resamples
    )
    hours = np.arange(0.0, _horizon(left, person) + STEP / 2, STEP)
    masses = [turnbull(left, right)[2], *told.mass[1:]]  # what is told is found to more digits
    shares = np.array([_share_by(hours, told, mass) for mass in masses])
    medians = np.array([_median(told, mass) for mass in masses])
    low, high = np.quantile(shares[1:], (0.025, 0.975), axis=0)
    early, late = np.quantile(medians[1:], (0.025, 0.975), method="inverted_cdf")
    return Curve(
        hours=hours,
        share=shares[0],
        low=low,
        high=high,
        median=_finite(medians[0]),
        median_low=_finite(early),
        median_high=_finite(late),
        resampled=shares[1:],
    )


def misfit_of(curve: Curve, fit: ExponentialTimesFit) -> Misfit:
    """Compare the model with the curve, and resampled curves with it."""
    apart = np.abs(fit.share_back(curve.hours) - curve.share)
    usual = np.abs(curve.resampled - curve.share).max(axis=1)
    at = int(apart.argmax())
    return Misfit(
        largest=float(apart[at]),
        at=float(curve.hours[at]),
        expected=float(np.quantile(usual, 0.95)),
    )


def _horizon(left: Float, person: Int) -> float:
    """Hours until which so many persons were seen outside their band."""
    _, who = np.unique(person, return_inverse=True)
    longest = np.zeros(who.max() + 1)
    np.maximum.at(longest, who, left)
    return max(float(np.sort(longest)[-min(FEWEST, longest.size)]), STEP)


def _breaks(told: ResampledTurnbull, mass: Float) -> tuple[Float, Float]:
    """Times at which the share is known, and the share; within an interval it rises evenly."""
    seen = np.isfinite(told.ends)
    after = np.cumsum(mass)[seen]
    before = np.append(0.0, after[:-1]) if after.size else after
    times = np.column_stack([told.starts[seen], told.ends[seen]]).ravel()
    return times, np.column_stack([before, after]).ravel()


def _share_by(hours: Float, told: ResampledTurnbull, mass: Float) -> Float:
    times, share = _breaks(told, mass)
    by: Float = np.interp(hours, times, share, left=0.0) if times.size else np.zeros(hours.size)
    return np.clip(by, 0.0, 1.0)


def _median(told: ResampledTurnbull, mass: Float) -> float:
    """Time by which half are over; infinite where that is not seen."""
    times, share = _breaks(told, mass)
    reached = np.flatnonzero(share >= 0.5)
    if not reached.size:
        return float("inf")
    at = int(reached[0])
    if at == 0 or share[at] == share[at - 1]:
        return float(times[at])
    part = (0.5 - share[at - 1]) / (share[at] - share[at - 1])
    return float(times[at - 1] + part * (times[at] - times[at - 1]))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
