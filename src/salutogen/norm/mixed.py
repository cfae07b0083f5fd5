"""The mixed-model line: `(1 + zE | id)`, with the within/between split beside it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.columns import POINTS, Record, figure, record
from salutogen.errors import ModelError
from salutogen.findings import Findings, Persons
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.descriptive import centre_and_spread, group_means
from salutogen.models.regression.explained import ExplainedShare
from salutogen.models.support import FEWEST
from salutogen.norm.line_claims import OTHER, line_claims
from salutogen.norm.lines import Line
from salutogen.norm.periods import ValidRows, count_distinct

if TYPE_CHECKING:
    from salutogen.models.mixed.result import MixedModelResult

FEWEST_PERSONS = 4
ROUNDING = 1e-10  # of the range of E: what averaging leaves of values that are all the same
STANDARDISED = "SD of P per SD of E"


@record
class MixedLine(Record):
    """Mixed-model line on P and E standardised over all rows (REML, `(1 + zE | id)`).

    `within_slope` and `between_slope` come from the random-intercept split.
    """

    intercept: float = figure("Intercept", unit="SD of P")
    slope: float = figure("Slope as found, singular or not", unit=STANDARDISED)
    slope_se: float = figure("Standard error of the slope", unit=STANDARDISED)
    within_slope: float = figure("Slope within persons", unit=STANDARDISED)
    between_slope: float = figure("Slope between persons", unit=STANDARDISED)
    within_se: float = figure("Standard error of the slope within", unit=STANDARDISED)
    between_se: float = figure("Standard error of the slope between", unit=STANDARDISED)
    split_intercept: float = figure("Intercept of the split model", unit="SD of P")
    residual_sd: float = figure("SD of the residuals", unit="SD of P")
    random_sd: tuple[float, float] = figure("SDs of random intercepts and slopes")
    singular: bool = figure("Whether random effects lie on the boundary")
    mean_P: float = figure("Mean of P over rows", unit=POINTS, sd="sd_P")
    sd_P: float = figure("SD of P over rows", unit=POINTS)
    mean_E: float = figure("Mean of E over rows", unit="units of E", sd="sd_E")
    sd_E: float = figure("SD of E over rows", unit="units of E")
    simplified_slope: float = figure("Slope with random intercepts alone", unit=STANDARDISED)


def fit_mixed_line(
    rows: ValidRows, findings: Findings
) -> tuple[MixedLine | None, np.ndarray | None]:
    """Fit the mixed lines on P and E standardised over all valid rows (REML).

    `intercept, slope` are of `(1 + zE | id)` as found, singular or not. `within_slope` and
    `between_slope` are of a random-intercept model on the person mean of zE and the deviation
    from it, neither standardised again. `simplified_slope` is of `(1 | id)`.

    Returns
    -------
    MixedLine or None
        None where it cannot be fitted, with the reason as a finding.
    covariance : ndarray, shape (2, 2), or None
        Of intercept and slope.
    """
    P, E, person = rows.values["P"], rows.values["E"], rows.person
    n_persons = count_distinct(person)
    if n_persons < FEWEST_PERSONS or n_persons == rows.n:
        findings.tell(
            "mixed-line-not-fitted",
            variant="few",
            fewest=FEWEST_PERSONS,
            answers=rows.n,
            persons=Persons(n_persons),
        )
        return None, None
    if constant_within(E, person, rows.n_persons):
        findings.tell("exposure-constant-within-persons", persons=Persons(n_persons))
        return None, None
    if constant_within(P, person, rows.n_persons):
        findings.tell("mixed-line-not-fitted", variant="problems", persons=Persons(n_persons))
        return None, None
    effective = effective_within(E, person, rows.n_persons)
    if effective < FEWEST:
        findings.tell(
            "mixed-line-not-fitted",
            variant="support",
            told_by=Persons(max(round(effective), 1), of=n_persons),
            persons=Persons(n_persons),
            numbers={"effective": effective},
        )
        return None, None
    frame, moments = _standardised(P, E, person, rows.n_persons)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fits = _fit_all(frame)
    except (ModelError, np.linalg.LinAlgError) as error:
        findings.tell("mixed-line-not-fitted", variant="failed", reason=str(error))
        return None, None
    full, split, simple = fits
    random_sd = np.sqrt(np.clip(np.diag(full.random_covariance), 0.0, None))
    within = split.fixed_effects["E"]
    line = MixedLine(
        intercept=float(full.fixed_effects["Intercept"]),
        slope=float(full.fixed_effects["E"]),
        slope_se=float(full.standard_errors["E"]),
        within_slope=float(within),
        between_slope=float(within + split.fixed_effects["E_between"]),
        within_se=float(split.standard_errors["E"]),
        between_se=_se_of_sum(split, "E", "E_between"),
        split_intercept=float(split.fixed_effects["Intercept"]),
        residual_sd=float(np.sqrt(full.residual_variance)),
        random_sd=(float(random_sd[0]), float(random_sd[1])),
        singular=bool(full.is_singular),
        mean_P=moments[0],
        sd_P=moments[1],
        mean_E=moments[2],
        sd_E=moments[3],
        simplified_slope=float(simple.fixed_effects["E"]),
    )
    _tell_trouble(line, full, findings)
    return line, np.asarray(full.covariance)


def _fit_all(
    frame: pl.DataFrame,
) -> tuple[MixedModelResult, MixedModelResult, MixedModelResult]:
    """Fit three models from one reduction of the rows.

    With zE and its person mean as terms, the slope of zE is the within-person slope and the sum of
    both is the between-person slope.
    """
    from salutogen.models.mixed.model import MixedModel
    from salutogen.models.moments.moments import Moments

    moments = Moments.from_frame("P ~ E + E_between + (1 + E | id)", frame)
    return (
        MixedModel("P ~ E + (1 + E | id)").fit(moments),
        MixedModel("P ~ E + E_between + (1 | id)").fit(moments),
        MixedModel("P ~ E + (1 | id)").fit(moments),
    )


def _se_of_sum(result: MixedModelResult, left: str, right: str) -> float:
    i, j = result.terms.index(left), result.terms.index(right)
    V = result.covariance
    return float(np.sqrt(V[i, i] + V[j, j] + 2.0 * V[i, j]))


def _tell_trouble(line: MixedLine, full: MixedModelResult, findings: Findings) -> None:
    if line.singular:
        findings.tell(
            "mixed-line-singular",
            slope=line.slope,
            simplified_slope=line.simplified_slope,
            sd_intercepts=line.random_sd[0],
            sd_slopes=line.random_sd[1],
        )
    if not full.converged:
        findings.tell(
            "mixed-line-unsettled",
            reason=" ".join(full.messages),
            numbers={"slope": line.slope, "simplified_slope": line.simplified_slope},
        )


def mixed_as_line(
    mixed: MixedLine,
    covariance: np.ndarray,
    occasion: Line,
    rows: ValidRows,
    smallest: int = 1,
) -> Line:
    """Return the fixed part of the mixed line in raw points, as a line over occasions.

    Its residuals are not free of exposure where within and between slopes differ. `smallest` is
    as in `line_claims`.
    """
    slope = mixed.slope * mixed.sd_P / mixed.sd_E
    intercept = mixed.mean_P + mixed.sd_P * mixed.intercept - slope * mixed.mean_E
    P, E = rows.values["P"], rows.values["E"]
    residuals = P - intercept - slope * E
    factor = mixed.sd_P / mixed.sd_E
    to_raw = np.array([[mixed.sd_P, -factor * mixed.mean_E], [0.0, factor]])
    total = float(np.sum((P - mixed.mean_P) ** 2))
    r_squared = 1.0 - float(np.sum(residuals**2)) / total
    raw = np.einsum("ia,ab,jb->ij", to_raw, covariance, to_raw)
    terms = ("intercept", "E")
    n_persons = count_distinct(rows.person)
    claims = line_claims(
        terms=terms,
        coefficients=np.array([intercept, slope]),
        covariance=raw,
        fallback=raw,
        term_df=np.full(2, n_persons - 1.0),
        interval=OTHER,
        share=(ExplainedShare(r_squared, r_squared, None, None), {}),
        predictors=("E",),
        shape="linear",
        knots=(),
        matrix=np.column_stack([np.ones(rows.n), E]),
        table=pl.DataFrame({"E": E, "person": rows.person}),
        smallest=smallest,
    )
    return Line(
        level="occasion",
        terms=terms,
        coefficients=(intercept, slope),
        covariance=raw,
        residual_sd=float(np.std(residuals, ddof=1)),
        r_squared=r_squared,
        n=rows.n,
        n_persons=n_persons,
        shape="linear",
        reference="all, mixed model, fixed part",
        exposure_range=(float(E.min()), float(E.max())),
        units=occasion.units,
        possible=occasion.possible,
        claims=claims,
    )


def constant_within(E: np.ndarray, person: np.ndarray, n_persons: int) -> bool:
    """Whether exposure never changes within a person: then it has no slope within persons."""
    deviation = E - group_means(E, person, n_persons)[person]
    return bool(np.max(np.abs(deviation)) <= ROUNDING * float(np.ptp(E)))


def effective_within(E: np.ndarray, person: np.ndarray, n_persons: int) -> float:
    """Persons who tell the slope within persons, as equal persons that would tell as much.

    1 / sum of w², w the share of each person in the sum of squares of E within persons.
    """
    deviation = E - group_means(E, person, n_persons)[person]
    own = np.bincount(person, deviation**2)
    return float(np.sum(own) ** 2 / np.sum(own**2))


def person_mean_exposure(rows: ValidRows) -> np.ndarray:
    """Each row's person mean of E over the person's valid rows, shape (n,)."""
    means: np.ndarray = group_means(rows.values["E"], rows.person, rows.n_persons)[rows.person]
    return means


def _standardised(
    P: np.ndarray, E: np.ndarray, person: np.ndarray, n_persons: int
) -> tuple[pl.DataFrame, tuple[float, float, float, float]]:
    mean_P, sd_P = centre_and_spread(P)
    mean_E, sd_E = centre_and_spread(E)
    zE = (E - mean_E) / sd_E
    between = group_means(zE, person, n_persons)[person]
    frame = pl.DataFrame(
        {
            "id": person,
            "P": (P - mean_P) / sd_P,
            "E": zE,
            "E_between": between,
        }
    )
    return frame, (mean_P, sd_P, mean_E, sd_E)
