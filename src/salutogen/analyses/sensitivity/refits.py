"""How far SR would move with other lines: far points treated otherwise, skipped answers bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from salutogen.columns import POINTS, Column, Kind
from salutogen.counts import forms_of
from salutogen.errors import ModelError, NormError
from salutogen.models.descriptive import least_squares_slope, pearson
from salutogen.norm import Line
from salutogen.norm.line_fit import fit_line, line_problems
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.periods import count_distinct
from salutogen.norm.secondary_lines import robust_line, winsorised_line
from salutogen.norm.told_lines import changed, told_shift

if TYPE_CHECKING:
    from salutogen.page.audience import Audience

INTERCEPT = Column(name="intercept", meaning="Of the line", unit=POINTS, heading="Intercept")
SLOPE = Column(
    name="slope", meaning="Of the line", unit="points of P per unit of E", heading="Slope"
)
R_PRIMARY = Column(
    name="r_with_primary",
    meaning="Correlation of SR by this line with the primary SR",
    heading="r with the primary SR",
)
OUTLIER_COLUMNS = (
    Column(
        name="policy", meaning="What is done with far points", heading="Policy", kind=Kind.LABEL
    ),
    Column(
        name="n",
        meaning="Persons in the fit",
        unit="persons",
        heading="Persons in the fit",
        kind=Kind.COUNT,
        nested="statistics",
    ),
    # Lines with and without few persons, told side by side, would give these away.
    Column(
        name="n_changed",
        meaning="Persons whose values are left out of the fit or pulled in",
        unit="persons",
        heading="Left out or pulled in",
        kind=Kind.COUNT,
        of="n",
    ),
    INTERCEPT,
    SLOPE,
    Column(name="r_squared", meaning="Variance that the line explains", heading="R²"),
    Column(name="residual_sd", meaning="SD of the residuals", unit=POINTS, heading="Residual SD"),
    R_PRIMARY,
    Column(
        name="largest_change",
        meaning="Largest absolute change of a person's SR",
        unit=POINTS,
        heading="Largest change of a person's SR",
        kind=Kind.PERSON,
    ),
)
MISSING_COLUMNS = (
    Column(
        name="case", meaning="What is assumed of skipped answers", heading="Case", kind=Kind.LABEL
    ),
    # Few changed rows are of few persons; all other rows are of no count of persons.
    Column(
        name="n_changed",
        meaning="Person-occasions whose E or P changes",
        heading="Rows changed",
        kind=Kind.COUNT,
        of="n_changed",
    ),
    INTERCEPT,
    SLOPE,
    Column(
        name="mean_SR_change",
        meaning="Mean absolute change of SR",
        unit=POINTS,
        heading="Mean absolute change of SR",
    ),
    R_PRIMARY,
)


def outlier_table(
    persons: pl.DataFrame,
    spec: LineSpec,
    flagged: np.ndarray,
    SR: np.ndarray,
    audience: Audience,
    known: Mapping[str, Line] | None = None,
) -> pl.DataFrame:
    """What outlier policies do to the person line and to SR.

    Parameters
    ----------
    persons : DataFrame
        Units of the person line.
    flagged : ndarray of bool
        Persons that the policy `drop` leaves out of the fit (they are scored all the same).
    SR : ndarray
        Primary person scores.
    audience : Audience
        Where persons are hidden, levels of lines are told in steps.
    known : mapping of policy to Line, optional
        Lines already fitted to these persons.

    Returns
    -------
    DataFrame
        `policy, n, n_changed, intercept, slope, r_squared, residual_sd, r_with_primary,
        largest_change` (largest absolute change of a person's SR, points of P).
    """
    kept = persons.filter(pl.Series(~flagged))
    rows = []
    for policy in ("as they are", "drop", "winsorise", "robust"):
        if policy == "drop" and line_problems(kept, spec, "person"):
            continue
        units = kept if policy == "drop" else persons
        fit = {"winsorise": winsorised_line, "robust": robust_line}.get(policy, fit_line)
        try:
            line = (known or {}).get(policy) or fit(units, spec, level="person", reference=policy)
        except (ModelError, NormError):
            continue
        own = persons["P"].to_numpy() - line.expected(persons, level="person")
        rows.append(
            {
                "policy": policy,
                "n": line.n,
                "n_changed": changed(line, audience) or persons.height - line.n,
                "intercept": line.intercept + told_shift(line, audience),
                "slope": line.slope,
                "r_squared": line.r_squared,
                "residual_sd": line.residual_sd,
                "r_with_primary": pearson(own, SR),
                "largest_change": float(np.max(np.abs(own - SR))),
            }
        )
    names = ("intercept", "slope", "r_squared", "residual_sd", "r_with_primary", "largest_change")
    return pl.DataFrame(
        rows,
        schema={
            "policy": pl.String,
            "n": pl.UInt32,
            "n_changed": pl.UInt32,
            **dict.fromkeys(names, pl.Float64),
        },
    )


def missing_table(
    bounds: Mapping[str, tuple[np.ndarray, np.ndarray]],
    SR: np.ndarray,
    person: np.ndarray,
    audience: Audience,
) -> pl.DataFrame:
    """What skipped answers could do: lines and SR with them at their bounds.

    Parameters
    ----------
    bounds : mapping of case to (P, E) of the same valid rows
    SR : ndarray
        Primary occasion scores of these rows.
    person : ndarray of int
        Person of each of them.
    audience : Audience
        Where persons are hidden, a case in which fewer than five persons' rows change is empty.

    Returns
    -------
    DataFrame
        `case, n_changed, intercept, slope, mean_SR_change, r_with_primary`; SR is scored with
        the case's own pooled line.
    """
    rows: list[dict[str, Any]] = []
    persons = count_distinct(person)
    base: tuple[np.ndarray, np.ndarray] | None = None
    for case, (P, E) in bounds.items():
        base = base or (P, E)
        slope = least_squares_slope(P, E)
        if slope is None:
            continue
        intercept = float(np.mean(P)) - slope * float(np.mean(E))
        changed = forms_of((base[0] != P) | (base[1] != E), person)
        if audience.is_small(changed):
            rows.append({"case": case})
            continue
        own = P - intercept - slope * E
        rows.append(
            {
                "case": case,
                "n_changed": int(changed),
                "intercept": audience.told_mean(intercept, float(np.std(P)), persons),
                "slope": slope,
                "mean_SR_change": float(np.mean(np.abs(own - SR))),
                "r_with_primary": pearson(own, SR),
            }
        )
    names = ("intercept", "slope", "mean_SR_change", "r_with_primary")
    return pl.DataFrame(
        rows,
        schema={"case": pl.String, "n_changed": pl.UInt32, **dict.fromkeys(names, pl.Float64)},
    )
