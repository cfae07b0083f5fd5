"""Do residuals spread equally along exposure? On persons; on rows only clustered by person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from salutogen.errors import ModelError
from salutogen.findings import Finding, finding
from salutogen.models.regression.heteroscedasticity import breusch_pagan
from salutogen.models.regression.least_squares import fit_least_squares
from salutogen.norm.design_matrix import line_matrix, with_exposure
from salutogen.norm.norm import Level, Line

NOTABLE = 0.01


def unequal_spread(
    lines: Mapping[Level, Line], units: Mapping[Level, pl.DataFrame]
) -> tuple[dict[str, Any], list[Finding]]:
    """Test each line's residuals with squared residuals regressed on its terms.

    Persons are independent: n times R squared is chi-squared (Koenker 1981). Rows are not: their
    n times R squared is given for comparison with other programs, the p value is of a Wald F test
    with errors clustered by person.

    Returns
    -------
    dict
        `person`: `n_r_squared, df, p`; `occasion`: `n_r_squared_rows, F, df1, df2, p`.
    list of Finding
        `unequal-spread` where p < .01 on persons.
    """
    result: dict[str, Any] = {}
    findings: list[Finding] = []
    for level, line in lines.items():
        table = with_exposure(line, units[level])
        matrix = line_matrix(line, table, level=level)
        outcome = table["P"].to_numpy()
        try:
            fit = fit_least_squares(outcome, matrix, names=line.terms)
            plain = breusch_pagan(fit, matrix)
            if level == "occasion":
                person = table["person"].to_numpy()
                clustered = breusch_pagan(fit, matrix, cluster=person)
                result[level] = {
                    "n_r_squared_rows": plain.statistic,
                    "F": clustered.statistic,
                    "df1": clustered.df1,
                    "df2": clustered.df2,
                    "p": clustered.p,
                }
            else:
                result[level] = {"n_r_squared": plain.statistic, "df": plain.df1, "p": plain.p}
        except ModelError as error:
            result[level] = {"p": None, "reason": str(error)}
    person = result.get("person", {})
    if person.get("p") is not None and person["p"] < NOTABLE:
        text = (
            f"Residuals spread unequally along exposure: n times R squared is "
            f"{person['n_r_squared']:.1f} on {units['person'].height} persons "
            f"(p = {person['p']:.2g})."
        )
        findings.append(finding("unequal-spread", text, numbers=person))
    return result, findings
