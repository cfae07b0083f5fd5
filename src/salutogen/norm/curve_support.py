"""Can these units carry a curve? A curve that rests on a value or two is refused, not fitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import ModelError
from salutogen.findings import Finding, Findings, Persons, finding
from salutogen.models.linear_algebra import orthonormalise
from salutogen.norm.design_matrix import covariate_terms, knots_of, term_matrix, terms_of
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.lines import Line, Shape

CARRIED = 1 - 1e-8  # leverage of a person without whom a coefficient would be unknown
FEWEST_VALUES = {"quadratic": 3, "spline": 4}


def all_terms(table: pl.DataFrame, spec: LineSpec) -> tuple[str, ...]:
    """Names of a line's terms with those of covariates."""
    return (*terms_of(spec.predictors, spec.shape), *covariate_terms(table, spec.covariates))


def spline_knots(table: pl.DataFrame, spec: LineSpec) -> tuple[float, ...]:
    """Four knots of each predictor where the shape is a spline."""
    if spec.shape != "spline":
        return ()
    return tuple(knot for name in spec.predictors for knot in knots_of(table[name].to_numpy()))


def lack_of_support(table: pl.DataFrame, spec: LineSpec) -> Finding | None:
    """Say why the units cannot carry the curve of a specification; None where they can.

    A curve needs more persons than coefficients, enough different exposures, knots that differ,
    and more than one person for each of its terms.
    """
    if spec.shape == "linear":
        return None
    terms = all_terms(table, spec)
    persons = table["person"].n_unique() if "person" in table.columns else table.height
    if persons <= len(terms):
        return curve_refused(spec.shape, "few", persons=Persons(persons), coefficients=len(terms))
    for name in spec.predictors:
        values = table[name].n_unique()
        if values < FEWEST_VALUES[spec.shape]:
            return curve_refused(spec.shape, "values", column=name, values=values)
        if spec.shape == "spline" and np.diff(knots_of(table[name].to_numpy())).min() <= 0:
            return curve_refused(spec.shape, "knots", column=name)
    curve = _matrix(table, spec, spec.shape)
    leverage = _leverage(curve)
    if leverage is None:
        straight = _leverage(_matrix(table, spec, "linear"))
        return None if straight is None else curve_refused(spec.shape, "collinear")
    person = table["person"].to_numpy() if "person" in table.columns else np.arange(table.height)
    for one in np.flatnonzero(np.bincount(person, leverage) >= CARRIED):
        rest = person != one
        straight = _leverage(_matrix(table, spec, "linear")[rest])
        if straight is not None and _leverage(curve[rest]) is None:
            return curve_refused(spec.shape, "one-person")
    return None


def tell_straight_lines(lines: Iterable[tuple[str, Line]], shape: Shape, found: Findings) -> None:
    """Say in one finding which lines are straight although a curve was asked for, and why."""
    straight = [(name, one) for name, line in lines if (one := line.curve_refused) is not None]
    if not straight:
        return
    found.tell(
        "straight-for-want-of-support",
        shape=shape,
        lines=[name for name, _ in straight],
        reasons=list({one.text: one for _, one in straight}.values()),
        numbers={"reasons": {name: one.text for name, one in straight}},
    )


def curve_refused(shape: str, variant: str, **values: Any) -> Finding:
    """Make the reason for which a curve is refused."""
    return finding("curve-without-support", variant=variant, shape=shape, **values)


def _matrix(table: pl.DataFrame, spec: LineSpec, shape: Shape) -> np.ndarray:
    terms = (*terms_of(spec.predictors, shape), *covariate_terms(table, spec.covariates))
    knots = spline_knots(table, spec) if shape == "spline" else ()
    return term_matrix(table, terms, predictors=spec.predictors, knots=knots)


def _leverage(matrix: np.ndarray) -> np.ndarray | None:
    """Leverages of the rows, or None where columns are collinear."""
    try:
        Q, _ = orthonormalise(matrix, [str(j) for j in range(matrix.shape[1])])
    except ModelError:
        return None
    leverage: np.ndarray = np.sum(Q**2, axis=0)
    return leverage
