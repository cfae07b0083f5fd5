"""The analysis of far points: it flags them and leaves them where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.makes_spread import tell_who_makes_the_spread
from salutogen.analyses.outliers.far_points import FLAGS, MOST_INFLUENTIAL, Names, far_points
from salutogen.analyses.outliers.settings import OutliersSettings
from salutogen.columns import Kind, Record, beside, figure, record
from salutogen.counts import Forms
from salutogen.findings import Findings
from salutogen.page.words import number

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text


@record
class FarCounts(Record):
    """How many units of one level are flagged."""

    far_P: int = figure("Units whose P is far", kind=Kind.COUNT)
    far_E: int = figure("Units whose E is far", kind=Kind.COUNT)
    far_jointly: int = figure("Units whose P and E are far jointly", kind=Kind.COUNT)
    influential: int = figure(
        "Units among the ten that move the line most, Cook's distance above 4/n",
        kind=Kind.COUNT,
        of="moving",
    )
    moving: int = figure("Units whose Cook's distance is above 4/n", kind=Kind.COUNT)


@record
class OutliersResult(AnalysisResult):
    """Far points by level; `flagged` holds a row for each, as `far_points` gives them."""

    beyond_sd: float = figure("P or E is far beyond this", unit="SDs")
    mahalanobis_p: float = figure("P and E are far jointly below this p")
    occasion: FarCounts = figure("Far occasions")
    person: FarCounts = figure("Far persons")
    flagged: pl.DataFrame = beside()

    def methods(self) -> Text:
        """Say what was flagged, and that nothing was left out."""
        return (
            f"Occasions and persons were flagged, and none left out, where P or E lay beyond "
            f"{number(self.beyond_sd, 2)} SDs or both were far jointly (Mahalanobis distance, "
            f"p < {self.mahalanobis_p:g}). The {MOST_INFLUENTIAL} occasions and persons that move "
            "their line most were listed beside them where Cook's distance was above 4/n."
        )

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Far points one by one, or how many where persons are hidden."""
        from salutogen.analyses.outliers.section import outliers_section

        return (outliers_section(self, audience),)


def compute(inputs: AnalysisInputs, settings: OutliersSettings) -> OutliersResult:
    """Flag occasions and persons that lie far from the others or from their level's line."""
    norm = inputs.norm
    names = Names(inputs.scores.persons["subject"], inputs.study.labels)
    occasions = norm.with_covariates(inputs.scores.valid_rows())
    persons = norm.with_covariates(norm.period_tables["person"])
    by_level = {
        "occasion": far_points(norm.lines.occasion, occasions, "occasion", settings, names),
        "person": far_points(norm.lines.person, persons, "person", settings, names),
    }
    flagged = pl.concat([one for one, _ in by_level.values()])
    counts = {level: _counts(*found) for level, found in by_level.items()}
    found = Findings()
    if flagged.height:
        numbers: dict[str, Any] = {
            f"{level}_{flag}": n
            for level, one in counts.items()
            for flag, n in one.to_dict().items()
        }
        found.tell(
            "far-points",
            beyond=settings.beyond_sd,
            p=f"{settings.mahalanobis_p:g}".removeprefix("0"),
            **numbers,
        )
    persons_means = inputs.resilience.persons
    tell_who_makes_the_spread(inputs, {name: persons_means[name] for name in ("P", "E")}, found)
    return OutliersResult(
        beyond_sd=settings.beyond_sd,
        mahalanobis_p=settings.mahalanobis_p,
        occasion=counts["occasion"],
        person=counts["person"],
        flagged=flagged,
        findings=tuple(found),
    )


def _counts(flagged: pl.DataFrame, moving: Forms) -> FarCounts:
    """Count flagged units, with whose they are."""
    whose = {flag: flagged.filter(pl.col(flag))["person"] for flag in FLAGS}
    found = {
        flag: Forms(one.len(), moving if flag == "influential" else None, persons=one.n_unique())
        for flag, one in whose.items()
    }
    return FarCounts(moving=moving, **found)
