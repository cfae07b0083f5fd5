"""How far a stressor raises affect, and after how many hours half of the rise is gone.

Affect at a prompt is the person's level plus the person's reaction times a dose: 1 at a stressor,
halved with each half-life that passes on the same day, added up over the stressors of the day. The
half-life is found by Gauss-Newton steps: the derivative of the dose by the log half-life enters the
mixed model as a further term, its coefficient divided by that of the dose is the next step, and
where it is 0 its standard error is that of the log half-life.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.analyses.momentary import fit_within_days
from salutogen.analyses.recovery.prompts import MINUTE, Float, Int, Prompts
from salutogen.errors import ModelError
from salutogen.models.mixed.fit import MixedFit
from salutogen.models.quantiles import NORMAL_95

FIRST, SHORTEST, LONGEST = 2.0, 0.2, 24.0  # half-life in hours
STEPS, LARGEST_STEP = 25, 0.7
SETTLED = 0.05  # of its standard error: a step so short, once taken, is the last
ENOUGH, SHOWN = 4, 2.0  # steps after which a rise of fewer standard errors has no half-life
SAMPLE = 300  # persons among whom the search is done where there are more
FEWEST, SAMPLE_ROWS = 100, 20_000  # fewer will do where they have many prompts


@dataclass(frozen=True, kw_only=True)
class Decay:
    """The rise after a stressor and how fast it is gone.

    Attributes
    ----------
    rise, rise_low, rise_high : float
        Points of affect at the stressor, of the average person.
    half_life : float or None
        Hours; None where the search did not settle within bounds.
    low, high : float or None
    n, prompts : int
    correlation : float
        Of what is left over, at a distance of one hour.
    """

    rise: float
    rise_low: float
    rise_high: float
    half_life: float | None
    low: float | None
    high: float | None
    n: int
    prompts: int
    correlation: float


@dataclass(frozen=True, kw_only=True)
class Term:
    """A coefficient of a mixed model with its interval."""

    points: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, kw_only=True)
class PileUp:
    """What stressors of the hours before add beside the present one."""

    now: Term
    earlier: Term
    n: int
    prompts: int
    mean_earlier: float


class DayRows:
    """Prompts with affect and a known stressor, as rows of a mixed model within days."""

    def __init__(self, prompts: Prompts, persons: Int) -> None:
        usable = prompts.known & prompts.asked & np.isin(prompts.person, persons)
        rows = np.flatnonzero(usable)
        hours = prompts.hours[rows].copy()
        day = prompts.day[rows]
        again = np.append(False, (day[1:] == day[:-1]) & (np.diff(hours) <= 0))
        while again.any():  # answers of one minute, one after the other
            hours[again] = hours[np.flatnonzero(again) - 1] + MINUTE
            again = np.append(False, (day[1:] == day[:-1]) & (np.diff(hours) <= 0))
        self.person, self.day, self.hours = prompts.person[rows], day, hours
        self.stress, self.affect = prompts.stress[rows].astype(float), prompts.affect[rows]
        new = np.append(True, day[1:] != day[:-1])
        first = np.maximum.accumulate(np.where(new, np.arange(day.size), 0))
        self._place = np.arange(day.size) - first

    def dose(self, half_life: float) -> tuple[Float, Float]:
        """Dose of the day's stressors, and its derivative by the log half-life."""
        gap = np.append(0.0, np.diff(self.hours))
        dose, slope = self.stress.copy(), np.zeros(self.stress.size)
        for place in range(1, int(self._place.max(initial=0)) + 1):
            rows = np.flatnonzero(self._place == place)
            passed = np.log(2) * gap[rows] / half_life
            kept = np.exp(-passed)
            slope[rows] = kept * (slope[rows - 1] + passed * dose[rows - 1])
            dose[rows] += kept * dose[rows - 1]
        return dose, slope

    def earlier(self, hours: float) -> Float:
        """Number of stressors told in the hours before, on the same day."""
        total = np.append(0.0, np.cumsum(self.stress))
        # Days follow each other at a distance no stressor reaches over.
        shift = self.hours + (self.hours.max() + 2 * hours) * self.day
        first = np.searchsorted(shift, shift - hours - MINUTE / 2)
        counted: Float = total[:-1] - total[first]
        return counted

    def frame(self, **terms: Float) -> pl.DataFrame:
        """Rows with terms parted into the person's mean and what is beside it."""
        base = pl.DataFrame(
            {"person": self.person, "day": self.day, "hours": self.hours, "affect": self.affect}
            | terms
        )
        return base.with_columns(
            *((pl.col(name) - pl.col(name).mean().over("person")) for name in terms),
            *(pl.col(name).mean().over("person").alias(f"{name}_mean") for name in terms),
        )


def fit_decay(prompts: Prompts, persons: Int) -> Decay:
    """Fit rise and half-life.

    Where there are many persons, the search is done among some and finished with all.

    Parameters
    ----------
    prompts : Prompts
    persons : array of int
        Who is taken, sorted.

    Raises
    ------
    ModelError
        The mixed model cannot be fitted.
    """
    first = FIRST
    rows = int(np.isin(prompts.person, persons).sum())
    enough = int(np.clip(SAMPLE_ROWS * persons.size / max(rows, 1), FEWEST, SAMPLE))
    if persons.size > 2 * enough:
        some = persons[:: persons.size // enough]
        first = _search(DayRows(prompts, some), FIRST).half_life or FIRST
    return _search(DayRows(prompts, persons), first)


def _search(rows: DayRows, first: float) -> Decay:
    """Gauss-Newton steps of the log half-life until one is short."""
    log, settled = float(np.log(first)), False
    for done in range(STEPS):
        dose, slope = rows.dose(float(np.exp(log)))
        fit = _fitted(
            "affect ~ dose + dose_mean + slope + (1 + dose | person)",
            rows.frame(dose=dose, slope=slope),
        )
        rise, se = fit.fixed_effects["dose"], fit.standard_errors["dose"]
        step = fit.fixed_effects["slope"] / rise
        error = fit.standard_errors["slope"] / abs(rise)
        log += float(np.clip(step, -LARGEST_STEP, LARGEST_STEP))
        settled = abs(step) < SETTLED * error
        within = np.log(SHORTEST) < log < np.log(LONGEST)
        if settled or not within or (done >= ENOUGH and rise < SHOWN * se):
            break
    half_life = float(np.exp(log)) if settled and within else None
    apart = float(np.exp(NORMAL_95 * error))
    return Decay(
        rise=rise,
        rise_low=rise - NORMAL_95 * se,
        rise_high=rise + NORMAL_95 * se,
        half_life=half_life,
        low=None if half_life is None else half_life / apart,
        high=None if half_life is None else half_life * apart,
        n=int(np.unique(rows.person).size),
        prompts=int(rows.person.size),
        correlation=float(fit.residual_parameters["correlation"]),
    )


def fit_pile_up(rows: DayRows, hours: float) -> PileUp:
    """Fit affect on the stressor of now and the number of those before.

    Raises
    ------
    ModelError
        The mixed model cannot be fitted.
    """
    earlier = rows.earlier(hours)
    if not earlier.any():
        raise ModelError("no prompt has an earlier stressor of the same day")
    fit = _fitted(
        "affect ~ now + earlier + now_mean + earlier_mean + (1 + now | person)",
        rows.frame(now=rows.stress, earlier=earlier),
    )
    return PileUp(
        now=_term(fit, "now"),
        earlier=_term(fit, "earlier"),
        n=int(np.unique(rows.person).size),
        prompts=int(rows.person.size),
        mean_earlier=float(earlier.mean()),
    )


def _fitted(formula: str, frame: pl.DataFrame) -> MixedFit:
    fit = fit_within_days(formula, frame, "day")
    if not fit.converged:
        raise ModelError("the search for the mixed model did not settle")
    return fit


def _term(fit: MixedFit, name: str) -> Term:
    from scipy.special import ndtr

    value, se = fit.fixed_effects[name], fit.standard_errors[name]
    reach = NORMAL_95 * se
    return Term(
        points=value, low=value - reach, high=value + reach, p=2 * float(ndtr(-abs(value / se)))
    )
