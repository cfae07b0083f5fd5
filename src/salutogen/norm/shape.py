"""Is the E-P line straight? Tested once, on independent units."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.columns import Kind, Record, figure, record
from salutogen.errors import ModelError, NormError
from salutogen.findings import Finding, Persons, finding
from salutogen.models.linear_algebra import combine
from salutogen.models.regression.least_squares import (
    LinearFit,
    cross_validated_error,
    f_test,
    fit_least_squares,
)
from salutogen.norm.design_matrix import (
    covariate_terms,
    knots_of,
    term_matrix,
    terms_of,
    with_composite,
)
from salutogen.norm.line_fit import learn_standardiser, repeated_persons
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.lines import Line, Shape

FOLDS = 10
ALPHA = 0.05
SHAPES: tuple[Shape, ...] = ("linear", "quadratic", "spline")


@record
class ShapeTest(Record):
    """Linear against quadratic on independent units."""

    unit: str = figure("Units", kind=Kind.LABEL)
    n: int = figure("Number of units", kind=Kind.COUNT)
    f: float = figure("F of the squared term", key="F")
    df1: int = figure("Degrees of freedom")
    df2: int = figure("Degrees of freedom of the error")
    p: float = figure("p value of F")
    bic_linear: float = figure("BIC of the straight line")
    bic_quadratic: float = figure("BIC of the quadratic")
    aic: Mapping[str, float] = figure("AIC by shape")
    cv_error: Mapping[str, float] = figure("Squared error of 10-fold cross-validation by shape")
    spline_p: float | None = figure("p value of the spline's terms")
    chosen: Shape = figure("Shape the test chooses", kind=Kind.LABEL)


def shape_test(
    units: pl.DataFrame, spec: LineSpec | None = None, *, unit: str = "person", seed: int = 1
) -> ShapeTest:
    """Compare a straight line with a quadratic and a restricted cubic spline (4 knots).

    The quadratic is chosen only if its F test has p < .05 and its BIC is lower; the spline is
    reported and never chosen by itself. BIC counts the residual variance as a parameter.

    Parameters
    ----------
    units : DataFrame
        `person, P, E` (or the predictors of the specification), one row per person.
    spec : LineSpec, optional
        Predictors and covariates; E alone by default.
    unit : str
        Words for the units.
    seed : int
        Of the folds of the 10-fold cross-validation.

    Raises
    ------
    NormError
        A person stands in the units more than once (`repeated-persons`): rows that repeat a
        person as if independent make any curvature significant.
    """
    spec = spec or LineSpec()
    problems = repeated_persons(units, unit)
    if problems:
        raise NormError(problems)
    if spec.composite:
        units = with_composite(units, learn_standardiser(units, spec.composite, unit))
    outcome = units["P"].to_numpy()
    matrices = {shape: _matrix(units, replace(spec, shape=shape)) for shape in SHAPES}
    fits = {shape: _fit(outcome, *matrices[shape]) for shape in SHAPES}
    fitted = {shape: fit for shape, fit in fits.items() if fit is not None}
    if "quadratic" not in fitted or "linear" not in fitted:
        count = Persons(units.height)
        raise NormError([finding("shape-not-tested", variant="few", units=count, unit=unit)])
    try:
        f, df1, df2, p = f_test(fitted["linear"], fitted["quadratic"])
    except ModelError as error:
        told = finding("shape-not-tested", variant="failed", reason=str(error))
        raise NormError([told]) from error
    lower = fitted["quadratic"].bic < fitted["linear"].bic
    spline_p = None
    if "spline" in fitted:
        with suppress(ModelError):
            spline_p = float(f_test(fitted["linear"], fitted["spline"])[3])
    return ShapeTest(
        unit=unit,
        n=units.height,
        f=float(f),
        df1=int(df1),
        df2=int(df2),
        p=float(p),
        bic_linear=float(fitted["linear"].bic),
        bic_quadratic=float(fitted["quadratic"].bic),
        aic={shape: float(fit.aic) for shape, fit in fitted.items()},
        cv_error={
            shape: float(cross_validated_error(outcome, matrices[shape][1], folds=FOLDS, seed=seed))
            for shape in fitted
            if units.height >= 2 * FOLDS
        },
        spline_p=spline_p,
        chosen="quadratic" if p < ALPHA and lower else "linear",
    )


def turning_point(line: Line) -> float | None:
    """Exposure inside the line's range from which expected problems fall, if there is one.

    None for straight lines and for curves that do not turn down inside the observed range.
    """
    if line.shape == "linear" or line.predictors != ("E",):
        return None
    low, high = line.exposure_range
    grid = np.linspace(low, high, 513)
    terms = terms_of(line.predictors, line.shape)
    table = pl.DataFrame({"E": grid})
    matrix = term_matrix(table, terms, predictors=line.predictors, knots=line.knots)
    curve = combine(matrix, np.asarray([line.coefficient(term) for term in terms]))
    falling = np.diff(curve) < 0
    rising_before = np.flatnonzero(falling)
    if not rising_before.size or rising_before[-1] != falling.size - 1:
        return None
    start = falling.size
    while start > 0 and falling[start - 1]:
        start -= 1
    return float(grid[start])


def turn_finding(line: Line) -> list[Finding]:
    """Warn where the curve turns down inside the observed range."""
    at = turning_point(line)
    if at is None:
        return []
    low, high = line.exposure_range
    return [
        finding(
            "line-turns-down",
            shape=line.shape,
            level=line.level,
            turning_point=at,
            low=low,
            high=high,
            numbers={"range": [low, high]},
        )
    ]


def _matrix(units: pl.DataFrame, spec: LineSpec) -> tuple[tuple[str, ...], np.ndarray]:
    knots: tuple[float, ...] = ()
    if spec.shape == "spline":
        knots = tuple(knot for name in spec.predictors for knot in knots_of(units[name].to_numpy()))
        if any(np.diff(knots[at : at + 4]).min() <= 0 for at in range(0, len(knots), 4)):
            return (), np.empty((units.height, 0))
    terms = (
        *terms_of(spec.predictors, spec.shape),
        *covariate_terms(units, spec.covariates),
    )
    return terms, term_matrix(units, terms, predictors=spec.predictors, knots=knots)


def _fit(outcome: np.ndarray, terms: tuple[str, ...], matrix: np.ndarray) -> LinearFit | None:
    """Fit one shape, if there are enough units and distinct exposures for its terms."""
    if not terms or outcome.size <= len(terms):
        return None
    try:
        return fit_least_squares(outcome, matrix, names=terms)
    except ModelError:
        return None
