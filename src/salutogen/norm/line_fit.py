"""Least-squares lines at one level, with everything a line must remember."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import ModelError, NormError
from salutogen.findings import Finding, Persons, finding
from salutogen.models.descriptive import centre_and_spread
from salutogen.models.linear_algebra import Factored
from salutogen.models.regression.least_squares import LinearFit, checked, fit_least_squares
from salutogen.models.regression.sandwich import hc3_covariance
from salutogen.namespaces import covariate_column, told_term
from salutogen.norm.clustered_support import clustered_claims, clustered_errors
from salutogen.norm.curve_support import all_terms, lack_of_support, spline_knots
from salutogen.norm.design_matrix import labels_of, term_matrix, terms_of, with_composite
from salutogen.norm.line_claims import (
    HC3,
    LineClaims,
    joint_exposure_df,
    line_claims,
    shares_of,
    sum_df,
    term_degrees,
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


def line_problems(
    table: pl.DataFrame,
    spec: LineSpec,
    level: Level,
    reference: str = "",
    everybody: pl.DataFrame | None = None,
) -> list[Finding]:
    """Everything that keeps a straight line from being fitted to these units.

    `reference` names the part of the study that they are, where they are a part. `everybody` are
    the units before those without a usable covariate were left out.
    """
    problems = [] if level == "occasion" else repeated_persons(table, level)
    persons = table["person"].n_unique() if "person" in table.columns else table.height
    terms = all_terms(table, replace(spec, shape="linear"))
    if persons <= len(terms):
        left_out = _left_out(table, spec, everybody)
        problems.append(
            finding(
                "too-few-persons",
                variant="-and-".join(left_out),
                level=level,
                among=f" of {reference}" if reference else "",
                persons=Persons(persons),
                needed=["E", "P", *spec.covariates],
                coefficients=len(terms),
                **left_out,
            )
        )
    for name in spec.composite or spec.predictors:
        if _is_constant(table, name):
            problems.append(_constant("constant-exposure", name, table, level))
    if _is_constant(table, "P"):
        problems.append(_constant("constant-problems", "P", table, level))
    return problems


def _left_out(
    table: pl.DataFrame, spec: LineSpec, everybody: pl.DataFrame | None
) -> dict[str, Any]:
    """How many persons lack a covariate, or have a label that nobody else has; only if any do."""
    if everybody is None or "person" not in everybody.columns:
        return {}
    columns = [covariate_column(name) for name in spec.covariates]
    known = everybody.drop_nulls(columns)["person"].n_unique()
    lacking = everybody["person"].n_unique() - known
    alone = known - table["person"].n_unique()
    counted = {"lacking": Persons(lacking), "alone": Persons(alone)}
    return {name: count for name, count in counted.items() if count}


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
    named = tuple(told_term(term) for term in terms)  # in reasons for which it cannot be fitted
    matrix = term_matrix(table, terms, predictors=spec.predictors, knots=knots)
    outcome = table["P"].to_numpy()
    person = table["person"].to_numpy()
    try:
        checked(outcome, matrix, named)
        design = Factored.of(matrix, named)
        fit = fit_least_squares(
            outcome, design, names=named, cluster=person if level == "occasion" else None
        )
    except ModelError as error:
        told = finding("line-not-fitted", shape=spec.shape, level=level, reason=str(error))
        raise NormError([told]) from error
    exposure = table[spec.predictors[0] if len(spec.predictors) == 1 else "E"].to_numpy()
    claims, thin = _claims(fit, design, terms, table, spec, knots, clustered=level == "occasion")
    return Line(
        level=level,
        terms=terms,
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
        labels=labels_of(table, spec.covariates),
        period=period,
        possible=spec.possible,
        claims=claims,
        curve_refused=refused,
        thin=thin,
    )


def _claims(
    fit: LinearFit,
    design: Factored,
    terms: tuple[str, ...],
    table: pl.DataFrame,
    spec: LineSpec,
    knots: tuple[float, ...],
    *,
    clustered: bool,
) -> tuple[LineClaims, Mapping[str, int]]:
    """What the line says of exposure, and the persons that each term without an error rests on."""
    most = fit.df_inference
    person = table["person"].to_numpy().astype(np.int64) if clustered else None
    share = shares_of(table["P"].to_numpy(), design, terms, spec.predictors, person)
    parts: dict[str, Any] = {
        "terms": terms,
        "coefficients": fit.coefficients,
        "predictors": spec.predictors,
        "shape": spec.shape,
        "knots": knots,
        "matrix": design.X,
        "table": table,
        "smallest": spec.smallest,
    }
    if person is None:
        claims = line_claims(
            covariance=hc3_covariance(fit, design),
            fallback=fit.covariance,
            term_df=term_degrees(design, terms, most),
            degrees=partial(sum_df, design, terms, most),
            joint_df=joint_exposure_df(design, terms, spec.predictors, most),
            interval=HC3,
            share=share,
            **parts,
        )
        return claims, {}
    own = terms_of(spec.predictors, spec.shape)[1:]
    errors = clustered_errors(design, terms, person, fit.covariance, exposure=own, most=most)
    claims = clustered_claims(errors, share=share, **parts)
    return claims, errors.thin


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
