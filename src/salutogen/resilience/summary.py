"""Figures that sum up a study's scores: descriptives, ICCs, lag, and what is left of exposure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from salutogen.models.descriptive import least_squares_slope, pearson
from salutogen.norm import Norm
from salutogen.resilience.parts import OccasionArrays, exposure_left, lag_one
from salutogen.resilience.random_part import random_part
from salutogen.resilience.reliability import Measurement

LAG_NOTE = (
    "within-person lag 1 is biased downwards, roughly by 1 / (occasions per person), because the "
    "person mean holds the deviations taken from it"
)
ICC_NOTE = "window ICCs are inflated by overlap: never a reliability"


def describe(arrays: OccasionArrays) -> dict[str, dict[str, float | None]]:
    """Mean, SD (n - 1), ICC and within-person SD of P, E and SR over valid occasions."""
    result: dict[str, dict[str, float | None]] = {}
    for name, values in (("P", arrays.P), ("E", arrays.E), ("SR", arrays.SR)):
        part = random_part(values, arrays.person)
        result[name] = {
            "mean": float(np.mean(values)),
            "sd": float(np.std(values, ddof=1)) if values.size > 1 else None,
            "icc": part.icc,
            "within_sd": part.within_sd,
        }
    return result


def summarise(
    arrays: OccasionArrays,
    windows: pl.DataFrame,
    norm: Norm,
    descriptives: Mapping[str, Mapping[str, float | None]],
    measurement: Measurement,
    mixed_scores: Mapping[str, np.ndarray],
) -> dict[str, Any]:
    """Sum up the scores.

    Parameters
    ----------
    arrays : OccasionArrays
        Valid occasions with the primary SR.
    windows : DataFrame
        From `score_windows`.
    norm : Norm
    descriptives : mapping
        From `describe`.
    measurement : Measurement
    mixed_scores : mapping
        Occasion scores `mixed` and `mixed_split`, where they exist.

    Returns
    -------
    dict
        `icc_single, icc_windows {frozen, refit}, lag1, lag1_within, lag1_pairs, reliability, sem,
        sr_exposure_correlation {...}, within_slope, between_slope` and notes.
    """
    pooled, within, pairs = lag_one(arrays)
    owner = windows["person"].to_numpy().astype(np.int64)
    slopes = slopes_of(arrays, norm)
    return {
        "sign": "SR = observed - expected problems; positive = over-reactive = less resilient",
        "icc_single": descriptives["SR"]["icc"],
        "icc_windows": {
            "frozen": _window_icc(windows, "SR_frozen", owner),
            "refit": _window_icc(windows, "SR_refit", owner),
            "note": ICC_NOTE,
        },
        "lag1": pooled,
        "lag1_within": within,
        "lag1_pairs": pairs,
        "lag1_note": LAG_NOTE,
        "reliability": measurement.reliability,
        "reliability_P": measurement.reliability_P,
        "reliability_E": measurement.reliability_E,
        "reliability_E_assumed": measurement.assumed_E,
        "sem": measurement.sem,
        "r_E_P": pearson(arrays.E, arrays.P),
        "sr_exposure_correlation": exposure_correlations(arrays, mixed_scores),
        **slopes,
        "residual_sd": {"occasion": norm.occasion.residual_sd, "person": norm.person.residual_sd},
    }


def exposure_correlations(
    arrays: OccasionArrays, mixed_scores: Mapping[str, np.ndarray]
) -> dict[str, float | None]:
    """Correlation of E with the SR column, the unsplit and the split mixed score."""
    primary = exposure_left(arrays.SR, arrays)
    result = {
        "primary": primary["total"],
        "between": primary["between"],
        "within": primary["within"],
        "mixed": None,
        "mixed_between": None,
        "mixed_within": None,
    }
    for name, scores in mixed_scores.items():
        left = exposure_left(scores, arrays)
        result[name] = left["total"]
        result[f"{name}_between"] = left["between"]
        result[f"{name}_within"] = left["within"]
    return result


def slopes_of(arrays: OccasionArrays, norm: Norm) -> dict[str, float | None]:
    """Within- and between-person slopes in raw points: mixed model, and plain least squares.

    `within_slope` and `between_slope` are of the random-intercept split where it could be fitted,
    else the least-squares slopes of deviations and of person means.
    """
    dE, dP = arrays.deviations(arrays.E), arrays.deviations(arrays.P)
    within = least_squares_slope(dP, dE)
    between = least_squares_slope(arrays.person_means(arrays.P), arrays.person_means(arrays.E))
    mixed = norm.mixed
    factor = None if mixed is None else mixed.sd_P / mixed.sd_E
    return {
        "within_slope": within if mixed is None or factor is None else mixed.within_slope * factor,
        "between_slope": between
        if mixed is None or factor is None
        else mixed.between_slope * factor,
        "within_slope_least_squares": within,
        "between_slope_least_squares": between,
    }


def _window_icc(windows: pl.DataFrame, column: str, owner: np.ndarray) -> float | None:
    values = windows[column].fill_null(float("nan")).to_numpy()
    return random_part(values, owner).icc
