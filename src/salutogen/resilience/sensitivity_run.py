"""Runs the sensitivity tables on a study's own scores and assumptions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.norm import Norm
from salutogen.norm.line_spec import LineSpec, line_spec
from salutogen.norm.periods import ValidRows
from salutogen.resilience.between_within import OccasionArrays, pearson
from salutogen.resilience.sensitivity import (
    exposure_error_table,
    missing_table,
    mood_factor_table,
    mood_table,
    outlier_table,
)
from salutogen.scores import Scores


def run_sensitivity(
    scores: Scores,
    norm: Norm,
    rows: ValidRows,
    arrays: OccasionArrays,
    persons: pl.DataFrame,
    far: pl.DataFrame,
) -> dict[str, pl.DataFrame]:
    """Make the tables `exposure_error, mood_reporting, mood_factors, outliers, missing`."""
    plan = scores.study.plan.resilience
    P, E = persons["P"].to_numpy(), persons["E"].to_numpy()
    levels = {
        "occasion": (pearson(arrays.E, arrays.P), norm.lines.occasion.slope),
        "person": (pearson(E, P), norm.lines.person.slope),
    }
    return {
        "exposure_error": exposure_error_table(
            levels, plan.exposure_reliability, scores.reliability_p
        ),
        "mood_reporting": mood_table(levels, plan.mood_reporting),
        "mood_factors": mood_factor_table(P, E, _factors(scores, persons), plan.mood_reporting),
        "outliers": _outliers(scores, norm, persons, far),
        "missing": _missing(scores, rows, arrays),
    }


def _factors(scores: Scores, persons: pl.DataFrame) -> dict[str, np.ndarray]:
    index = persons["person"].to_numpy()
    return {
        name: scores.persons[name].gather(index).cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in scores.factors_baseline
        if name in scores.persons.columns and scores.persons[name].dtype.is_numeric()
    }


def _outliers(scores: Scores, norm: Norm, persons: pl.DataFrame, far: pl.DataFrame) -> pl.DataFrame:
    """Refit the person line (straight, without covariates) under each policy."""
    far_persons = far.filter(
        (pl.col("level") == "person") & (pl.col("far_P") | pl.col("far_E") | pl.col("far_jointly"))
    )["person"]
    table = norm.period_tables["person"]
    flagged = table["person"].is_in(far_persons.implode()).to_numpy()
    SR = persons["SR"].fill_null(float("nan")).to_numpy()
    spec = line_spec(scores, scores.study.plan.norm)
    line = norm.lines.person
    if len(spec.predictors) > 1 or spec.composite:
        return outlier_table(_combined(table, persons), _plain(spec), flagged, SR)
    known = {}
    if line.reference == "all" and line.shape == "linear" and not norm.external:
        names = {"winsorise": "winsorised_person", "robust": "robust_person"}
        known = {
            policy: norm.lines.variants[name]
            for policy, name in names.items()
            if name in norm.lines.variants and not line.covariates
        }
        if not line.covariates:
            known["as they are"] = line
    return outlier_table(table, spec, flagged, SR, known)


def _combined(table: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(persons["E"])


def _plain(spec: LineSpec) -> LineSpec:
    return replace(spec, predictors=("E",), composite=())


def _missing(scores: Scores, rows: ValidRows, arrays: OccasionArrays) -> pl.DataFrame:
    """Cases: exposure at its bounds, problems at theirs, and both against each other."""
    table = scores.table.filter(pl.col("valid"))
    P, E = rows.values["P"], rows.values["E"]

    def bound(name: str, fallback: np.ndarray) -> np.ndarray:
        if name not in table.columns:
            return fallback
        values: np.ndarray = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return np.where(np.isfinite(values), values, fallback)

    E_low, E_high = bound("E_low", E), bound("E_high", E)
    P_low, P_high = bound("P_low", P), bound("P_high", P)
    cases = {
        "as scored": (P, E),
        "exposure lowest": (P, E_low),
        "exposure highest": (P, E_high),
        "problems lowest": (P_low, E),
        "problems highest": (P_high, E),
        "exposure highest, problems lowest": (P_low, E_high),
        "exposure lowest, problems highest": (P_high, E_low),
    }
    return missing_table(cases, P - _pooled(P, E))


def _pooled(P: np.ndarray, E: np.ndarray) -> np.ndarray:
    dx = E - np.mean(E)
    xx = float(np.sum(dx * dx))
    slope = float(np.sum(dx * (P - np.mean(P)))) / xx if xx > 0 else 0.0
    result: np.ndarray = np.mean(P) + slope * dx
    return result
