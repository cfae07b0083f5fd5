"""The analysis of quality: what the rooms know of reliability and of exposure, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.quality.settings import QualitySettings
from salutogen.columns import beside, columns_of, record, rows
from salutogen.scores import ScaleReliability
from salutogen.scores.exposure_quality import EXPOSURE_QUALITY_COLUMNS, ITEM_QUALITY_COLUMNS

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section
    from salutogen.resilience import Resilience


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

    scales: pl.DataFrame = rows("Reliability and ends of a scale", columns_of(ScaleReliability))
    exposure: pl.DataFrame = rows("One exposure type at one occasion", EXPOSURE_QUALITY_COLUMNS)
    items: pl.DataFrame = rows("One item of a list of stressors", ITEM_QUALITY_COLUMNS)
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
        scales=_scales(scores.reliability),
        exposure=scores.exposure_quality,
        items=scores.item_quality,
        descriptives=_descriptives(inputs.resilience),
        figures=_figures(inputs.resilience),
        occasions=tuple(inputs.study.labels),
    )


def _scales(reliability: Sequence[ScaleReliability]) -> pl.DataFrame:
    return pl.DataFrame(
        [one.to_dict() for one in reliability],
        schema=[column.name for column in columns_of(ScaleReliability)],
        schema_overrides={
            "scale": pl.String,
            **dict.fromkeys(("n", "n_items"), pl.Int64),
            **dict.fromkeys(("omega", "alpha", "floor_share", "ceiling_share"), pl.Float64),
        },
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
    bound = ", at most: exposure is taken as free of error" if one.reliability_E_assumed else ""
    inflated = "(inflated by overlap: no reliability)"
    figures: tuple[tuple[str, float | None], ...] = (
        (f"Reliability of an occasion's SR{bound}", one.reliability),
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
