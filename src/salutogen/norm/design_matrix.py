"""Columns of a line's design matrix from a table at the line's own level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.errors import NormError
from salutogen.findings import Finding, finding
from salutogen.models.regression.splines import QUANTILES as KNOT_QUANTILES
from salutogen.models.regression.splines import RestrictedCubicSpline
from salutogen.namespaces import LABEL_MARK, covariate_column, covariate_term

if TYPE_CHECKING:
    from salutogen.norm.lines import Line, Shape
    from salutogen.scores import Standardiser

INTERCEPT = "intercept"


def terms_of(predictors: tuple[str, ...], shape: Shape) -> tuple[str, ...]:
    """Names of a line's terms, covariates left out: `intercept, E, E^2` and so on."""
    extra: dict[Shape, tuple[str, ...]] = {
        "linear": (),
        "quadratic": ("^2",),
        "spline": (":spline1", ":spline2"),
    }
    terms = [INTERCEPT, *predictors]
    for suffix in extra[shape]:
        terms += [f"{name}{suffix}" for name in predictors]
    return tuple(terms)


def labels_of(table: pl.DataFrame, covariates: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Labels of each covariate that is a category; the first one is the reference."""
    columns = {name: table[covariate_column(name)] for name in covariates}
    return {
        name: tuple(sorted(values.drop_nulls().cast(pl.String).unique().to_list()))
        for name, values in columns.items()
        if not values.dtype.is_numeric()
    }


def covariate_terms(table: pl.DataFrame, covariates: tuple[str, ...]) -> tuple[str, ...]:
    """Terms of covariates: numbers by column, categories with `=B` against the first label."""
    labels = labels_of(table, covariates)
    terms: list[str] = []
    for name in covariates:
        if name in labels:
            terms += [covariate_term(name, label) for label in labels[name][1:]]
        else:
            terms.append(covariate_column(name))
    return tuple(terms)


def knots_of(values: np.ndarray) -> tuple[float, ...]:
    """Four knots of a restricted cubic spline: the 5, 35, 65 and 95 % quantiles."""
    return tuple(float(knot) for knot in np.quantile(values, KNOT_QUANTILES))


def term_matrix(
    table: pl.DataFrame,
    terms: tuple[str, ...],
    *,
    predictors: tuple[str, ...],
    knots: tuple[float, ...] = (),
) -> np.ndarray:
    """Columns of `terms` for each row of a table; NaN where a column is missing a value."""
    columns = np.empty((len(terms), table.height))  # as it is worked through: by column
    knots_by_name = {
        name: knots[4 * index : 4 * index + 4] for index, name in enumerate(predictors)
    }
    for column, term in zip(columns, terms, strict=True):
        if term == INTERCEPT:
            column[:] = 1.0
        elif term in table.columns:
            column[:] = _numbers(table, term)
        elif term.endswith("^2") and term[:-2] in table.columns:  # a label may end so too
            np.square(_numbers(table, term[:-2]), out=column)
        elif term.rpartition(":spline")[0] in knots_by_name:  # a covariate may be called so
            name, _, number = term.rpartition(":spline")
            spline = RestrictedCubicSpline(knots=knots_by_name[name])
            column[:] = spline.transform(_numbers(table, name))[:, int(number)]
        else:
            name, _, label = term.partition(LABEL_MARK)
            same = (table[name].cast(pl.String) == label).cast(pl.Float64)
            column[:] = same.fill_null(float("nan")).to_numpy()
    return columns.T


def line_matrix(line: Line, table: pl.DataFrame, *, level: str) -> np.ndarray:
    """Design matrix of a line for new rows at the line's own level, shape (n, p).

    Where E is a composite and the raw types are in the table, E is made anew with the line's own
    moments. Rows with a label of a category that the line does not know are NaN.

    Raises
    ------
    NormError
        Another level, a missing column, or values no score in the line's units can have.
    """
    problems = _level_problems(line, level)
    table = with_exposure(line, table)
    problems += _column_problems(line, table)
    if not problems:
        problems += _unit_problems(line, table)
    if problems:
        raise NormError(problems)
    table = with_known_labels(line, table)
    matrix = term_matrix(table, line.terms, predictors=line.predictors, knots=line.knots)
    for name in line.labels:  # a category with one label has no term that could be missing
        matrix[table[covariate_column(name)].is_null().to_numpy()] = np.nan
    return matrix


def with_known_labels(line: Line, table: pl.DataFrame) -> pl.DataFrame:
    """Return the table without labels of categories that the line was not fitted on: null."""
    known = {covariate_column(name): list(labels) for name, labels in line.labels.items()}
    return table.with_columns(
        pl.when(pl.col(name).cast(pl.String).is_in(labels)).then(pl.col(name)).alias(name)
        for name, labels in known.items()
        if name in table.columns
    )


def with_exposure(line: Line, table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with E as the line defines it (composites: by the line's own moments)."""
    if line.standardiser is None:
        return table
    if any(name not in table.columns for name in line.standardiser.columns):
        return table
    return with_composite(table, line.standardiser)


def with_composite(table: pl.DataFrame, standardiser: Standardiser) -> pl.DataFrame:
    """Return the table with E as the composite of its raw types."""
    return table.with_columns(standardiser.composite(table).alias("E"))


def _numbers(table: pl.DataFrame, name: str) -> np.ndarray:
    column = table[name]
    if column.dtype != pl.Float64 or column.has_nulls():
        column = column.cast(pl.Float64).fill_null(float("nan"))
    values: np.ndarray = column.to_numpy()
    return values


def _level_problems(line: Line, level: str) -> list[Finding]:
    if level == line.level:
        return []
    variant = "occasions" if line.level == "occasion" else "means"
    numbers = {"line": line.level}
    return [
        finding("level-differs", variant=variant, fitted=line.level, table=level, numbers=numbers)
    ]


def _column_problems(line: Line, table: pl.DataFrame) -> list[Finding]:
    needed = {name: name for name in line.predictors}
    needed |= {covariate_column(name): name for name in line.covariates}
    missing = [name for column, name in needed.items() if column not in table.columns]
    if not missing:
        return []
    return [finding("norm-column-missing", missing=missing)]


def _unit_problems(line: Line, table: pl.DataFrame) -> list[Finding]:
    """Values that no score in the line's units can have: another unit, such as z scores."""
    problems = []
    for name, (low, high) in line.possible.items():
        if name not in table.columns:
            continue
        values = _numbers(table, name)
        slack = 1e-6 * max(abs(low), abs(high), 1.0)
        outside = (values < low - slack) | (values > high + slack)
        if outside.any():
            rows = (np.flatnonzero(outside) + 1).tolist()
            problems.append(
                finding(
                    "units-differ",
                    variant="values",
                    column=name,
                    rows=rows,
                    outside=len(rows),
                    smallest=float(np.nanmin(values)),
                    largest=float(np.nanmax(values)),
                    units=line.units.get(name, "points"),
                    low=low,
                    high=high,
                    numbers={"possible": [low, high]},
                )
            )
    return problems
