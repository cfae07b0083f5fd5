"""Centile curves over exposure, their bands, and how the spread changes along it."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.centiles.spread import Draws, Units, scale_matrix
from salutogen.columns import POINTS, Column, Kind, Record, figure, record
from salutogen.models.linear_algebra import combine
from salutogen.models.regression.location_scale import LocationScale
from salutogen.models.regression.quantile import fit_quantile_lines
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.norm.design_matrix import term_matrix, terms_of
from salutogen.page.audience import in_steps, quantile_step, told_quantiles

Float = NDArray[np.float64]
ENDS = (5, 95)  # the curves leave out the least and the most exposed, who would be single persons
PLACES = (10, 50, 90)
POINTS_OF_CURVE = 21
MOST_FOR_PROGRAMS = 20_000
CURVE_COLUMNS = (
    Column(name="centile", meaning="Centile", heading="Centile", kind=Kind.LABEL),
    Column(name="E", meaning="Exposure", unit="units of E", heading="E"),
    Column(name="P", meaning="Problems at the centile", unit=POINTS, heading="P"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS, heading="to"),
    Column(
        name="P_free",
        meaning="The same by a quantile regression of its own, which assumes no common shape",
        unit=POINTS,
        heading="P, quantile regression",
    ),
)


@record
class SpreadChange(Record):
    """SD of problems about the line at low, middle and high exposure (percentiles of persons)."""

    E_low: float = figure("10th percentile of E", unit="units of E")
    E_middle: float = figure("Median of E", unit="units of E")
    E_high: float = figure("90th percentile of E", unit="units of E")
    sd_low: float = figure("SD about the line at the 10th percentile of E", unit=POINTS)
    sd_middle: float = figure("SD about the line at the median of E", unit=POINTS)
    sd_high: float = figure("SD about the line at the 90th percentile of E", unit=POINTS)
    ratio: float = figure("SD at the 90th over SD at the 10th percentile of E")
    ratio_low: float = figure("Lower end of its 95 % interval")
    ratio_high: float = figure("Upper end of its 95 % interval")

    @property
    def settled(self) -> bool:
        """Whether the interval of the ratio leaves out 1."""
        return not self.ratio_low <= 1 <= self.ratio_high


class Grid:
    """Places along exposure with the terms of the line and of the log SD; covariates at their mean.

    Attributes
    ----------
    E : array (k,)
    X, Z : array (k, p), (k, 2)
    """

    def __init__(self, units: Units, E: Float) -> None:
        self.E, line = E, units.line
        table = pl.DataFrame({line.predictors[0]: E})
        self.X = np.repeat(units.X.mean(axis=0)[None, :], len(E), axis=0)
        own = terms_of(line.predictors, line.shape)
        terms = term_matrix(table, own, predictors=line.predictors, knots=line.knots)
        for place, term in enumerate(own):
            self.X[:, line.terms.index(term)] = terms[:, place]
        self.Z = scale_matrix(line, table)


def exposures(units: Units, at: tuple[float, ...], smallest: int) -> Float:
    """Percentiles of exposure that may be told (`told_quantiles`)."""
    persons = len(np.unique(units.person))
    return told_quantiles(units.E, [one / 100 for one in at], smallest, persons)


def spread_change(
    units: Units, fit: LocationScale, draws: Draws, smallest: int = 1
) -> SpreadChange:
    """SD at low, middle and high exposure, and the ratio of the ends with its interval."""
    E = exposures(units, PLACES, smallest)
    grid = Grid(units, E)
    sd = fit.sd(grid.Z)
    ends = combine(draws.scale, grid.Z[-1] - grid.Z[0])  # log of the ratio, by draw
    low, high = np.exp(percentile_interval(ends))
    names = ("low", "middle", "high")
    return SpreadChange(
        **{f"E_{name}": float(value) for name, value in zip(names, E, strict=True)},
        **{f"sd_{name}": float(value) for name, value in zip(names, sd, strict=True)},
        ratio=float(sd[-1] / sd[0]),
        ratio_low=float(low),
        ratio_high=float(high),
    )


def centile_curves(
    units: Units,
    fit: LocationScale,
    draws: Draws,
    curves: tuple[float, ...],
    smallest: int = 1,
    raised: float = 0.0,
) -> pl.DataFrame:
    """Problems at each centile over exposure, columns `CURVE_COLUMNS`.

    Between the 5th and the 95th percentile of E, at 21 places, and at the 10th, 50th and 90th.

    Parameters
    ----------
    units : Units
    fit : LocationScale
    draws : Draws
    curves : tuple of float
        Centiles.
    smallest : int
        Where persons are hidden, lines of quantile regression are told in steps: each goes through
        two persons.
    raised : float
        How far the line is told above its own.
    """
    first, last = exposures(units, ENDS, smallest)
    places = exposures(units, PLACES, smallest)
    E = np.union1d(np.linspace(first, last, POINTS_OF_CURVE), places)
    grid = Grid(units, E)
    z = np.quantile(units.standardised(fit), np.array(curves) / 100)
    free = _free(units, grid, curves)
    if smallest > 1:
        free = _told_levels(free, quantile_step(float(np.std(units.P)), len(units.P)))
    frames = []
    for place, name in enumerate(curves):
        P = combine(grid.X, fit.location) + z[place] * fit.sd(grid.Z)
        by_draw = np.empty((len(draws.location), len(E)))
        for point in range(len(E)):
            expected = combine(draws.location, grid.X[point])
            sd = np.exp(combine(draws.scale, grid.Z[point]))
            by_draw[:, point] = expected + draws.levels[:, place] * sd
        low, high = percentile_interval(by_draw)
        frames.append(
            pl.DataFrame(
                {
                    "centile": [f"{name:g}"] * len(E),
                    "E": E,
                    "P": P + raised,
                    "low": low + raised,
                    "high": high + raised,
                    "P_free": pl.Series(free[place], dtype=pl.Float64).fill_nan(None),
                }
            )
        )
    return pl.concat(frames)


def _told_levels(lines: Float, step: float) -> Float:
    """Raise lines (curves, k), each so that it lies on a step at its middle."""
    middle = lines[:, lines.shape[1] // 2]
    told = [in_steps(float(one), step) if np.isfinite(one) else one for one in middle]
    return lines + (np.array(told) - middle)[:, None]


def _free(units: Units, grid: Grid, curves: tuple[float, ...]) -> Float:
    """Quantile regression lines at the grid, shape (curves, k); NaN where there are too many units.

    Lines that cross are put into order at each place (Chernozhukov and others 2010).
    """
    if len(units.P) > MOST_FOR_PROGRAMS:
        return np.full((len(curves), len(grid.E)), np.nan)
    share = np.array(curves) / 100
    found = fit_quantile_lines(units.P, units.X, share.tolist(), names=units.line.names)
    lines = np.stack([combine(grid.X, one) for one in found])
    order = np.argsort(share, kind="stable")
    lines[order] = np.sort(lines[order], axis=0)
    return lines
