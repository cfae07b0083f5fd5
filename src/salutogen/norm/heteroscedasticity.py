"""Do residuals spread equally along exposure? On persons; on rows only clustered by person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from salutogen.columns import Kind, Record, figure, record
from salutogen.errors import ModelError
from salutogen.findings import Findings, Persons
from salutogen.models.regression.heteroscedasticity import breusch_pagan
from salutogen.models.regression.least_squares import fit_least_squares
from salutogen.norm.design_matrix import line_matrix, with_exposure
from salutogen.norm.lines import Level, Line

NOTABLE = 0.01


class _Test(Record):
    """A test that may not have been possible: then only p, which is missing, and the reason."""

    reason: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data as in `results.json`."""
        found = super().to_dict()
        reason = found.pop("reason")
        return found if reason is None else {"p": None, "reason": reason}


@record
class PersonsTest(_Test):
    """Squared residuals of persons regressed on the line's terms."""

    n_r_squared: float | None = figure("n times R squared, chi-squared", default=None)
    df: int | None = figure("Degrees of freedom", default=None)
    p: float | None = figure("p value", default=None)
    n_r_squared_standardised: float | None = figure(
        "The same of squared residuals divided by what a mean over so many occasions lets expect; "
        "where persons have equal numbers it is n_r_squared",
        default=None,
    )
    p_standardised: float | None = figure("p value of n_r_squared_standardised", default=None)
    reason: str | None = figure("Why it could not be tested", default=None)


@record
class OccasionsTest(_Test):
    """Squared residuals of rows regressed on the line's terms, errors clustered by person."""

    n_r_squared_rows: float | None = figure(
        "n times R squared over rows, for comparison with other programs only", default=None
    )
    F: float | None = figure("Wald F, clustered by person", default=None)
    df1: int | None = figure("Degrees of freedom", default=None)
    df2: int | None = figure(
        "Degrees of freedom of the error", kind=Kind.TELLING, step=5, default=None
    )
    p: float | None = figure("p value of F", default=None)
    reason: str | None = figure("Why it could not be tested", default=None)


@record
class Heteroscedasticity(Record):
    """Whether residuals spread unequally along exposure."""

    person: PersonsTest = figure("On persons, which are independent")
    occasion: OccasionsTest = figure("On rows, which repeat persons")


def residual_spread(
    lines: Mapping[Level, Line], units: Mapping[Level, pl.DataFrame], findings: Findings
) -> Heteroscedasticity:
    """Test the residuals of the person line and of the occasions' line.

    Persons are independent: n times R squared is chi-squared (Koenker 1981). Means of few occasions
    scatter more at any exposure, and lie at its ends more often: the test that counts divides the
    squared residuals by what the number of occasions lets expect. Rows are not independent: their
    n times R squared is given for comparison with other programs, the p value is of a Wald F test
    with errors clustered by person. Tells `unequal-spread` where p < .01 on persons.
    """
    person = _over_persons(lines["person"], units["person"])
    if person.p_standardised is not None and person.p_standardised < NOTABLE:
        findings.tell(
            "unequal-spread",
            n_r_squared=person.n_r_squared_standardised,
            persons=Persons(units["person"].height),
            p=person.p_standardised,
            df=person.df,
        )
    occasion = _over_occasions(lines["occasion"], units["occasion"])
    return Heteroscedasticity(person=person, occasion=occasion)


def _over_persons(line: Line, table: pl.DataFrame) -> PersonsTest:
    table = with_exposure(line, table)
    matrix = line_matrix(line, table, level="person")
    try:
        fit = fit_least_squares(table["P"].to_numpy(), matrix, names=line.names)
        plain = breusch_pagan(fit, matrix)
        averaged = table["n_valid"].to_numpy() if "n_valid" in table.columns else None
        standardised = breusch_pagan(fit, matrix, averaged=averaged)
    except ModelError as error:
        return PersonsTest(reason=str(error))
    return PersonsTest(
        n_r_squared=plain.statistic,
        df=plain.df1,
        p=plain.p,
        n_r_squared_standardised=standardised.statistic,
        p_standardised=standardised.p,
    )


def _over_occasions(line: Line, table: pl.DataFrame) -> OccasionsTest:
    table = with_exposure(line, table)
    matrix = line_matrix(line, table, level="occasion")
    try:
        fit = fit_least_squares(table["P"].to_numpy(), matrix, names=line.names)
        clustered = breusch_pagan(fit, matrix, cluster=table["person"].to_numpy())
    except ModelError as error:
        return OccasionsTest(reason=str(error))
    return OccasionsTest(
        n_r_squared_rows=clustered.n_r_squared,
        F=clustered.statistic,
        df1=clustered.df1,
        df2=clustered.df2,
        p=clustered.p,
    )
