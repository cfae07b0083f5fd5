"""Runs the sensitivity tables on a study's own scores and assumptions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.models.descriptive import least_squares_slope, pearson
from salutogen.norm import Norm
from salutogen.norm.line_fit import LineRecipe
from salutogen.norm.periods import ValidRows
from salutogen.norm.recipe import recipe_of
from salutogen.resilience.parts import OccasionArrays
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
        "occasion": (pearson(arrays.E, arrays.P), norm.occasion.slope),
        "person": (pearson(E, P), norm.person.slope),
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
    recipe = recipe_of(scores, scores.study.plan.norm)
    if len(recipe.predictors) > 1 or recipe.composite:
        return outlier_table(_combined(table, persons), _plain(recipe), flagged, SR)
    known = {}
    if norm.person.reference == "all" and norm.person.shape == "linear" and not norm.external:
        names = {"winsorise": "winsorised_person", "robust": "robust_person"}
        known = {
            policy: norm.variants[name]
            for policy, name in names.items()
            if name in norm.variants and not norm.person.covariates
        }
        if not norm.person.covariates:
            known["as they are"] = norm.person
    return outlier_table(table, recipe, flagged, SR, known)


def _combined(table: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(persons["E"])


def _plain(recipe: LineRecipe) -> LineRecipe:
    return replace(recipe, predictors=("E",), composite=())


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
    result: np.ndarray = np.mean(P) + (least_squares_slope(P, E) or 0.0) * (E - np.mean(E))
    return result
