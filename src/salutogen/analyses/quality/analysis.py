"""The analysis of quality: what the rooms know of reliability and of exposure, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.kept_back import kept_back
from salutogen.analyses.quality.exposure_told import told_exposure, told_items
from salutogen.analyses.quality.floor import ProblemDistribution, problem_distribution
from salutogen.analyses.quality.intervals import INTERVAL_COLUMNS, intervals_over_persons
from salutogen.analyses.quality.leavers import (
    LEAVER_COLUMNS,
    closing_occasions,
    leavers_beside_stayers,
)
from salutogen.analyses.quality.methods import methods_words
from salutogen.analyses.quality.settings import QualitySettings
from salutogen.analyses.quality.time_covered import TIME_COVERED_COLUMNS, time_covered
from salutogen.columns import beside, columns_of, figure, record, rows
from salutogen.models.parallel.threads import at_once
from salutogen.norm import Line
from salutogen.norm.told_lines import told_shift
from salutogen.norm.units import slope_unit
from salutogen.page.small_counts import without_few_forms
from salutogen.resilience.between_within import OccasionArrays, scored_arrays
from salutogen.resilience.summary import Descriptive
from salutogen.scores import BetweenWithinReliability, ScaleReliability
from salutogen.scores.exposure_quality import EXPOSURE_QUALITY_COLUMNS, ITEM_QUALITY_COLUMNS

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text
    from salutogen.resilience import Resilience

# Figures that are named again where another reliability of a mean stands.
ANSWERS_ALONE = "Reliability of persons' mean P, as regards the error of answers alone"
LEVEL_OF_SR = "Reliability of persons' SR as level over the period (E as if free of error)"


@record
class QualityResult(AnalysisResult):
    """How well problems, exposure and SR are measured.

    Attributes
    ----------
    descriptives : DataFrame
        `score, mean, sd, icc, within_sd` of P, E and SR.
    figures : tuple of (str, float)
        Reliability, stability and leftover exposure of SR, in words; what is unknown is left out.
    occasions : tuple of str
        Labels of the planned occasions.
    left_over_all : float or None
        Correlation of SR with exposure over all rows.
    closing : int
        Last occasions at none of which those who left were seen.
    draws : int
        Resamples of persons.
    """

    scales: pl.DataFrame = rows("Reliability and ends of a scale", columns_of(ScaleReliability))
    exposure: pl.DataFrame = rows("One exposure type at one occasion", EXPOSURE_QUALITY_COLUMNS)
    items: pl.DataFrame = rows("One item of a list of stressors", ITEM_QUALITY_COLUMNS)
    between_within: pl.DataFrame = rows(
        "Reliability of a problem scale between persons and within them",
        columns_of(BetweenWithinReliability),
    )
    intervals: pl.DataFrame = rows("A figure with its interval over persons", INTERVAL_COLUMNS)
    leavers: pl.DataFrame = rows(
        "A score of persons who left beside those who stayed", LEAVER_COLUMNS
    )
    covered: pl.DataFrame = rows(
        "How much of the planned time answers look back on", TIME_COVERED_COLUMNS
    )
    problems: ProblemDistribution | None = figure("Distribution of problems, and its floor")
    descriptives: pl.DataFrame = beside()
    figures: Sequence[tuple[str, float]] = beside()
    occasions: Sequence[str] = beside()
    left_over_all: float | None = beside(default=None)
    closing: int = beside(default=2)
    draws: int = beside(default=0)

    def answer(self) -> Text:
        """Say what of exposure SR keeps, and what leaving goes with, where that is told."""
        from salutogen.analyses.quality.leavers_section import leaving_in_words
        from salutogen.analyses.quality.leftover_words import left_in_words

        told = (left_in_words(self.intervals, self.left_over_all), leaving_in_words(self.leavers))
        return " ".join(words for words in told if words)

    def methods(self) -> Text:
        """Say where reliabilities, intervals and the comparison of leavers come from."""
        return methods_words(self)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Reliability, the floor and leavers, the quality of exposure where it was looked at."""
        from salutogen.analyses.quality.distribution_section import distribution_sections
        from salutogen.analyses.quality.section import exposure_section, reliability_section

        more = (exposure_section(self, audience),) if self.exposure.height else ()
        return (
            reliability_section(self, audience),
            *distribution_sections(self, audience),
            *more,
        )


COLUMNS = 10  # about as many are gone through by each of what is done side by side


def compute(inputs: AnalysisInputs, settings: QualitySettings) -> QualityResult:
    """Take together what scores and resilience know."""
    scores, resilience, audience = inputs.scores, inputs.resilience, inputs.run.audience
    arrays = scored_arrays(resilience.occasions, scores.persons.height)
    plan = inputs.study.plan.resilience
    side_by_side: list[Callable[[], Any]] = [
        partial(leavers_beside_stayers, arrays, audience.told_size, audience.told_mean),
        partial(told_items, inputs),
        partial(
            intervals_over_persons,
            arrays,
            {name: one.icc for name, one in _descriptives_by_name(resilience).items()},
            draws=plan.bootstrap,
            seed=inputs.run.seed,
            refit=_is_residual(inputs),
        ),
        partial(_problems, inputs, arrays),
        partial(time_covered, inputs.study, arrays),
    ]
    found = at_once(side_by_side, cost=COLUMNS * arrays.P.size)
    leavers, items, intervals, (problems, of_problems), covered = found
    exposure = told_exposure(scores.exposure_quality, audience)
    return QualityResult(
        scales=_scales(scores.reliability, audience),
        exposure=exposure,
        items=items,
        between_within=_between_within(scores.between_within, audience),
        intervals=intervals,
        leavers=leavers,
        covered=covered,
        problems=problems,
        descriptives=_descriptives(resilience),
        figures=_figures(
            resilience,
            f"over occasions: {slope_unit(inputs.norm.lines.occasion)}",
            overlap=plan.windows is not None and plan.windows.overlap,
        ),
        occasions=tuple(inputs.study.labels),
        left_over_all=resilience.summary.sr_exposure_correlation.primary,
        closing=closing_occasions(arrays).size,
        draws=plan.bootstrap,
        kept_back=(
            *kept_back(scores.exposure_quality, exposure, "exposure"),
            *kept_back(scores.item_quality, items, "items"),
            *of_problems,
        ),
    )


def _is_residual(inputs: AnalysisInputs) -> bool:
    """Whether SR is what a straight line on one exposure score leaves over the same occasions."""
    line = inputs.norm.lines.occasion
    own = inputs.norm.external is None and line.n == inputs.resilience.occasions["SR"].count()
    return own and line.terms == ("intercept", "E")


def _problems(
    inputs: AnalysisInputs, arrays: OccasionArrays
) -> tuple[ProblemDistribution | None, tuple[str, ...]]:
    """Distribution of problems, and what of it is kept back."""
    if not arrays.P.size:
        return None, ()
    measure = inputs.scores.measures["P"]
    line = inputs.norm.lines.occasion
    shift = 0.0 if inputs.norm.external else told_shift(line, inputs.run.audience)
    found = problem_distribution(
        arrays,
        arrays.P - arrays.SR + shift,
        measure.minimum,
        measure.maximum,
        rises=_rises(line),
        smallest=inputs.run.audience.smallest,
    )
    at_floor = None if found.floor_share is None else found.floor_share.part
    if at_floor is not None and inputs.run.audience.hides(at_floor):
        known = found.slope_above_floor is not None
        # Beside the other slope it tells of few.
        return replace(found, slope_above_floor=None), ("problems.slope_above_floor",) * known
    return found, ()


def _rises(line: Line) -> bool | None:
    """Whether a line rises from low to high exposure; None where its interval holds 0."""
    change = None if line.claims is None else line.claims.change
    side = 0 if change is None else side_of_zero(change.low, change.high)
    return side > 0 if side else None


def _between_within(found: Sequence[BetweenWithinReliability], audience: Audience) -> pl.DataFrame:
    columns = [column.name for column in columns_of(BetweenWithinReliability)]
    schema: dict[str, type[pl.DataType]] = dict.fromkeys(columns, pl.Float64)
    schema |= {"scale": pl.String, **dict.fromkeys(("n", "n_forms", "n_items"), pl.Int64)}
    told = [without_few_forms(one.to_dict(), audience) for one in found]
    return pl.DataFrame(told, schema=schema)


def _scales(reliability: Sequence[ScaleReliability], audience: Audience) -> pl.DataFrame:
    return pl.DataFrame(
        [without_few_forms(one.to_dict(), audience) for one in reliability],
        schema=[column.name for column in columns_of(ScaleReliability)],
        schema_overrides={
            "scale": pl.String,
            **dict.fromkeys(("n", "n_items"), pl.Int64),
            **dict.fromkeys(("omega", "alpha", "floor_share", "ceiling_share"), pl.Float64),
        },
    )


def _descriptives_by_name(resilience: Resilience) -> dict[str, Descriptive]:
    found = resilience.descriptives
    return {"P": found.P, "E": found.E, "SR": found.SR}


def _descriptives(resilience: Resilience) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"score": name, **one.to_dict()}
            for name, one in _descriptives_by_name(resilience).items()
        ]
    )


def _figures(resilience: Resilience, unit: str, *, overlap: bool) -> tuple[tuple[str, float], ...]:
    """Figures of SR in the order of the table; `unit` is that of slopes over occasions."""
    one, levels = resilience.summary, resilience.claims
    free = " (E as if free of error)" if one.reliability_E_assumed else ""
    low = 0.0 if levels.between_variance_low == 0 else levels.reliability_low
    icc, left = one.icc_windows, one.sr_exposure_correlation
    note = "inflated by overlap: no reliability" if overlap else "no reliability"
    figures: tuple[tuple[str, float | None], ...] = (
        (f"Reliability of an occasion's SR, of its answers{free}", one.reliability),
        (LEVEL_OF_SR, levels.reliability),
        ("The same, lower end of its 95 % interval", low),
        ("The same, upper end of its 95 % interval", levels.reliability_high),
        ("Variance of persons' levels (squared points)", levels.between_variance),
        ("Variance of SR over a person's occasions (squared points)", levels.within_variance),
        ("Its correlation at adjacent occasions, around the level", levels.autocorrelation),
        ("Standard error of measurement of an occasion's SR (points)", one.sem),
        ("Reliability of an occasion's P used, over valid occasions", one.reliability_P),
        (ANSWERS_ALONE, one.reliability_P_persons),
        ("Reliability of E used", one.reliability_E),
        (
            "Share of SR's variance between levels, autocorrelation allowed for",
            levels.share_between,
        ),
        ("ICC of SR by occasion (random intercept, occasions as independent)", one.icc_single),
        (f"ICC of window SR, frozen ({note})", icc.frozen),
        (f"ICC of window SR, refitted ({note})", icc.refit),
        ("Correlation of SR between adjacent occasions, pooled", one.lag1),
        ("The same within persons (biased downwards)", one.lag1_within),
        ("r(SR, P), occasions", one.r_SR_P.occasion),
        ("r(SR, P), persons", one.r_SR_P.person),
        ("r(SR, E), all rows", left.primary),
        ("r(SR, E) between persons", left.between),
        ("r(SR, E) within persons", left.within),
        ("r(mixed-model SR, E), all rows", left.mixed),
        ("r(mixed-model SR, E) between persons", left.mixed_between),
        ("r(mixed-model SR, E) within persons", left.mixed_within),
        (f"Slope of P on E within persons ({unit})", one.within_slope),
        (f"Slope of P on E between persons ({unit})", one.between_slope),
    )
    return tuple((words, value) for words, value in figures if value is not None)
