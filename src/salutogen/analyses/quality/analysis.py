"""The analysis of quality: what the rooms know of reliability and of exposure, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.quality.settings import QualitySettings
from salutogen.columns import Column, Kind, beside, record, rows

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section
    from salutogen.resilience import Resilience

FORMS = Column(name="n", meaning="Forms", unit="forms", heading="Forms", kind=Kind.COUNT)
SCALE_COLUMNS = (
    Column(name="scale", meaning="Scale", heading="Scale", kind=Kind.LABEL),
    Column(
        name="level",
        meaning="First form of each person, or all forms",
        heading="Forms used",
        kind=Kind.LABEL,
    ),
    FORMS,
    Column(name="n_items", meaning="Items", heading="Items"),
    Column(name="omega", meaning="McDonald's omega", heading="Omega"),
    Column(name="alpha", meaning="Cronbach's alpha", heading="Alpha"),
    Column(
        name="floor_share",
        meaning="Share with the lowest possible score",
        heading="Share at the floor",
        kind=Kind.SHARE,
    ),
    Column(
        name="ceiling_share",
        meaning="Share with the highest possible score",
        heading="Share at the ceiling",
        kind=Kind.SHARE,
    ),
    Column(name="note", meaning="What is to be known of it", heading="Note", kind=Kind.LABEL),
)
EXPOSURE_COLUMNS = (
    Column(name="type", meaning="Exposure type", heading="Exposure type", kind=Kind.LABEL),
    Column(name="occasion", meaning="Planned occasion", heading="Occasion", kind=Kind.LABEL),
    FORMS,
    Column(name="r", meaning="Correlation with P", heading="r with P"),
    Column(name="r_squared", meaning="Variance of P that it explains", heading="R²"),
    Column(
        name="zero_share",
        meaning="Share without any exposure",
        unit="share",
        heading="Share without any exposure",
        kind=Kind.SHARE,
    ),
    Column(name="mean", meaning="Mean", unit="points", heading="Mean"),
    Column(name="sd", meaning="SD", unit="points", heading="SD"),
    Column(
        name="coverage",
        meaning="Median share of the time since the occasion before that recall covers",
        unit="share",
        heading="Time covered by recall",
    ),
)
ITEM_COLUMNS = (
    Column(name="type", meaning="Exposure type", heading="Exposure type", kind=Kind.LABEL),
    Column(name="item", meaning="Item", heading="Item", kind=Kind.LABEL),
    FORMS,
    Column(
        name="endorsed_share",
        meaning="Share of forms on which it happened",
        unit="share of forms",
        heading="Share that met it",
        kind=Kind.SHARE,
    ),
    Column(name="r_with_P", meaning="Correlation with P", heading="r with P"),
)


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
    """

    scales: pl.DataFrame = rows("Reliability and ends of a scale", SCALE_COLUMNS)
    exposure: pl.DataFrame = rows("One exposure type at one occasion", EXPOSURE_COLUMNS)
    items: pl.DataFrame = rows("One item of a list of stressors", ITEM_COLUMNS)
    descriptives: pl.DataFrame = beside()
    figures: Sequence[tuple[str, float]] = beside()
    occasions: Sequence[str] = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Reliability, then the quality of exposure where it was looked at."""
        from salutogen.analyses.quality.section import exposure_section, reliability_section

        more = (exposure_section(self, audience),) if self.exposure.height else ()
        return (reliability_section(self, audience), *more)


def compute(inputs: AnalysisInputs, settings: QualitySettings) -> QualityResult:
    """Take together what scores and resilience know."""
    scores = inputs.scores
    return QualityResult(
        scales=_scales(inputs),
        exposure=scores.exposure_quality,
        items=scores.item_quality,
        descriptives=_descriptives(inputs.resilience),
        figures=_figures(inputs.resilience),
        occasions=tuple(inputs.study.labels),
    )


def _scales(inputs: AnalysisInputs) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                one.scale,
                one.level,
                one.n,
                one.n_items,
                one.omega,
                one.alpha,
                one.floor_share,
                one.ceiling_share,
                one.note,
            )
            for one in inputs.scores.reliability
        ],
        schema={
            "scale": pl.String,
            "level": pl.String,
            "n": pl.Int64,
            "n_items": pl.Int64,
            "omega": pl.Float64,
            "alpha": pl.Float64,
            "floor_share": pl.Float64,
            "ceiling_share": pl.Float64,
            "note": pl.String,
        },
        orient="row",
    )


def _descriptives(resilience: Resilience) -> pl.DataFrame:
    found = resilience.descriptives
    return pl.DataFrame(
        [
            {"score": name, **one.to_dict()}
            for name, one in (("P", found.P), ("E", found.E), ("SR", found.SR))
        ]
    )


def _figures(resilience: Resilience) -> tuple[tuple[str, float], ...]:
    """Figures of SR in the order of the table."""
    one = resilience.summary
    icc, left = one.icc_windows, one.sr_exposure_correlation
    inflated = "(inflated by overlap: no reliability)"
    figures: tuple[tuple[str, float | None], ...] = (
        ("Reliability of an occasion's SR", one.reliability),
        ("Standard error of measurement of an occasion's SR (points)", one.sem),
        ("Reliability of P used", one.reliability_P),
        ("Reliability of E used", one.reliability_E),
        ("ICC of SR by occasion (share between persons)", one.icc_single),
        (f"ICC of window SR, frozen {inflated}", icc.frozen),
        (f"ICC of window SR, refitted {inflated}", icc.refit),
        ("Correlation of SR between adjacent occasions, pooled", one.lag1),
        ("The same within persons (biased downwards)", one.lag1_within),
        ("r(SR, E), all rows", left.primary),
        ("r(SR, E) between persons", left.between),
        ("r(SR, E) within persons", left.within),
        ("r(mixed-model SR, E), all rows", left.mixed),
        ("r(mixed-model SR, E) between persons", left.mixed_between),
        ("r(mixed-model SR, E) within persons", left.mixed_within),
        ("Slope of P on E within persons (points)", one.within_slope),
        ("Slope of P on E between persons (points)", one.between_slope),
    )
    return tuple((words, value) for words, value in figures if value is not None)
