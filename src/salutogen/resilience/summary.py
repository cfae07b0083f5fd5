"""Figures that sum up a study's scores: descriptives, ICCs, lag, and what is left of exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, figure, record
from salutogen.models.descriptive import least_squares_slope, pearson
from salutogen.norm import Norm
from salutogen.resilience.between_within import OccasionArrays, exposure_left, lag_one
from salutogen.resilience.person_means import reliability_of_person_means
from salutogen.resilience.reliability import Measurement
from salutogen.resilience.variance_components import variance_components

LAG_NOTE = (
    "within-person lag 1 is biased downwards, roughly by 1 / (occasions per person), because the "
    "person mean holds the deviations taken from it"
)
ICC_NOTE = "window ICCs are inflated by overlap: never a reliability"
APART_NOTE = "share of the variance of window means that lies between persons: no reliability"
SIGN = f"SR = observed - expected problems; {LESS_RESILIENT}"
SLOPE_UNIT = "points of P per unit of E"


@record
class Descriptive(Record):
    """One score over valid occasions, in raw points."""

    mean: float = figure("Mean over valid occasions", unit="points", sd="sd")
    sd: float | None = figure("SD (n - 1) over valid occasions", unit="points")
    icc: float | None = figure("ICC of a random-intercept REML model")
    within_sd: float | None = figure("SD within persons, of the same model", unit="points")


@record
class ScoreDescriptives(Record):
    """P, E and SR over occasions."""

    P: Descriptive = figure("Mental-health problems")
    E: Descriptive = figure("Stressor exposure")
    SR: Descriptive = figure("Stressor reactivity", sign=LESS_RESILIENT)


@record
class WindowICC(Record):
    """ICC of window scores, inflated where windows overlap; never a reliability."""

    frozen: float | None = figure("ICC of SR from the frozen line")
    refit: float | None = figure("ICC of SR from each window's own line")
    note: str = figure("How to read it", kind=Kind.LABEL, default=ICC_NOTE)


@record
class ExposureCorrelations(Record):
    """Correlation of SR with exposure: over rows, of person means, of deviations from them."""

    primary: float | None = figure("The SR column, over rows")
    between: float | None = figure("The SR column, person means")
    within: float | None = figure("The SR column, within persons")
    mixed: float | None = figure("Score of the mixed line, over rows", default=None)
    mixed_between: float | None = figure("Score of the mixed line, person means", default=None)
    mixed_within: float | None = figure("Score of the mixed line, within persons", default=None)
    mixed_split: float | None = figure("Score of the split, over rows", default=None)
    mixed_split_between: float | None = figure("Score of the split, person means", default=None)
    mixed_split_within: float | None = figure("Score of the split, within persons", default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data as in `results.json`; without the split where it was not fitted."""
        found = super().to_dict()
        if self.mixed_split is None:
            found = {name: value for name, value in found.items() if "split" not in name}
        return found


@record
class SRProblems(Record):
    """Correlation of SR with the problems it is made from; sqrt(1 - R²) where a line was fitted."""

    occasion: float | None = figure("Over valid occasions")
    person: float | None = figure("Of persons' SR and mean P")


@record
class ResidualSD(Record):
    """SD of the residuals of the reference lines: the divisors of SR_z."""

    occasion: float = figure("Of the occasions' line", unit=POINTS)
    person: float = figure("Of the person line", unit=POINTS)


@record
class ScoreSummary(Record):
    """What the scores come to: stability, reliability and exposure left in them."""

    sign: str = figure("Sign of every SR", kind=Kind.LABEL, default=SIGN)
    icc_single: float | None = figure("ICC of an occasion's SR")
    icc_windows: WindowICC = figure("ICC of window scores")
    lag1: float | None = figure("Correlation of SR at adjacent scheduled occasions")
    lag1_within: float | None = figure("The same of deviations from the person's mean")
    lag1_pairs: int = figure("Pairs of adjacent occasions", kind=Kind.COUNT)
    lag1_note: str = figure("How to read it", kind=Kind.LABEL, default=LAG_NOTE)
    reliability: float | None = figure(
        "Reliability of an occasion's SR: agreement of the answers given on it, as if E were free "
        "of error where reliability_E_assumed"
    )
    reliability_P: float | None = figure(
        "Reliability of an occasion's P: internal consistency, over valid occasions"
    )
    reliability_P_persons: float | None = figure(
        "Reliability of persons' mean P as regards the error of the answers"
    )
    reliability_E: float = figure("Reliability of E; 1 where none is known")
    reliability_E_assumed: bool = figure("Whether the reliability of E is an assumption")
    sem: float | None = figure("Standard error of measurement of an occasion's SR", unit=POINTS)
    r_E_P: float | None = figure("Correlation of E and P over valid occasions")
    r_SR_P: SRProblems = figure("How far SR orders as P itself does")
    sr_exposure_correlation: ExposureCorrelations = figure("Exposure left in scores")
    within_slope: float | None = figure("Slope within persons", unit=SLOPE_UNIT)
    between_slope: float | None = figure("Slope between persons", unit=SLOPE_UNIT)
    within_slope_least_squares: float | None = figure(
        "Slope of deviations from person means", unit=SLOPE_UNIT
    )
    between_slope_least_squares: float | None = figure("Slope of person means", unit=SLOPE_UNIT)
    residual_sd: ResidualSD = figure("SD of the residuals of the reference lines", unit=POINTS)


def describe(arrays: OccasionArrays) -> ScoreDescriptives:
    """Mean, SD (n - 1), ICC and within-person SD of P, E and SR over valid occasions."""
    return ScoreDescriptives(
        P=_described(arrays.P, arrays.person),
        E=_described(arrays.E, arrays.person),
        SR=_described(arrays.SR, arrays.person),
    )


def _described(values: np.ndarray, person: np.ndarray) -> Descriptive:
    part = variance_components(values, person)
    return Descriptive(
        mean=float(np.mean(values)),
        sd=float(np.std(values, ddof=1)) if values.size > 1 else None,
        icc=part.icc,
        within_sd=part.within_sd,
    )


def summarise(
    arrays: OccasionArrays,
    persons: pl.DataFrame,
    windows: pl.DataFrame,
    norm: Norm,
    descriptives: ScoreDescriptives,
    measurement: Measurement,
    mixed_scores: Mapping[str, np.ndarray],
) -> ScoreSummary:
    """Sum up the scores.

    Parameters
    ----------
    arrays : OccasionArrays
        Valid occasions with the primary SR.
    persons, windows : DataFrame
        Scored persons and windows.
    norm : Norm
    descriptives : ScoreDescriptives
        From `describe`.
    measurement : Measurement
    mixed_scores : mapping
        Occasion scores `mixed` and `mixed_split`, where they exist.
    """
    pooled, within, pairs = lag_one(arrays)
    slopes = slopes_of(arrays, norm)
    owner = windows["person"].to_numpy().astype(np.int64)
    lines = norm.lines
    return ScoreSummary(
        icc_single=descriptives.SR.icc,
        icc_windows=WindowICC(
            frozen=_window_icc(windows, "SR_frozen", owner),
            refit=_window_icc(windows, "SR_refit", owner),
            note=_icc_note(norm),
        ),
        lag1=pooled,
        lag1_within=within,
        lag1_pairs=pairs,
        reliability=measurement.reliability,
        reliability_P=measurement.reliability_P,
        reliability_P_persons=reliability_of_person_means(
            measurement.reliability_P, arrays.P, arrays.person
        ),
        reliability_E=measurement.reliability_E,
        reliability_E_assumed=measurement.assumed_E,
        sem=measurement.sem,
        r_E_P=pearson(arrays.E, arrays.P),
        r_SR_P=SRProblems(occasion=pearson(arrays.SR, arrays.P), person=_r_of_persons(persons)),
        sr_exposure_correlation=exposure_correlations(arrays, mixed_scores),
        within_slope=slopes.within,
        between_slope=slopes.between,
        within_slope_least_squares=slopes.within_least_squares,
        between_slope_least_squares=slopes.between_least_squares,
        residual_sd=ResidualSD(
            occasion=lines.occasion.residual_sd, person=lines.person.residual_sd
        ),
    )


def exposure_correlations(
    arrays: OccasionArrays, mixed_scores: Mapping[str, np.ndarray]
) -> ExposureCorrelations:
    """Correlation of E with the SR column, the unsplit and the split mixed score."""
    primary = exposure_left(arrays.SR, arrays)
    found: dict[str, float | None] = {}
    for name, scores in mixed_scores.items():
        left = exposure_left(scores, arrays)
        found[name] = left.total
        found[f"{name}_between"] = left.between
        found[f"{name}_within"] = left.within
    return ExposureCorrelations(
        primary=primary.total, between=primary.between, within=primary.within, **found
    )


@dataclass(frozen=True, kw_only=True)
class Slopes:
    """Slopes within and between persons, raw points.

    `within` and `between` are of the random-intercept split where it could be fitted, else the
    least-squares slopes of deviations and of person means.
    """

    within: float | None
    between: float | None
    within_least_squares: float | None
    between_least_squares: float | None


def slopes_of(arrays: OccasionArrays, norm: Norm) -> Slopes:
    """Slopes of P on E within and between persons: mixed model, and plain least squares."""
    within = least_squares_slope(arrays.deviations(arrays.P), arrays.deviations(arrays.E))
    between = least_squares_slope(arrays.person_means(arrays.P), arrays.person_means(arrays.E))
    plain = Slopes(
        within=within,
        between=between,
        within_least_squares=within,
        between_least_squares=between,
    )
    mixed = norm.mixed
    if mixed is None:
        return plain
    factor = mixed.sd_P / mixed.sd_E
    return replace(plain, within=mixed.within_slope * factor, between=mixed.between_slope * factor)


def _r_of_persons(persons: pl.DataFrame) -> float | None:
    SR, P = (
        persons[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in ("SR", "P")
    )
    return pearson(SR, P)


def _icc_note(norm: Norm) -> str:
    """Windows that share occasions resemble each other for that reason alone."""
    plan = norm.scores.study.plan.resilience.windows
    return APART_NOTE if plan is not None and not plan.overlap else ICC_NOTE


def _window_icc(windows: pl.DataFrame, column: str, owner: np.ndarray) -> float | None:
    values = windows[column].fill_null(float("nan")).to_numpy()
    return variance_components(values, owner).icc
