"""The analysis of sensitivity: assumptions of the study file, followed through to its own SR."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.outliers.analysis import OutliersResult
from salutogen.analyses.sensitivity.assumptions import ASSUMED, Assumptions
from salutogen.analyses.sensitivity.bands import (
    EXPOSURE_ERROR_COLUMNS,
    MOOD_COLUMNS,
    MOOD_FACTOR_COLUMNS,
    exposure_error_table,
    mood_factor_table,
    mood_table,
)
from salutogen.analyses.sensitivity.methods import methods_words
from salutogen.analyses.sensitivity.person_bands import (
    PersonBands,
    person_bands,
    plausible_reliability,
)
from salutogen.analyses.sensitivity.refits import (
    MISSING_COLUMNS,
    OUTLIER_COLUMNS,
    missing_table,
    outlier_table,
)
from salutogen.analyses.sensitivity.settings import SensitivitySettings
from salutogen.columns import Kind, beside, figure, record, rows
from salutogen.findings import Finding, Findings, listed
from salutogen.models.descriptive import least_squares_slope, pearson
from salutogen.models.parallel.threads import at_once
from salutogen.norm import Line, Norm
from salutogen.norm.line_spec import line_spec
from salutogen.norm.units import slope_unit
from salutogen.resilience.between_within import OccasionArrays, scored_arrays
from salutogen.resilience.person_means import reliability_of_person_means
from salutogen.resilience.reliability import exposure_reliability
from salutogen.scores import Scores
from salutogen.scores.of_few import few_differ
from salutogen.study.check.coverage import coverage

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

BOUNDS_R = 0.99


@record
class SensitivityResult(AnalysisResult):
    """Bands over assumptions; positive SR = less resilient.

    Attributes
    ----------
    line : Line or None
        The person line of the study, where it is straight, of these persons, and told to have a
        slope.
    """

    exposure_error: pl.DataFrame = rows(
        "If exposure is measured with error, by level and reliability", EXPOSURE_ERROR_COLUMNS
    )
    mood_reporting: pl.DataFrame = rows(
        "If mood colours the report of exposure, by level and strength", MOOD_COLUMNS
    )
    mood_factors: pl.DataFrame = rows(
        "The same for the correlation of a factor with SR", MOOD_FACTOR_COLUMNS
    )
    outliers: pl.DataFrame = rows("If far points are treated otherwise", OUTLIER_COLUMNS)
    missing: pl.DataFrame = rows("If skipped answers had been at their bounds", MISSING_COLUMNS)
    exposure_bands: PersonBands = figure(
        "Slope, persons and factors over plausible errors of exposure, with sampling error"
    )
    factors_left_out: Mapping[str, str] = figure(
        "Factors of the study file without a band, and why", kind=Kind.LABEL
    )
    covered: float | None = figure(
        "Share of the time between planned occasions that the least covering type of exposure "
        "looks back on; null where recall windows or days are not known",
        default=None,
    )

    line: Line | None = beside(default=None)

    def answer(self) -> Text:
        """Say whether the slope outlives error in exposure and reports coloured by mood."""
        from salutogen.analyses.sensitivity.words import slope_in_words

        if (
            self.line is None
            or (self.exposure_bands.slope.value or 0.0) * (self.line.slope or 0.0) <= 0
        ):
            return ""  # the opening speaks of another line, whose slope these bands do not have
        return slope_in_words(self.exposure_bands, self.line.covariates, self.covered)

    def in_short(self) -> Text:
        """Say in a clause whether the slope outlives them, where the opening speaks of it."""
        from salutogen.analyses.sensitivity.words import slope_in_short

        return slope_in_short(self.exposure_bands, self.covered) if self.answer() else ""

    def methods(self) -> Text:
        """Say what was assumed of exposure and followed through."""
        return methods_words(self)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """The bands; nothing where none could be computed."""
        from salutogen.analyses.sensitivity.section import sensitivity_section

        section = sensitivity_section(self, audience)
        return () if section is None else (section,)


def compute(inputs: AnalysisInputs, settings: SensitivitySettings) -> SensitivityResult:
    """Make the tables. What the step leaves out is taken from `resilience` of the study file."""
    plan = inputs.study.plan.resilience
    reliabilities, strengths = settings.exposure_reliability, settings.mood_reporting
    reliabilities = plan.exposure_reliability if reliabilities is None else reliabilities
    strengths = plan.mood_reporting if strengths is None else strengths
    scores, norm, persons = inputs.scores, inputs.norm, inputs.resilience.persons
    scored = scored_arrays(inputs.resilience.occasions, scores.persons.height)
    P, E = persons["P"].to_numpy(), persons["E"].to_numpy()
    levels = {
        "occasion": (pearson(scored.E, scored.P), norm.lines.occasion.slope),
        "person": (pearson(E, P), norm.lines.person.slope),
    }
    reliability_P = {
        "occasion": scores.reliability_p,
        "person": reliability_of_person_means(scores.reliability_p, scored.P, scored.person),
    }
    errors = exposure_error_table(levels, reliabilities, reliability_P)
    factors, flagged = _factors(scores, persons), inputs.need(OutliersResult).flagged
    side_by_side: list[Callable[[], Any]] = [
        partial(_bands, inputs, scored, settings, factors, strengths, reliability_P["person"]),
        partial(_outliers, inputs, flagged),
    ]
    bands, outliers = at_once(side_by_side, cost=scored.P.size)
    missing = _missing(scores, inputs.run.audience)  # alone: its rows take most room
    return SensitivityResult(
        exposure_error=errors,
        mood_reporting=mood_table(levels, strengths),
        mood_factors=mood_factor_table(P, E, factors, strengths),
        outliers=outliers,
        missing=missing,
        exposure_bands=bands,
        factors_left_out=_left_out(inputs, bands),
        covered=min((one.share for one in coverage(inputs.study)), default=None),
        line=_straight(norm),
        findings=_findings(errors, missing, bands),
        kept_back=_cases_of_few(missing),
    )


def _straight(norm: Norm) -> Line | None:
    """Return the person line where a slope of it is told and the bands stand on its like."""
    line = norm.lines.person
    told = line.slope is not None and line.claims is not None and line.claims.shows_exposure
    return line if told and norm.external is None else None


def _bands(
    inputs: AnalysisInputs,
    scored: OccasionArrays,
    settings: SensitivitySettings,
    factors: dict[str, np.ndarray],
    strengths: Sequence[float],
    reliability_P: float | None,
) -> PersonBands:
    """Bands of persons over what is plausible here."""
    persons = inputs.resilience.persons
    one = exposure_reliability(inputs.scores)
    means = reliability_of_person_means(one, scored.E, scored.person)
    reliability, given = plausible_reliability(one, means, ASSUMED)
    if settings.plausible_reliability is not None:
        reliability, given = settings.plausible_reliability, False
    mood = settings.plausible_mood
    if mood is None:
        mood = (min(0.0, *strengths), max(0.0, *strengths)) if strengths else (0.0, 0.0)
    assumptions = Assumptions(
        reliability=reliability,
        mood=mood,
        reliability_P=reliability_P or 1.0,
        draws=settings.draws,
        seed=inputs.run.seed,
    )
    P, E = persons["P"].to_numpy(), persons["E"].to_numpy()
    return person_bands(
        P,
        E,
        factors,
        assumptions,
        given=given,
        reliability_P=reliability_P,
        unit=slope_unit(inputs.norm.lines.person),
    )


def _findings(
    errors: pl.DataFrame, missing: pl.DataFrame, bands: PersonBands
) -> tuple[Finding, ...]:
    """Say which assumptions are impossible, what does not hold, whether skipped answers matter."""
    found = Findings()
    impossible = sorted(set(errors.filter("refused")["reliability_E"].to_list()))
    if impossible:
        found.tell(
            "impossible-reliability",
            values=", ".join(f"{value:g}" for value in impossible),
            numbers={"reliabilities": impossible},
        )
    if bands.not_holding:
        found.tell(
            "factor-may-be-exposure",
            factors=listed(bands.not_holding),
            low=bands.reliability_low,
            high=bands.reliability_high,
            numbers={"factors": list(bands.not_holding)},
        )
    weak = missing.filter(pl.col("r_with_primary") < BOUNDS_R)
    if weak.height:
        found.tell("skipped-answers-matter", **weak.sort("r_with_primary").row(0, named=True))
    return tuple(found)


def _factors(scores: Scores, persons: pl.DataFrame) -> dict[str, np.ndarray]:
    index = persons["person"].to_numpy()
    found = {
        name: values.gather(index).cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in scores.factors_baseline
        if (values := scores.factor(name)).dtype.is_numeric()
    }
    return {
        name: np.full(one.shape, np.nan) if few_differ(one) else one for name, one in found.items()
    }


def _left_out(inputs: AnalysisInputs, bands: PersonBands) -> dict[str, str]:
    """Say why factors that the study file names have no band."""
    found = {}
    for name in inputs.study.plan.factors:
        band = bands.factors.get(name)
        if name in inputs.scores.factors_repeated:
            found[name] = "it is measured repeatedly, and these bands take what was asked once"
        elif band is None:
            found[name] = "it is not a number for each person"
        elif band.value is None:
            found[name] = "too few persons have a value, or nearly all have the same"
    return found


def _outliers(inputs: AnalysisInputs, far: pl.DataFrame) -> pl.DataFrame:
    """Refit the person line (straight, without covariates) under each policy."""
    norm, persons, audience = inputs.norm, inputs.resilience.persons, inputs.run.audience
    far_persons = far.filter(
        (pl.col("level") == "person") & (pl.col("far_P") | pl.col("far_E") | pl.col("far_jointly"))
    )["person"]
    table = norm.period_tables["person"]
    flagged = table["person"].is_in(far_persons.implode()).to_numpy()
    SR = persons["SR"].fill_null(float("nan")).to_numpy()
    spec = line_spec(inputs.scores)
    if len(spec.predictors) > 1 or spec.composite:
        plain = replace(spec, predictors=("E",), composite=())
        return outlier_table(table.with_columns(persons["E"]), plain, flagged, SR, audience)
    line, known = norm.lines.person, {}
    fits = line.reference == "all" and line.shape == "linear" and not norm.external
    if fits and not line.covariates:
        variants = {"winsorise": "winsorised", "robust": "robust", "as they are": ""}
        known = {
            policy: found
            for policy, name in variants.items()
            if (found := norm.lines.of("person", variant=name)) is not None
        }
    return outlier_table(table, spec, flagged, SR, audience, known)


def _missing(scores: Scores, audience: Audience) -> pl.DataFrame:
    """Cases: exposure at its bounds, problems at theirs, and both against each other."""
    P, E = (scores.valid_rows(name)[name].to_numpy() for name in ("P", "E"))

    def bound(name: str, fallback: np.ndarray) -> np.ndarray:
        if name not in scores.table.columns:
            return fallback
        column = scores.valid_rows(name)[name]
        values: np.ndarray = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return np.where(np.isfinite(values), values, fallback)

    E_low, E_high = bound("E_low", E), bound("E_high", E)
    P_low, P_high = bound("P_low", P), bound("P_high", P)
    cases = {
        "as scored": (P, E),
        "exposure lowest": (P, E_low),
        "exposure highest": (P, E_high),
        "problems lowest": (P_low, E),
        "problems highest": (P_high, E),
        "exposure highest, problems lowest": (P_low, E_high),
        "exposure lowest, problems highest": (P_high, E_low),
    }
    person = scores.valid_rows("person")["person"].to_numpy()
    return missing_table(cases, P - _pooled(P, E), person, audience)


def _cases_of_few(missing: pl.DataFrame) -> tuple[str, ...]:
    """Paths of the figures of cases that are empty because few persons' rows change."""
    names = [name for name in missing.columns if name != "case"]
    empty = missing["n_changed"].is_null().arg_true()
    return tuple(f"missing[{row}].{name}" for row in empty for name in names)


def _pooled(P: np.ndarray, E: np.ndarray) -> np.ndarray:
    """Expected P of each row by the least-squares line over all rows."""
    slope = least_squares_slope(P, E) or 0.0
    result: np.ndarray = np.mean(P) + slope * (E - np.mean(E))
    return result
