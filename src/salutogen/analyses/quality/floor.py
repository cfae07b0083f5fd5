"""Distribution of problems, and what an end of their scale does to SR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, beside, figure, record
from salutogen.counts import Forms, forms_of
from salutogen.models.descriptive import least_squares_slope, numbered
from salutogen.norm.periods import count_distinct
from salutogen.page.audience import told_quantiles
from salutogen.page.words import Share
from salutogen.resilience.between_within import OccasionArrays

SLOPE_UNIT = "points of P per unit of E"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
EXPECTED_AT = (0.1, 0.9)
FEWEST = 10
SAME = 1e-9  # points of P
MOST = 0.5  # of the occasions at the floor, above which a spread without it is not told


@dataclass(frozen=True, kw_only=True)
class Third:
    """A third of the occasions by what is expected of them.

    Attributes
    ----------
    n : int
        Occasions.
    at_floor : Forms
        Those at the lowest score, and whose they are.
    sd : float
        SD of SR, points of P.
    sd_without_floor : float or None
        What it would be without the floor, were SR normal; None where most are at it.
    """

    n: int
    at_floor: Forms
    sd: float
    sd_without_floor: float | None


@record
class ProblemDistribution(Record):
    """Distribution of problems over valid occasions, and what the floor of the scale does to SR.

    Attributes
    ----------
    few_expected, most_expected : Third or None
        The thirds of the occasions with the fewest and the most expected problems; None where the
        floor is not known, or for few occasions.
    """

    n: int = figure("Valid occasions", unit="occasions", kind=Kind.COUNT)
    floor: float | None = figure("Lowest possible score", unit=POINTS)
    ceiling: float | None = figure("Highest possible score", unit=POINTS)
    floor_share: Share | None = figure("Share of occasions at the lowest score", kind=Kind.SHARE)
    ceiling_share: Share | None = figure("Share of occasions at the highest score", kind=Kind.SHARE)
    persons_at_floor: int | None = figure(
        "Persons at the lowest score at each of their occasions", unit="persons", kind=Kind.COUNT
    )
    skewness: float | None = figure("Skewness (third standardised moment)")
    quantiles: tuple[float, ...] = figure(
        "5, 25, 50, 75 and 95 % quantiles", unit=POINTS, at=QUANTILES
    )
    lowest_SR_low_exposure: float | None = figure(
        "Lowest SR that can be had where expected problems are at their 10 % quantile: the lowest "
        "score less what is expected",
        unit=POINTS,
        sign=LESS_RESILIENT,
    )
    lowest_SR_high_exposure: float | None = figure(
        "The same where expected problems are at their 90 % quantile",
        unit=POINTS,
        sign=LESS_RESILIENT,
    )
    residual_sd_low: float | None = figure(
        "SD of SR in the third of occasions with the fewest expected problems", unit=POINTS
    )
    residual_sd_high: float | None = figure(
        "SD of SR in the third of occasions with the most expected problems", unit=POINTS
    )
    slope_all: float | None = figure("Slope of P on E over all occasions", unit=SLOPE_UNIT)
    slope_above_floor: float | None = figure(
        "Slope over occasions above the lowest score; leaving some out by P flattens it as well",
        unit=SLOPE_UNIT,
    )
    rises: bool | None = figure(
        "Whether expected problems rise with exposure; null where their direction is not told",
        default=None,
    )
    few_expected: Third | None = beside(default=None)
    most_expected: Third | None = beside(default=None)


def problem_distribution(
    arrays: OccasionArrays,
    expected: np.ndarray,
    floor: float | None,
    ceiling: float | None,
    *,
    rises: bool | None = None,
    smallest: int = 1,
) -> ProblemDistribution:
    """Describe the distribution of P, and how far its floor shapes SR.

    A person at the floor has `SR = floor - expected`, whatever the person's resilience: where few
    problems are expected hardly below 0, where many are far below it.

    Parameters
    ----------
    arrays : OccasionArrays
    expected : ndarray, shape (n,)
        Problems that the line of occasions expects at each valid occasion.
    floor, ceiling : float or None
        Ends of the scale, where they are known.
    rises : bool or None
        Whether the line of occasions rises from low to high exposure; None where it is not told.
    smallest : int
        Persons beyond a quantile of what is expected (`told_quantiles`).
    """
    P = arrays.P
    at_floor, at_ceiling = _at(P, floor), _at(P, ceiling)
    known = P.size >= FEWEST
    low, high = (
        told_quantiles(expected, EXPECTED_AT, smallest, count_distinct(arrays.person))
        if known
        else (None, None)
    )
    thirds = np.quantile(expected, [1 / 3, 2 / 3]) if known else (None, None)
    above = None if at_floor is None or not at_floor.any() else ~at_floor
    few = None if thirds[0] is None else expected <= thirds[0]
    many = None if thirds[1] is None else expected >= thirds[1]
    return ProblemDistribution(
        n=P.size,
        floor=floor,
        ceiling=ceiling,
        floor_share=_share(at_floor, arrays),
        ceiling_share=_share(at_ceiling, arrays),
        persons_at_floor=None if at_floor is None else _always(at_floor, arrays),
        skewness=_skewness(P),
        # Scores that somebody has: fractions between two of them would tell how many there are.
        quantiles=tuple(map(float, np.quantile(P, QUANTILES, method="inverted_cdf"))),
        lowest_SR_low_exposure=None if floor is None or low is None else floor - float(low),
        lowest_SR_high_exposure=None if floor is None or high is None else floor - float(high),
        residual_sd_low=_sd(arrays.SR, few),
        residual_sd_high=_sd(arrays.SR, many),
        few_expected=_third(arrays, at_floor, few),
        most_expected=_third(arrays, at_floor, many),
        slope_all=least_squares_slope(P, arrays.E),
        slope_above_floor=None
        if above is None or np.count_nonzero(above) < FEWEST
        else least_squares_slope(P[above], arrays.E[above]),
        rises=rises,
    )


def _at(P: np.ndarray, end: float | None) -> np.ndarray | None:
    return None if end is None else np.abs(P - end) < SAME


def _share(at_end: np.ndarray | None, arrays: OccasionArrays) -> Share | None:
    if at_end is None:
        return None
    part = forms_of(at_end, arrays.person)
    return Share(float(at_end.mean()), of=at_end.size, part=part)


def _always(at_end: np.ndarray, arrays: OccasionArrays) -> int:
    return int(np.count_nonzero(np.bincount(numbered(arrays.person)[0], ~at_end) == 0))


def _skewness(values: np.ndarray) -> float | None:
    centred = values - np.mean(values)
    spread = float(np.mean(centred**2))
    if values.size < FEWEST or not spread > 0:
        return None
    return float(np.mean(centred * centred * centred) / spread**1.5)


def floored_sd(share: float) -> float:
    """SD of a standard normal variable whose values below a floor are put to it.

    Parameters
    ----------
    share : float
        Share of the values at the floor, in [0, 1).

    Notes
    -----
    With the floor at c, where share = Φ(c): the mean is c Φ(c) + φ(c), that of the square
    c² Φ(c) + 1 − Φ(c) + c φ(c) (Greene 2012, on censored variables).
    """
    from scipy.special import ndtri

    if share <= 0.0:
        return 1.0
    at = float(ndtri(share))
    density = float(np.exp(-0.5 * at**2) / np.sqrt(2.0 * np.pi))
    mean = at * share + density
    return float(np.sqrt(at**2 * share + 1.0 - share + at * density - mean**2))


def _third(
    arrays: OccasionArrays, at_floor: np.ndarray | None, rows: np.ndarray | None
) -> Third | None:
    sd = _sd(arrays.SR, rows)
    if at_floor is None or rows is None or sd is None:
        return None
    share = float(at_floor[rows].mean())
    return Third(
        n=int(np.count_nonzero(rows)),
        at_floor=forms_of(at_floor[rows], arrays.person[rows]),
        sd=sd,
        sd_without_floor=sd / floored_sd(share) if share < MOST else None,
    )


def _sd(SR: np.ndarray, rows: np.ndarray | None) -> float | None:
    if rows is None or np.count_nonzero(rows) < FEWEST:
        return None
    return float(np.std(SR[rows], ddof=1))
