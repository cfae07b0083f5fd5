"""Is the E-P line straight? Tested once, on independent units."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from salutogen.columns import Kind, Record, figure, record
from salutogen.errors import ModelError, NormError
from salutogen.findings import Finding, Persons, finding
from salutogen.models.linear_algebra import Factored, combine
from salutogen.models.parallel.threads import at_once
from salutogen.models.regression.least_squares import (
    LinearFit,
    cross_validated_error,
    f_test,
    fit_least_squares,
)
from salutogen.models.regression.sandwich import (
    WaldTest,
    hc3_covariance,
    joint_degrees_of_freedom,
    wald_test,
)
from salutogen.norm.curve_support import all_terms, curve_refused, lack_of_support, spline_knots
from salutogen.norm.design_matrix import term_matrix, terms_of, with_composite
from salutogen.norm.line_fit import learn_standardiser, line_problems, repeated_persons
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.lines import Line, Shape

FOLDS = 10
ALPHA = 0.05
GRID = 513
NOTABLE = 0.05  # of what the curve moves
SHAPES: tuple[Shape, ...] = ("linear", "quadratic", "spline")


@record
class ShapeTest(Record):
    """Linear against quadratic on independent units."""

    unit: str = figure("Units", kind=Kind.LABEL)
    n: int = figure("Number of units", kind=Kind.COUNT)
    f: float = figure("F of the squared term", key="F")
    df1: int = figure("Degrees of freedom")
    df2: int = figure("Degrees of freedom of the error", kind=Kind.TELLING, step=5)
    p: float = figure("p value of F")
    f_robust: float | None = figure("Wald F with HC3 errors", key="F_robust")
    df2_robust: float | None = figure(
        "Degrees of freedom of its error (Satterthwaite)", kind=Kind.TELLING, step=5
    )
    p_robust: float | None = figure("p value of F_robust")
    decided_by: str = figure(
        "The test that decides: HC3 where units are means of unequal numbers of occasions",
        kind=Kind.LABEL,
    )
    bic_linear: float = figure("BIC of the straight line")
    bic_quadratic: float = figure("BIC of the quadratic")
    # Beside the residual SD it tells the number of persons to the last digit.
    aic: Mapping[str, float] = figure("AIC by shape", kind=Kind.PERSON)
    cv_error: Mapping[str, float] = figure("Squared error of 10-fold cross-validation by shape")
    spline_p: float | None = figure("p value of the spline's terms")
    chosen: Shape = figure("Shape the test chooses", kind=Kind.LABEL)


def shape_test(
    units: pl.DataFrame, spec: LineSpec | None = None, *, unit: str = "person", seed: int = 1
) -> ShapeTest:
    """Compare a straight line with a quadratic and a restricted cubic spline (4 knots).

    The quadratic is chosen only if its F test has p < .05 and its BIC is lower; where units are
    means of unequal numbers of occasions, by the Wald F with HC3 errors. The spline is reported and
    never chosen by itself. A shape the units cannot carry, or cannot carry once a tenth of them is
    left out, is refused. BIC counts the residual variance as a parameter.

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
    straight = _without_line(units, spec)
    if straight is not None:
        raise NormError([_not_tested(units, unit, straight)])
    units = _with_composite(units, spec)
    found = at_once(
        [partial(_Fitted.of, units, replace(spec, shape=shape), seed) for shape in SHAPES],
        cost=FOLDS * units.height,
    )
    fits = dict(zip(SHAPES, found, strict=True))
    linear, quadratic, spline = found
    if linear.fit is None or quadratic.fit is None:
        raise NormError([_not_tested(units, unit, quadratic.refused)])
    try:
        f, df1, df2, p = f_test(linear.fit, quadratic.fit)
    except ModelError as error:
        told = finding("shape-not-tested", variant="failed", reason=str(error))
        raise NormError([told]) from error
    robust = quadratic.curvature(linear)
    unequal = "n_valid" in units.columns and units["n_valid"].n_unique() > 1
    by = "HC3" if unequal and robust is not None else "classical"
    decisive = robust.p if by == "HC3" and robust is not None else p
    lower = quadratic.fit.bic < linear.fit.bic
    return ShapeTest(
        unit=unit,
        n=units.height,
        f=float(f),
        df1=int(df1),
        df2=int(df2),
        p=float(p),
        f_robust=None if robust is None else robust.F,
        df2_robust=None if robust is None else robust.df2,
        p_robust=None if robust is None else robust.p,
        decided_by=by,
        bic_linear=float(linear.fit.bic),
        bic_quadratic=float(quadratic.fit.bic),
        aic={shape: float(one.fit.aic) for shape, one in fits.items() if one.fit is not None},
        cv_error={shape: one.error for shape, one in fits.items() if one.error is not None},
        spline_p=_spline_p(linear, spline),
        chosen="quadratic" if decisive < ALPHA and lower else "linear",
    )


def refusal_of_shape(units: pl.DataFrame, spec: LineSpec, *, seed: int = 1) -> Finding | None:
    """Say why units cannot carry a shape, all of them or with one part in ten left out."""
    straight = _without_line(units, spec)
    if straight is not None:
        return straight
    return _Fitted.of(_with_composite(units, spec), spec, seed).refused


def _without_line(units: pl.DataFrame, spec: LineSpec) -> Finding | None:
    """Say why units cannot even carry a straight line, as those of a borrowed line may be."""
    problems = line_problems(units, replace(spec, shape="linear"), "person")
    return problems[0] if problems else None


def _with_composite(units: pl.DataFrame, spec: LineSpec) -> pl.DataFrame:
    if not spec.composite:
        return units
    return with_composite(units, learn_standardiser(units, spec.composite, "units"))


@dataclass(frozen=True, kw_only=True)
class _Fitted:
    """One shape on the units: its fit and its error of cross-validation, or why it is refused."""

    fit: LinearFit | None = None
    matrix: np.ndarray | None = None
    error: float | None = None
    refused: Finding | None = None

    @classmethod
    def of(cls, units: pl.DataFrame, spec: LineSpec, seed: int) -> _Fitted:
        refused = lack_of_support(units, spec)
        if refused is not None:
            return cls(refused=refused)
        outcome = units["P"].to_numpy()
        terms, knots = all_terms(units, spec), spline_knots(units, spec)
        matrix = term_matrix(units, terms, predictors=spec.predictors, knots=knots)
        if outcome.size <= len(terms):
            return cls()
        try:
            fit = fit_least_squares(outcome, matrix, names=terms)
        except ModelError:
            return cls()
        if units.height < 2 * FOLDS:
            return cls(fit=fit, matrix=matrix)
        try:
            error = cross_validated_error(outcome, matrix, folds=FOLDS, seed=seed)
        except ModelError:
            # A tenth of the persons left out leaves nothing that bends: too few carry the curve.
            if spec.shape != "linear" and cls.of(units, replace(spec, shape="linear"), seed).error:
                return cls(refused=curve_refused(spec.shape, "folds", folds=FOLDS))
            return cls(fit=fit, matrix=matrix)
        return cls(fit=fit, matrix=matrix, error=float(error))

    def curvature(self, straight: _Fitted) -> WaldTest | None:
        """Test the terms that a straight line lacks, with HC3 errors."""
        if self.fit is None or self.matrix is None or straight.fit is None:
            return None
        more = np.array([name not in straight.fit.names for name in self.fit.names])
        design = Factored.of(self.matrix, self.fit.names)
        covariance = hc3_covariance(self.fit, design)[np.ix_(more, more)]
        df = joint_degrees_of_freedom(design, more, self.fit.names)
        return wald_test(self.fit.coefficients[more], covariance, min(df, self.fit.df))


def _not_tested(units: pl.DataFrame, unit: str, refused: Finding | None) -> Finding:
    if refused is not None:
        return finding(
            "shape-not-tested", variant="failed", reason=refused, numbers={"reason": refused.text}
        )
    return finding("shape-not-tested", variant="few", units=Persons(units.height), unit=unit)


def _spline_p(linear: _Fitted, spline: _Fitted) -> float | None:
    if linear.fit is None or spline.fit is None:
        return None
    with suppress(ModelError):
        return float(f_test(linear.fit, spline.fit)[3])
    return None


class Bend(NamedTuple):
    """How expected problems go from low to high exposure, and where they are lowest or highest."""

    kind: Literal["rises", "falls", "lowest", "highest", "several", "unsettled"]
    at: float | None


def bend_of(line: Line) -> Bend | None:
    """Say how a curve over one exposure goes between its 10th and 90th percentile.

    It is lowest or highest in between only where both ends are away from that by a twentieth of
    all the curve moves and by more than their error, that of the place included (Scheffé 1953);
    by less, whether it turns is not settled. None where low and high exposure are the same.
    """
    if line.claims is None or len(line.predictors) != 1:
        return None
    low, high = line.claims.at["low"].E, line.claims.at["high"].E
    if low is None or high is None or not low < high:
        return None
    grid = np.linspace(low, high, GRID)
    curve = _along(line, grid)
    least = NOTABLE * float(np.ptp(curve))
    dips = min(curve[0], curve[-1]) - curve.min() > least
    peaks = curve.max() - max(curve[0], curve[-1]) > least
    if not dips and not peaks:
        return Bend("rises" if curve[-1] > curve[0] else "falls", None)
    turns = [
        int(place) for place, told in ((np.argmin(curve), dips), (np.argmax(curve), peaks)) if told
    ]
    if not all(_stands_out(line, grid, curve, place) for place in turns):
        return Bend("unsettled", None)
    if dips and peaks:
        return Bend("several", None)
    return Bend("lowest" if dips else "highest", float(grid[turns[0]]))


def _stands_out(line: Line, grid: np.ndarray, curve: np.ndarray, place: int) -> bool:
    """Whether both ends differ from a place of the curve by more than their simultaneous error."""
    from scipy.special import fdtri

    assert line.claims is not None
    matrix, own = _columns_along(line, grid)
    covariance = line.claims.covariance[np.ix_(own, own)]
    if not np.isfinite(covariance).all():
        return False
    q = len(own) - 1
    reach = float(np.sqrt(q * fdtri(q, max(line.claims.df, 1.0), 0.95)))
    for end in (0, -1):
        row = matrix[end] - matrix[place]
        error = float(np.sqrt(max(float(np.sum(covariance * np.outer(row, row))), 0.0)))
        if abs(curve[end] - curve[place]) <= reach * error:
            return False
    return True


def _columns_along(line: Line, grid: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Columns of the line's own terms at exposures, and where these terms stand."""
    terms = terms_of(line.predictors, line.shape)
    table = pl.DataFrame({line.predictors[0]: grid})
    matrix = term_matrix(table, terms, predictors=line.predictors, knots=line.knots)
    return matrix, [line.terms.index(term) for term in terms]


def change_along(line: Line, start: float, end: float) -> float | None:
    """How far expected problems change between two exposures; None with several predictors."""
    if len(line.predictors) != 1:
        return None
    first, last = _along(line, np.array([start, end])).tolist()
    return float(last - first)


def share_beyond(line: Line, exposure: np.ndarray) -> float:
    """Share of units where a curve says nothing: beyond its range, or where it has turned down.

    Beyond the range a straight line may be carried on, if it is said; a curve bends on as nothing
    that was seen tells, and beyond its turning point it expects fewer problems of the more exposed.
    0 for straight lines.
    """
    known = exposure[np.isfinite(exposure)]
    if line.shape == "linear" or not known.size:
        return 0.0
    low, high = line.exposure_range
    turn = turning_point(line)
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    beyond = (known < low - slack) | (known > min(high, high if turn is None else turn) + slack)
    return float(np.mean(beyond))


def _along(line: Line, grid: np.ndarray) -> np.ndarray:
    """Expected problems at exposures, shape (n,), covariates left out."""
    matrix, own = _columns_along(line, grid)
    curve: np.ndarray = combine(matrix, np.asarray(line.coefficients)[own])
    return curve


def turning_point(line: Line) -> float | None:
    """Exposure inside the line's range from which expected problems fall, if there is one.

    None for straight lines and for curves that do not turn down inside the observed range.
    """
    if line.shape == "linear" or line.predictors != ("E",):
        return None
    low, high = line.exposure_range
    grid = np.linspace(low, high, GRID)
    curve = _along(line, grid)
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
