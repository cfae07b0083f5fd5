"""Least-squares lines at one level, with everything a line must remember."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from salutogen.errors import ModelError, NormError
from salutogen.findings import Finding, Persons, finding
from salutogen.models.descriptive import centre_and_spread
from salutogen.models.regression.least_squares import fit_least_squares
from salutogen.models.regression.sandwich import hc3_covariance
from salutogen.norm.curve_support import all_terms, lack_of_support, spline_knots
from salutogen.norm.design_matrix import term_matrix, with_composite
from salutogen.norm.line_claims import (
    CLUSTERED,
    HC3,
    exposure_df,
    joint_exposure_df,
    line_claims,
    shares_of,
    sum_df,
)
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.lines import Level, Line, counted
from salutogen.norm.periods import count_distinct
from salutogen.scores import Standardiser
from salutogen.study import Period

CONSTANT = 1e-12


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
    rows = (np.flatnonzero(table["person"].is_duplicated().to_numpy()) + 1).tolist()
    return [
        finding(
            "repeated-persons",
            rows=rows,
            units=table.height,
            level=level,
            persons=Persons(table.height - repeated),
            repeated=repeated,
        )
    ]


def line_problems(table: pl.DataFrame, spec: LineSpec, level: Level) -> list[Finding]:
    """Everything that keeps a straight line from being fitted to these units."""
    problems = [] if level == "occasion" else repeated_persons(table, level)
    persons = table["person"].n_unique() if "person" in table.columns else table.height
    terms = all_terms(table, replace(spec, shape="linear"))
    if persons <= len(terms):
        problems.append(
            finding(
                "too-few-persons",
                level=level,
                persons=Persons(persons),
                coefficients=len(terms),
            )
        )
    for name in spec.composite or spec.predictors:
        if _is_constant(table, name):
            problems.append(_constant("constant-exposure", name, table, level))
    if _is_constant(table, "P"):
        problems.append(_constant("constant-problems", "P", table, level))
    return problems


def fit_line(
    table: pl.DataFrame,
    spec: LineSpec,
    *,
    level: Level,
    reference: str,
    period: Period | None = None,
) -> Line:
    """Fit a least-squares line to units of one level, which `line_problems` found sound.

    Where the units cannot carry the curve that is asked for, the line is straight and says why
    (`curve_refused`).

    Parameters
    ----------
    table : DataFrame
        `person, P, E, E_<type>` and covariates, one row per unit.
    spec : LineSpec
    level : {"occasion", "window", "phase", "person"}
        Occasions get standard errors clustered by person (CR1), other levels classical ones.
    reference : str
        Words for the set of units.
    period : Period, optional
        The one period the units are of.

    Raises
    ------
    NormError
        Terms are collinear in these units (`line-not-fitted`).
    """
    standardiser = None
    if spec.composite:
        standardiser = learn_standardiser(table, spec.composite, reference)
        table = with_composite(table, standardiser)
    refused = lack_of_support(table, spec)
    if refused is not None:
        spec = replace(spec, shape="linear")
    knots, terms = spline_knots(table, spec), all_terms(table, spec)
    matrix = term_matrix(table, terms, predictors=spec.predictors, knots=knots)
    outcome = table["P"].to_numpy()
    person = table["person"].to_numpy()
    try:
        fit = fit_least_squares(
            outcome, matrix, names=terms, cluster=person if level == "occasion" else None
        )
    except ModelError as error:
        told = finding("line-not-fitted", shape=spec.shape, level=level, reason=str(error))
        raise NormError([told]) from error
    exposure = table[spec.predictors[0] if len(spec.predictors) == 1 else "E"].to_numpy()
    clustered = level == "occasion"
    cluster = person.astype(np.int64) if clustered else None
    claims = line_claims(
        terms=terms,
        coefficients=fit.coefficients,
        covariance=fit.covariance if clustered else hc3_covariance(fit, matrix),
        fallback=fit.covariance,
        df=fit.df_inference
        if clustered
        else exposure_df(matrix, terms, spec.predictors, fit.df_inference),
        joint_df=None
        if clustered
        else joint_exposure_df(matrix, terms, spec.predictors, fit.df_inference),
        degrees=None if clustered else partial(sum_df, matrix, terms, fit.df_inference),
        interval=CLUSTERED if clustered else HC3,
        share=shares_of(outcome, matrix, terms, spec.predictors, cluster),
        predictors=spec.predictors,
        shape=spec.shape,
        knots=knots,
        matrix=matrix,
        table=table,
    )
    return Line(
        level=level,
        terms=tuple(fit.names),
        coefficients=tuple(float(value) for value in fit.coefficients),
        covariance=np.asarray(fit.covariance),
        residual_sd=float(np.std(fit.residuals, ddof=1)),
        r_squared=float(fit.r_squared),
        n=int(fit.residuals.size),
        n_persons=count_distinct(person),
        shape=spec.shape,
        reference=reference,
        exposure_range=(float(exposure.min()), float(exposure.max())),
        predictors=spec.predictors,
        units=spec.units,
        knots=knots,
        standardiser=standardiser,
        covariates=spec.covariates,
        period=period,
        possible=spec.possible,
        claims=claims,
        curve_refused=refused,
    )


def _is_constant(table: pl.DataFrame, name: str) -> bool:
    values = table[name].to_numpy()
    if values.size < 2:
        return False
    spread = float(values.max() - values.min())
    return spread <= CONSTANT * max(1.0, float(np.abs(values).max()))


def _constant(code: str, name: str, table: pl.DataFrame, level: Level) -> Finding:
    value = float(table[name][0])
    units = counted(level, table.height)
    return finding(code, column=name, value=value, units=units, level=level)
