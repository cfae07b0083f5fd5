"""Persons of a new site against the centile norm of another study.

The site may lie higher or lower at the same exposure: its offset is estimated from its own
persons, with the error of these persons and of the norm. What an offset cannot mend, another
spread or another slope, is tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.centiles.centile_norm import CentileNorm, centile_by_norm
from salutogen.analyses.centiles.spread import Units
from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import POINTS, Column, Kind, Record, beside, figure, record
from salutogen.errors import AnalysisError, NormError
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import least_squares_slope
from salutogen.models.linear_algebra import combine
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.norm import Line
from salutogen.norm.design_matrix import line_matrix, with_exposure
from salutogen.norm.external import same_but_for_wording, wording_problems

Float = NDArray[np.float64]
FEWEST = 20
STREAM = 0x517E
TRANSFER_COLUMNS = (
    Column(name="subject", meaning="Person", unit="text", kind=Kind.IDENTIFIER),
    *(
        Column(name=name, meaning=meaning, unit="centile", kind=Kind.PERSON,
               sign="higher = more problems than others of the same exposure")
        for name, meaning in (
            ("centile", "Centile by the other study's norm, moved by this site's offset"),
            ("centile_low", "Lower end of its 95 % interval: error of norm and offset"),
            ("centile_high", "Upper end of its 95 % interval: error of norm and offset"),
            ("centile_unmoved", "Centile by the other study's norm as it is"),
        )
    ),
)  # fmt: skip


@record
class Transfer(Record):
    """These persons against the centile norm of another study."""

    file: str = figure("File of the norm", kind=Kind.LABEL)
    n_norm: int = figure("Persons the norm rests on", unit="persons", kind=Kind.COUNT)
    n: int = figure("Persons of this site", unit="persons", kind=Kind.COUNT)
    offset: float = figure(
        "How much higher problems lie here at the same exposure", unit=POINTS,
        sign="positive = more problems than the norm expects",
    )  # fmt: skip
    se: float = figure("Standard error of the offset: these persons and the norm", unit=POINTS)
    se_site: float = figure("The part of these persons in it", unit=POINTS)
    low: float = figure("Lower end of the 95 % interval of the offset", unit=POINTS)
    high: float = figure("Upper end of the 95 % interval of the offset", unit=POINTS)
    spread_ratio: float = figure("SD about the line here, over the norm's at the same exposure")
    spread_low: float = figure("Lower end of the 95 % interval of the ratio")
    spread_high: float = figure("Upper end of the 95 % interval of the ratio")
    slope_difference: float = figure(
        "Slope of P on E here less the norm's", unit="points of P per unit of E"
    )
    slope_low: float = figure("Lower end of its 95 % interval")
    slope_high: float = figure("Upper end of its 95 % interval")
    outside: int = figure(
        "Persons whose exposure lies outside the norm's range", unit="persons", kind=Kind.COUNT
    )
    persons: pl.DataFrame = beside()


def transfer(
    norm: CentileNorm,
    line: Line,
    table: pl.DataFrame,
    *,
    scoring: Mapping[str, Any],
    file: str,
    draws: int,
    seed: int,
    found: Findings,
) -> Transfer:
    """Place persons by the norm of another study.

    The offset d is the mean of observed less expected P, weighted by the inverse of the variance
    about the line; its variance is that of these persons' residuals plus that of the norm's line
    at their mean exposure: persons are drawn with replacement, the norm's coefficients from the
    normal distribution of its covariance. The interval of the offset is by t with n - 1 degrees of
    freedom, the others are percentiles.

    Parameters
    ----------
    table : DataFrame
        Person means: `subject, person, P, E, E_<type>` and covariates.

    Raises
    ------
    AnalysisError
        P or E were scored otherwise, a column is missing, or there are too few persons.
    """
    from scipy.special import stdtrit

    if not same_but_for_wording(norm.scoring, scoring):
        parts = [part for part in ("P", "E") if scoring.get(part) != norm.scoring.get(part)]
        found.tell("centile-norm-differs", parts=" and ".join(parts), file=file)
        found.raise_refusals(AnalysisError)
    found.extend(wording_problems(norm.scoring, scoring, file))
    site = _Site(norm, line, table)
    if site.n < FEWEST:
        found.tell("too-few-for-offset", n=Persons(site.n), least=FEWEST)
        found.raise_refusals(AnalysisError)
    offset, ratio, slope = site.figures()
    by_draw = site.drawn(draws, seed)
    low, high = percentile_interval(by_draw.centiles)
    ends = {
        name: (float(values[0]), float(values[1]))
        for name, values in (
            ("ratio", percentile_interval(by_draw.figures[:, 1])),
            ("slope", percentile_interval(by_draw.figures[:, 2])),
        )
    }
    se = float(np.std(by_draw.figures[:, 0], ddof=1) * np.sqrt(site.n / (site.n - 1)))
    half = float(stdtrit(site.n - 1, 0.975)) * se
    made = Transfer(
        file=file,
        n_norm=norm.n,
        n=site.n,
        offset=offset,
        se=se,
        se_site=site.se_given_the_norm(offset),
        low=offset - half,
        high=offset + half,
        spread_ratio=ratio,
        spread_low=ends["ratio"][0],
        spread_high=ends["ratio"][1],
        slope_difference=slope,
        slope_low=ends["slope"][0],
        slope_high=ends["slope"][1],
        outside=site.outside(),
        persons=site.subjects.to_frame().with_columns(
            centile=pl.Series(site.centiles(offset)),
            centile_low=pl.Series(low),
            centile_high=pl.Series(high),
            centile_unmoved=pl.Series(site.centiles(0.0)),
        ),
    )
    _tell(made, found)
    return made


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawn:
    """Offset, ratio of the spread and difference of the slope (draws, 3); centiles (draws, n)."""

    figures: Float
    centiles: Float


class _Site:
    """Persons of a new site under the norm: those with everything that its line needs."""

    def __init__(self, norm: CentileNorm, line: Line, table: pl.DataFrame) -> None:
        try:
            X = line_matrix(line, table, level="person")
        except NormError as error:
            raise AnalysisError(tuple(error.findings)) from error
        table = with_exposure(line, table)
        known = np.isfinite(X).all(axis=1) & table["P"].is_not_null().to_numpy()
        table = table.filter(pl.Series(known))
        units = Units(table=table, line=line)
        self.subjects, self.n = table["subject"], table.height
        self.P, self.E, self.X, self.Z = units.P, units.E, X[known], units.Z
        self.line, self.norm = line, norm
        self.b = np.array(line.coefficients)
        self.g = np.array(list(norm.scale.values()))
        self.levels = np.array(norm.probability), np.array(norm.z)

    def figures(
        self, rows: Any = slice(None), b: Float | None = None, g: Float | None = None
    ) -> tuple[float, float, float]:
        """Offset, ratio of the spread and difference of the slope among some persons."""
        left = self.P[rows] - combine(self.X[rows], self.b if b is None else b)
        sd = np.exp(combine(self.Z[rows], self.g if g is None else g))
        offset = float(np.sum(left / sd**2) / np.sum(sd**-2))
        z = (left - offset) / sd
        slope = least_squares_slope(left, self.E[rows])
        return offset, float(np.sqrt(np.sum(z * z) / (len(z) - 1))), slope or 0.0

    def se_given_the_norm(self, offset: float) -> float:
        """Standard error of the offset from these persons alone."""
        w = np.exp(-2 * combine(self.Z, self.g))
        left = self.P - combine(self.X, self.b) - offset
        return float(np.sqrt(np.sum((w * left) ** 2) * self.n / (self.n - 1)) / np.sum(w))

    def centiles(self, offset: float, b: Float | None = None, g: Float | None = None) -> Float:
        """Centiles of these persons, moved by an offset."""
        left = self.P - combine(self.X, self.b if b is None else b) - offset
        sd = np.exp(combine(self.Z, self.g if g is None else g))
        return centile_by_norm(left / sd, *self.levels)

    def outside(self) -> int:
        """Persons whose exposure lies beyond the range of the norm."""
        low, high = self.line.exposure_range
        return int(np.count_nonzero(~((low <= self.E) & (high >= self.E))))

    def drawn(self, draws: int, seed: int) -> _Drawn:
        """Draw persons with replacement, and the norm's coefficients by their covariance."""
        rng = np.random.default_rng([seed, STREAM])
        p, size = len(self.b), len(self.b) + len(self.g)
        values, vectors = np.linalg.eigh(np.array(self.norm.covariance))
        root = vectors * np.sqrt(np.clip(values, 0, None))
        figures, centiles = np.empty((draws, 3)), np.empty((draws, self.n))
        for draw in range(draws):
            moved = combine(root, rng.standard_normal(size))
            b, g = self.b + moved[:p], self.g + moved[p:]
            figures[draw] = self.figures(rng.integers(0, self.n, self.n), b, g)
            centiles[draw] = self.centiles(figures[draw, 0], b, g)
        return _Drawn(figures=figures, centiles=centiles)


def _tell(made: Transfer, found: Findings) -> None:
    if not made.spread_low <= 1 <= made.spread_high:
        found.tell(
            "site-spreads-otherwise",
            ratio=made.spread_ratio,
            low=made.spread_low,
            high=made.spread_high,
        )
    if side_of_zero(made.slope_low, made.slope_high):
        found.tell(
            "site-has-another-slope",
            difference=made.slope_difference,
            low=made.slope_low,
            high=made.slope_high,
        )
    if made.outside:
        found.tell("exposure-outside-norm", n=Persons(made.outside))
