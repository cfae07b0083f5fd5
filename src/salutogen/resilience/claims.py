"""Which persons' levels lie clearly off the line, and how many would by chance alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from salutogen.columns import POINTS, Kind, Record, figure, record
from salutogen.models.false_discovery import discoveries
from salutogen.page.audience import told_median
from salutogen.resilience.errors import level_error
from salutogen.resilience.person_levels import LevelsOfPersons

DISCOVERY_RATE = 0.05
FEW_VISITS = 2
BELOW, ABOVE, UNSETTLED = "below", "above", ""
ESTIMAND = "level over the period: what SR would come to over many such occasions"
ENDS = ("reliability_low", "reliability_high", "share_between_low", "share_between_high")
SQUARED = f"squared {POINTS}"


@record
class PersonClaims(Record):
    """Persons' levels over the period: how far they differ, and who is clearly off the line."""

    estimand: str = figure("What SR_se, SR_low and SR_high are of", kind=Kind.LABEL)
    n: int = figure("Persons whose level has an interval", kind=Kind.COUNT)
    clear_below: int | None = figure(
        "Persons clearly below the line at a false-discovery rate of 5 %", kind=Kind.COUNT
    )
    clear_above: int | None = figure(
        "Persons clearly above the line at a false-discovery rate of 5 %", kind=Kind.COUNT
    )
    expected_by_chance: float | None = figure(
        "Of those called, the most that are expected by chance", kind=Kind.COUNT
    )
    outside: int | None = figure("Persons whose own 95 % interval does not hold 0", kind=Kind.COUNT)
    outside_by_chance: float | None = figure(
        "The same, expected if no level were off the line", kind=Kind.COUNT
    )
    between_variance: float | None = figure("Variance of persons' levels", unit=SQUARED)
    between_variance_low: float | None = figure("Lower end of its 95 % interval", unit=SQUARED)
    between_variance_high: float | None = figure("Upper end of its 95 % interval", unit=SQUARED)
    within_variance: float | None = figure("Variance of SR over a person's occasions", unit=SQUARED)
    autocorrelation: float | None = figure(
        "Correlation of SR around the level at adjacent scheduled occasions; null where it cannot "
        "be told, and occasions are taken as independent"
    )
    median_occasions: float | None = figure("Median of persons' valid occasions")
    reliability: float | None = figure(
        "Reliability of a person's SR as a measure of the level, at the median of occasions"
    )
    reliability_low: float | None = figure(
        "The same with the variance of levels at the lower end of its interval, and the rest as "
        "best goes with it"
    )
    reliability_high: float | None = figure("The same at the upper end")
    share_between_low: float | None = figure(
        "Share of SR's variance on single occasions that lies between levels, with their variance "
        "at the lower end of its interval"
    )
    share_between_high: float | None = figure("The same at the upper end")

    @property
    def share_between(self) -> float | None:
        """Share of SR's variance on single occasions that lies between persons' levels.

        Autocorrelation is allowed for; None where it cannot be told.
        """
        between, within = self.between_variance, self.within_variance
        if between is None or within is None or self.autocorrelation is None:
            return None
        whole = between + within
        return between / whole if whole > 0.0 else None


@dataclass(frozen=True, kw_only=True)
class Called:
    """What is said of each person: `below`, `above` or nothing; and the figures of all."""

    clear: pl.Series
    summary: PersonClaims


def claims(
    table: pl.DataFrame,
    line_error: np.ndarray,
    levels: LevelsOfPersons | None,
    smallest: int = 1,
) -> Called:
    """Call persons whose level is clearly off the line (Benjamini & Hochberg 1995, 5 %).

    Nobody is called where the interval of the variance between persons holds 0, and none of those
    with one or two valid occasions where others have more: they are no part of the discoveries.

    Parameters
    ----------
    table : DataFrame
        Persons with `SR` and `n_valid`.
    line_error : ndarray, shape (persons,)
    levels : LevelsOfPersons or None
    smallest : int
        Persons beyond a median that is told (`told_median`).
    """
    if levels is None:
        clear = pl.repeat(None, table.height, dtype=pl.String, eager=True).alias("clear")
        return Called(clear=clear, summary=_nothing_known())
    SR = table["SR"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    p = p_values(SR, *level_error(line_error, levels))
    known = np.isfinite(p)
    judged = np.where(has_few_visits(table), np.nan, p)
    called = discoveries(judged, DISCOVERY_RATE) & levels.differ
    below, above = called & (SR < 0), called & (SR > 0)
    words = np.where(below, BELOW, np.where(above, ABOVE, UNSETTLED))
    interval = levels.between_interval or (None, None)
    occasions = table["n_valid"].to_numpy()[known]
    middle = told_median(occasions, smallest) if occasions.size else None
    at_median = None if middle is None else np.abs(occasions - middle).argmin()
    n = int(known.sum())
    return Called(
        clear=pl.select(
            pl.when(pl.Series(known)).then(pl.Series(words, dtype=pl.String)).alias("clear")
        )["clear"],
        summary=PersonClaims(
            estimand=ESTIMAND,
            n=n,
            clear_below=int(below.sum()),
            clear_above=int(above.sum()),
            expected_by_chance=DISCOVERY_RATE * int(called.sum()),
            outside=int((p[known] < 0.05).sum()),
            outside_by_chance=0.05 * n,
            between_variance=levels.between,
            between_variance_low=interval[0],
            between_variance_high=interval[1],
            within_variance=levels.within,
            autocorrelation=levels.autocorrelation if levels.autocorrelation_told else None,
            median_occasions=middle,
            reliability=None if at_median is None else float(levels.reliability[known][at_median]),
            **_at_ends(levels, known, at_median),
        ),
    )


def has_few_visits(persons: pl.DataFrame) -> np.ndarray:
    """Which persons have one or two valid occasions, where others have more; shape (persons,).

    Their means are of few days: none of them is called, or shown as extreme.
    """
    visits = persons["n_valid"].to_numpy()
    few: np.ndarray = (visits <= FEW_VISITS) & (visits.max(initial=0) > FEW_VISITS)
    return few


def p_values(SR: np.ndarray, se: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Two-sided p of each person's level being 0; NaN where SR or its error is unknown."""
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        result: np.ndarray = 2.0 * stdtr(df, -np.abs(SR / se))
    return result


def _at_ends(levels: LevelsOfPersons, known: np.ndarray, at_median: Any) -> dict[str, float | None]:
    """Reliability and share with the variance of levels at the ends of its interval."""
    found: dict[str, float | None] = dict.fromkeys(ENDS)
    if levels.between_interval is None or levels.within_at_ends is None:
        return found
    pairs = zip(levels.between_interval, levels.within_at_ends, strict=True)
    shares = [between / (between + within) for between, within in pairs]
    found |= {"share_between_low": shares[0], "share_between_high": shares[1]}
    if at_median is not None and levels.reliability_at_ends is not None:
        low, high = (float(end[known][at_median]) for end in levels.reliability_at_ends)
        found |= {"reliability_low": low, "reliability_high": high}
    return found


def _nothing_known() -> PersonClaims:
    return PersonClaims(
        estimand=ESTIMAND,
        n=0,
        clear_below=None,
        clear_above=None,
        expected_by_chance=None,
        outside=None,
        outside_by_chance=None,
        between_variance=None,
        between_variance_low=None,
        between_variance_high=None,
        within_variance=None,
        autocorrelation=None,
        median_occasions=None,
        reliability=None,
        reliability_low=None,
        reliability_high=None,
        share_between_low=None,
        share_between_high=None,
    )
