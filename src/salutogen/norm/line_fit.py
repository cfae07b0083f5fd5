"""Least-squares lines at one level, with everything a line must remember."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from salutogen.errors import ModelError, NormError
from salutogen.findings import Finding, finding
from salutogen.models.descriptive import centre_and_spread
from salutogen.models.regression.least_squares import LinearFit, fit_least_squares
from salutogen.norm.design_matrix import (
    covariate_terms,
    knots_of,
    term_matrix,
    terms_of,
    with_composite,
)
from salutogen.norm.norm import Level, Line, Shape
from salutogen.norm.periods import count_distinct
from salutogen.scores import Standardiser

CONSTANT = 1e-12


@dataclass(frozen=True, kw_only=True)
class LineRecipe:
    """What all lines of a study share.

    Attributes
    ----------
    predictors : tuple of str
        `E`, or `E_<type>` for each type where types enter separately.
    shape : {"linear", "quadratic", "spline"}
    covariates : tuple of str
        Columns added to every line.
    composite : tuple of str
        Raw types averaged as z values into E; empty where E is a plain sum.
    units : mapping of str to str
        Units of P, E and the types.
    possible : mapping of str to (float, float)
        Lowest and highest possible value of each, where known.
    """

    predictors: tuple[str, ...] = ("E",)
    shape: Shape = "linear"
    covariates: tuple[str, ...] = ()
    composite: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    possible: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def learn_standardiser(
    table: pl.DataFrame, columns: tuple[str, ...], reference: str
) -> Standardiser:
    """Means and SDs (n - 1) of raw types over the units of a reference set."""
    moments = [centre_and_spread(table[name].to_numpy()) for name in columns]
    return Standardiser(
        columns=columns,
        means=tuple(mean for mean, _ in moments),
        sds=tuple(sd for _, sd in moments),
        n=table.height,
        reference=reference,
    )


def repeated_persons(table: pl.DataFrame, level: str) -> list[Finding]:
    """Refuse units in which a person stands more than once as if independent."""
    if "person" not in table.columns:
        return []
    repeated = table.height - table["person"].n_unique()
    if not repeated:
        return []
    text = (
        f"{table.height} {level} units stand for only {table.height - repeated} persons: "
        f"{repeated} rows repeat a person as if it were another one."
    )
    rows = (np.flatnonzero(table["person"].is_duplicated().to_numpy()) + 1).tolist()
    numbers = {"rows": table.height, "persons": table.height - repeated}
    return [finding("repeated-persons", text, rows=rows, numbers=numbers)]


def line_problems(table: pl.DataFrame, recipe: LineRecipe, level: Level) -> list[Finding]:
    """Everything that keeps a line from being fitted to these units."""
    problems = [] if level == "occasion" else repeated_persons(table, level)
    persons = table["person"].n_unique() if "person" in table.columns else table.height
    terms = (
        *terms_of(recipe.predictors, recipe.shape),
        *covariate_terms(table, recipe.covariates),
    )
    if persons <= len(terms):
        text = (
            f"The {level} line has {len(terms)} coefficients but only {persons} persons with "
            f"both E and P to fit them."
        )
        numbers = {"persons": persons, "coefficients": len(terms), "level": level}
        problems.append(finding("too-few-persons", text, numbers=numbers))
    for name in recipe.composite or recipe.predictors:
        if _is_constant(table, name):
            problems.append(_constant("constant-exposure", name, table, level))
    if _is_constant(table, "P"):
        problems.append(_constant("constant-problems", "P", table, level))
    return problems


def fit_line(
    table: pl.DataFrame,
    recipe: LineRecipe,
    *,
    level: Level,
    reference: str,
    window: int | None = None,
) -> Line:
    """Fit a least-squares line to units of one level, which `line_problems` found sound.

    Parameters
    ----------
    table : DataFrame
        `person, P, E, E_<type>` and covariates, one row per unit.
    recipe : LineRecipe
    level : {"occasion", "window", "phase", "person"}
        Occasions get standard errors clustered by person (CR1), other levels classical ones.
    reference : str
        Words for the set of units.
    window : int, optional
        Number of the window.

    Raises
    ------
    NormError
        Terms are collinear in these units (`line-not-fitted`).
    """
    standardiser = None
    if recipe.composite:
        standardiser = learn_standardiser(table, recipe.composite, reference)
        table = with_composite(table, standardiser)
    knots: tuple[float, ...] = ()
    if recipe.shape == "spline":
        knots = tuple(
            knot for name in recipe.predictors for knot in knots_of(table[name].to_numpy())
        )
    terms = (
        *terms_of(recipe.predictors, recipe.shape),
        *covariate_terms(table, recipe.covariates),
    )
    matrix = term_matrix(table, terms, predictors=recipe.predictors, knots=knots)
    outcome = table["P"].to_numpy()
    person = table["person"].to_numpy()
    try:
        fit = fit_least_squares(
            outcome, matrix, names=terms, cluster=person if level == "occasion" else None
        )
    except ModelError as error:
        text = f"The {recipe.shape} {level} line cannot be fitted: {error}"
        raise NormError([finding("line-not-fitted", text)]) from error
    return line_of(
        fit,
        residuals=fit.residuals,
        exposure=table[recipe.predictors[0] if len(recipe.predictors) == 1 else "E"].to_numpy(),
        n_persons=count_distinct(person),
        level=level,
        recipe=recipe,
        reference=reference,
        knots=knots,
        standardiser=standardiser,
        window=window,
    )


def line_of(
    fit: LinearFit,
    *,
    residuals: np.ndarray,
    exposure: np.ndarray,
    n_persons: int,
    level: Level,
    recipe: LineRecipe,
    reference: str,
    knots: tuple[float, ...] = (),
    standardiser: Standardiser | None = None,
    window: int | None = None,
) -> Line:
    """Turn a least-squares fit into a line."""
    return Line(
        level=level,
        terms=tuple(fit.names),
        coefficients=tuple(float(value) for value in fit.coefficients),
        covariance=np.asarray(fit.covariance),
        residual_sd=float(np.std(residuals, ddof=1)),
        r_squared=float(fit.r_squared),
        n=int(residuals.size),
        n_persons=n_persons,
        shape=recipe.shape,
        reference=reference,
        exposure_range=(float(exposure.min()), float(exposure.max())),
        predictors=recipe.predictors,
        units=recipe.units,
        knots=knots,
        standardiser=standardiser,
        covariates=recipe.covariates,
        window=window,
        possible=recipe.possible,
    )


def _is_constant(table: pl.DataFrame, name: str) -> bool:
    values = table[name].to_numpy()
    if values.size < 2:
        return False
    spread = float(values.max() - values.min())
    return spread <= CONSTANT * max(1.0, float(np.abs(values).max()))


def _constant(code: str, name: str, table: pl.DataFrame, level: Level) -> Finding:
    value = float(table[name][0])
    text = f"{name} is {value:g} in all {table.height} {level} units, so no line can be fitted."
    return finding(code, text, column=name, numbers={"value": value, "units": table.height})
