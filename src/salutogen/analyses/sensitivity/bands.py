"""How far SR would move with error in exposure, or with reports that mood has coloured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.models.descriptive import pearson

PER_UNIT = "points of P per unit of E at its level"
LEVEL = Column(name="level", meaning="Occasion or person", heading="Level", kind=Kind.LABEL)
R_OBSERVED = Column(
    name="r_observed", meaning="Correlation of E and P as observed", heading="Observed r(E, P)"
)
R_TRUE_EXPOSURE = Column(
    name="r_SR_true_E",
    meaning="Correlation of SR, as scored, with true exposure",
    heading="r of SR with true exposure",
)
SLOPES = (
    Column(name="slope", meaning="Slope of P on E", unit=PER_UNIT, heading="Slope"),
    Column(
        name="corrected_slope",
        meaning="Slope of P on true exposure",
        unit=PER_UNIT,
        heading="Corrected slope",
    ),
)
R_CORRECTED = Column(
    name="r_with_corrected",
    meaning="Correlation of SR, as scored, with the corrected SR",
    heading="r of SR with corrected SR",
)
STRENGTH = Column(
    name="g",
    meaning="Assumed strength of mood-congruent reporting",
    unit="SDs of E per SD of P",
    heading="Assumed strength g",
)
EXPOSURE_ERROR_COLUMNS = (
    LEVEL,
    Column(
        name="reliability_E",
        meaning="Assumed reliability of E",
        heading="Assumed reliability of E",
    ),
    R_OBSERVED,
    Column(
        name="refused",
        meaning="Whether exposure that unreliable could not correlate as it does",
        heading="Impossible here",
    ),
    R_TRUE_EXPOSURE,
    *SLOPES,
    R_CORRECTED,
    Column(
        name="r_corrected_observed_E",
        meaning="Correlation of the corrected SR with observed exposure: no finding",
        heading="r of corrected SR with observed exposure",
    ),
)
MOOD_COLUMNS = (
    LEVEL,
    STRENGTH,
    R_OBSERVED,
    Column(name="r_true", meaning="Correlation of true exposure and P", heading="True r(E, P)"),
    *SLOPES,
    R_TRUE_EXPOSURE,
    R_CORRECTED,
)
MOOD_FACTOR_COLUMNS = (
    Column(name="factor", meaning="Baseline factor", heading="Factor", kind=Kind.LABEL),
    Column(
        name="n",
        meaning="Persons whose factor is known",
        unit="persons",
        heading="Persons in the fit",
        kind=Kind.COUNT,
    ),
    STRENGTH,
    Column(
        name="r_factor_SR",
        meaning="Correlation of the factor with the corrected SR",
        heading="r of the factor with SR",
    ),
)


@dataclass(frozen=True, kw_only=True)
class ExposureError:
    """What a reliability of E below 1 does to SR, given the observed correlation of E and P.

    Attributes
    ----------
    possible : bool
        False where rE <= r^2 / rP: true exposure and true problems would correlate beyond 1.
    correlation : float
        Of SR (as scored) with true exposure: `r (1 - rE) / sqrt(rE (1 - r^2))`. Positive: little
        exposed persons look resilient.
    slope_factor : float
        Corrected over observed slope: 1 / rE.
    agreement : float
        Correlation of SR with the corrected SR, which has no correlation with true exposure.
    corrected_with_observed : float
        Correlation of the corrected SR with observed exposure: negative by construction, no
        finding.
    """

    possible: bool
    correlation: float | None
    slope_factor: float | None
    agreement: float | None
    corrected_with_observed: float | None


def exposure_error(r: float, reliability_E: float, reliability_P: float = 1.0) -> ExposureError:
    """Follow an assumed reliability of E through to SR.

    Parameters
    ----------
    r : float
        Observed correlation of E and P at the level that is scored.
    reliability_E, reliability_P : float
        Reliabilities at that level; in (0, 1].
    """
    if reliability_E <= r * r / reliability_P:
        return ExposureError(
            possible=False,
            correlation=None,
            slope_factor=None,
            agreement=None,
            corrected_with_observed=None,
        )
    rest = 1.0 - r * r
    corrected_sd = float(np.sqrt(1.0 - 2.0 * r * r / reliability_E + (r / reliability_E) ** 2))
    return ExposureError(
        possible=True,
        correlation=float(r * (1.0 - reliability_E) / np.sqrt(reliability_E * rest)),
        slope_factor=1.0 / reliability_E,
        agreement=float(np.sqrt(rest)) / corrected_sd,
        corrected_with_observed=r * (1.0 - 1.0 / reliability_E) / corrected_sd,
    )


def exposure_error_table(
    levels: Mapping[str, tuple[float | None, float | None]],
    reliabilities: Sequence[float],
    reliability_P: Mapping[str, float | None],
) -> pl.DataFrame:
    """Table over assumed reliabilities of E.

    Parameters
    ----------
    levels : mapping of level to (observed r, observed slope)
    reliabilities : sequence of float
    reliability_P : mapping of level to float or None
        Reliability of P at that level; 1 is used where none is known.

    Returns
    -------
    DataFrame
        `level, reliability_E, r_observed, refused, r_SR_true_E, slope, corrected_slope,
        r_with_corrected, r_corrected_observed_E`. Refused rows (an impossible reliability) hold
        no figures.
    """
    rows = []
    for level, (r, slope) in levels.items():
        if r is None:
            continue
        for value in sorted(reliabilities):
            result = exposure_error(r, value, reliability_P.get(level) or 1.0)
            factor = result.slope_factor
            rows.append(
                {
                    "level": level,
                    "reliability_E": float(value),
                    "r_observed": r,
                    "refused": not result.possible,
                    "r_SR_true_E": result.correlation,
                    "slope": slope,
                    "corrected_slope": None if factor is None or slope is None else slope * factor,
                    "r_with_corrected": result.agreement,
                    "r_corrected_observed_E": result.corrected_with_observed,
                }
            )
    schema = {
        "level": pl.String,
        "reliability_E": pl.Float64,
        "r_observed": pl.Float64,
        "refused": pl.Boolean,
        "r_SR_true_E": pl.Float64,
        "slope": pl.Float64,
        "corrected_slope": pl.Float64,
        "r_with_corrected": pl.Float64,
        "r_corrected_observed_E": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema)


@dataclass(frozen=True, kw_only=True)
class MoodReporting:
    """What mood-congruent reporting of strength g does to SR.

    Observed exposure is taken as `true E + g P`, true E and P with SD 1.

    Attributes
    ----------
    r_true : float or None
        Correlation of true exposure with P; None where no true correlation gives the observed.
    spread : float or None
        SD of observed exposure in units of true exposure.
    correlation : float or None
        Of SR (as scored) with true exposure: negative, so that exposed persons look resilient.
    agreement : float or None
        Correlation of SR with the corrected SR.
    """

    g: float
    r_true: float | None
    spread: float | None
    correlation: float | None
    agreement: float | None


def mood_reporting(r: float, g: float) -> MoodReporting:
    """Follow an assumed strength of mood-congruent reporting through to SR.

    Parameters
    ----------
    r : float
        Observed correlation of E and P.
    g : float
        SDs of true exposure added to the report by one SD of problems.

    Notes
    -----
    With V = 1 + g^2 + 2 g rho, the observed correlation is (rho + g) / sqrt(V); solved for rho:
    `rho = -g (1 - r^2) + r sqrt(1 - g^2 (1 - r^2))`.
    """
    rest = 1.0 - r * r
    inside = 1.0 - g * g * rest
    rho = -g * rest + r * float(np.sqrt(inside)) if inside >= 0 else float("nan")
    variance = 1.0 + g * g + 2.0 * g * rho
    if not np.isfinite(rho) or not -1.0 < rho < 1.0 or variance <= 0:
        return MoodReporting(g=g, r_true=None, spread=None, correlation=None, agreement=None)
    spread = float(np.sqrt(variance))
    slope = r / spread
    SR_sd = float(np.sqrt(rest))
    corrected_sd = float(np.sqrt(1.0 - rho * rho))
    with_true = rho - slope * (1.0 + g * rho)
    return MoodReporting(
        g=g,
        r_true=rho,
        spread=spread,
        correlation=with_true / SR_sd,
        agreement=(1.0 - slope * (rho + g) - rho * with_true) / (SR_sd * corrected_sd),
    )


def factor_correlation(r: float, g: float, r_factor_P: float, r_factor_E: float) -> float | None:
    """Correlation of a factor with the SR corrected for mood-congruent reporting.

    Parameters
    ----------
    r : float
        Observed correlation of E and P.
    g : float
        Strength of mood-congruent reporting; 0 gives the correlation with SR as scored.
    r_factor_P, r_factor_E : float
        Correlations of the factor with P and with observed E.
    """
    result = mood_reporting(r, g)
    if result.r_true is None or result.spread is None:
        return None
    rho = result.r_true
    with_true_E = result.spread * r_factor_E - g * r_factor_P
    return float((r_factor_P - rho * with_true_E) / np.sqrt(1.0 - rho * rho))


def mood_table(
    levels: Mapping[str, tuple[float | None, float | None]], strengths: Sequence[float]
) -> pl.DataFrame:
    """Table over assumed strengths of mood-congruent reporting.

    Returns
    -------
    DataFrame
        `level, g, r_observed, r_true, slope, corrected_slope, r_SR_true_E, r_with_corrected`.
    """
    rows = []
    for level, (r, slope) in levels.items():
        if r is None:
            continue
        for g in sorted(strengths):
            result = mood_reporting(r, float(g))
            corrected = None
            if slope is not None and result.r_true is not None and result.spread and r:
                corrected = slope / r * result.r_true * result.spread
            rows.append(
                {
                    "level": level,
                    "g": float(g),
                    "r_observed": r,
                    "r_true": result.r_true,
                    "slope": slope,
                    "corrected_slope": corrected,
                    "r_SR_true_E": result.correlation,
                    "r_with_corrected": result.agreement,
                }
            )
    names = ("r_observed", "r_true", "slope", "corrected_slope", "r_SR_true_E", "r_with_corrected")
    schema = {"level": pl.String, "g": pl.Float64, **dict.fromkeys(names, pl.Float64)}
    return pl.DataFrame(rows, schema=schema)


def mood_factor_table(
    P: np.ndarray,
    E: np.ndarray,
    factors: Mapping[str, np.ndarray],
    strengths: Sequence[float],
) -> pl.DataFrame:
    """Band of each factor's correlation with SR over assumed strengths of mood reporting.

    Parameters
    ----------
    P, E : ndarray, shape (persons,)
        Person means.
    factors : mapping of name to ndarray, shape (persons,)
        Baseline factors; NaN where unknown (left out, for that factor).

    Returns
    -------
    DataFrame
        `factor, n, g, r_factor_SR`.
    """
    rows = []
    for name, values in factors.items():
        known = np.isfinite(values)
        r = pearson(P[known], E[known])
        with_P, with_E = pearson(values[known], P[known]), pearson(values[known], E[known])
        if r is None or with_P is None or with_E is None:
            continue
        for g in sorted(strengths):
            rows.append(
                {
                    "factor": name,
                    "n": int(known.sum()),
                    "g": float(g),
                    "r_factor_SR": factor_correlation(r, float(g), with_P, with_E),
                }
            )
    schema = {"factor": pl.String, "n": pl.UInt32, "g": pl.Float64, "r_factor_SR": pl.Float64}
    return pl.DataFrame(rows, schema=schema)
