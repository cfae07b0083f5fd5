"""The lines of expected problems in words and as a table."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import POINTS, Column, Kind
from salutogen.findings import Persons
from salutogen.namespaces import covariate_of, told_term
from salutogen.norm import Line, ShapeTest
from salutogen.norm.lines import MIXED
from salutogen.norm.units import unit_of_term
from salutogen.page.audience import Audience
from salutogen.page.section import Table, Text
from salutogen.page.small_counts import SMALL_NOTE, hide_small_beside
from salutogen.page.words import heading, number, p_value, points, say, signed
from salutogen.report.context import Context
from salutogen.report.words_of_line import (
    bend_in_words,
    expected_in_words,
    share_in_words,
    unit_of,
)

LINE_COLUMNS = (
    Column(name="line", meaning="Line", heading="Line", kind=Kind.LABEL),
    Column(name="reference", meaning="Reference set", heading="Reference set", kind=Kind.LABEL),
    Column(name="n", meaning="Units the line was fitted on", unit="units", kind=Kind.COUNT),
    Column(name="term", meaning="Term", heading="Term", kind=Kind.LABEL),
    Column(name="coefficient", meaning="Coefficient", heading="Coefficient"),
    Column(name="unit", meaning="Unit of the coefficient", heading="Unit", kind=Kind.LABEL),
    # Coefficient, standard error and R² together tell n.
    Column(name="se", meaning="Standard error", heading="Standard error", kind=Kind.TELLING),
    Column(
        name="share",
        meaning="Variance of P that exposure explains beside the covariates",
        heading="Exposure's own share",
        kind=Kind.TELLING,
    ),
    Column(name="r_squared", meaning="R²", heading="R² of the line", kind=Kind.TELLING),
    Column(name="residual_sd", meaning="Residual SD", heading="Residual SD", unit=POINTS),
)
# Lines with and without the far values of few persons, side by side, would give these away.
PULLED_IN = Column(name="n_changed", meaning="Persons whose values are pulled in", kind=Kind.COUNT)


def words_of_plane(fitted: Line, context: Context) -> Text:
    """Say what the person line expects along exposure, and what it explains."""
    audience = context.audience
    begun = say("The line over persons (n = {n}): ", n=Persons(fitted.n))
    slope = ""
    if fitted.slope is not None:
        slope = (
            f", that is {signed(fitted.slope, 3)} points for each further {unit_of(fitted)} of "
            "exposure"
        )
    expected = expected_in_words(fitted, audience)
    return begun + (
        f"{expected}{slope}. "
        + (f"{bend_in_words(fitted, audience)} " if fitted.shape != "linear" else "")
        + f"{share_in_words(fitted, audience)} On the page SR is the vertical distance from the "
        "line: positive above it, negative below it. One SD of these distances is "
        f"{points(fitted.residual_sd)} points."
    )


def shape_in_words(context: Context) -> str:
    """Say how the shape of the line was tested."""
    test = context.norm.shape_test
    if test is None:
        return "The shape of the line was not tested."
    if context.audience.leaves_few(test.n):  # degrees of freedom and BIC tell n
        return (
            f"A curve was tested ({test.unit}): {p_value(_decisive(test)[1])}. "
            f"The line used is {context.norm.lines.person.shape}."
        )
    return (
        f"A curve was tested on {context.audience.count(test.n)} independent units ({test.unit}): "
        f"{f_in_words(test, context.audience)} = {number(_decisive(test)[0])}, "
        f"{p_value(_decisive(test)[1])}{_with_hc3(test)}; BIC "
        f"{points(test.bic_linear)} for the straight line and "
        f"{points(test.bic_quadratic)} for the curve. "
        f"The line used is {context.norm.lines.person.shape}."
    )


def f_in_words(test: ShapeTest, audience: Audience) -> str:
    """Write F with its degrees of freedom; those of the error tell how many units there are."""
    df2: float = test.df2
    if test.decided_by == "HC3" and test.df2_robust is not None:
        df2 = test.df2_robust
    return f"F({test.df1}, {number(df2 if audience.individuals else audience.told(df2))})"


def _decisive(test: ShapeTest) -> tuple[float | None, float | None]:
    """F and p of the test that decides on the shape."""
    return (test.f_robust, test.p_robust) if test.decided_by == "HC3" else (test.f, test.p)


def _with_hc3(test: ShapeTest) -> str:
    return " (errors for unequal scatter, HC3)" if test.decided_by == "HC3" else ""


def lines_table(context: Context) -> Table:
    """Every line with its terms, their robust errors, and what it explains."""
    lines = context.norm.lines
    named = [("person", lines.person), ("occasion", lines.occasion)]
    frozen = lines.reference("window")
    untold = {(key.level, key.period) for key in context.lines_of_few}
    if frozen is not None and ("window", frozen.period) not in untold:
        named.append(("window (frozen)", frozen))
    named += [
        (str(period), item)
        for period, item in lines.by_period("phase").items()
        if ("phase", period) not in untold
    ]
    named += [(heading(name), item) for name, item in lines.variants.items()]
    rows = [
        {
            "line": name,
            "reference": item.reference,
            "n": None if few else item.n,
            "term": told_term(term) if context.is_told(term) else covariate_of(term),
            "coefficient": float(value) if context.is_told(term) and np.isfinite(value) else None,
            # The mixed line takes the exposure of the occasions' line.
            "unit": unit_of_term(lines.occasion if name == MIXED else item, term)
            if context.is_told(term)
            else POINTS,
            "se": _error(variance) if context.is_told(term) and not few else None,
            "share": None if item.claims is None or few else item.claims.share.share,
            "r_squared": None if few else float(item.r_squared),
            "residual_sd": float(item.residual_sd),
            "n_changed": item.n_changed,
        }
        for name, item in named
        # Rows that are missing would tell the few persons who are, and so would what tells n.
        for few in (context.audience.leaves_few(Persons(item.n_persons)),)
        for term, value, variance in zip(
            item.terms, item.coefficients, np.diag(_covariance(item)), strict=True
        )
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"n_changed": pl.Int64})
    if context.untold_covariates:  # one row, however many labels there are
        frame = frame.unique(maintain_order=True)
    table = Table(
        name="lines",
        title="Lines of expected problems",
        frame=frame,
        columns=LINE_COLUMNS,
        note="Standard errors take scatter as unequal: HC3, and clustered by person (CR1) for "
        "occasions. Exposure's own share is beside the covariates, R² of the whole line. "
        "A line is used at its own level only. Where exposure is standardised, a unit of it is "
        "another one at each level, so that slopes of levels are not compared as they stand."
        + (f" {SMALL_NOTE}" if context.untold_covariates else ""),
    )
    return hide_small_beside(table, (PULLED_IN,), context.audience)


def _covariance(item: Line) -> np.ndarray:
    return item.covariance if item.claims is None else item.claims.covariance


def _error(variance: float) -> float | None:
    """Standard error; missing for a coefficient that rests on one person."""
    return float(np.sqrt(max(variance, 0.0))) if np.isfinite(variance) else None
