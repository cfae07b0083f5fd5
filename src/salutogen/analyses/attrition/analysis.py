"""The analysis of who was lost: what loss goes with, weights, and what would turn a claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.attrition.contrasts import CHANGE, contrasts
from salutogen.analyses.attrition.observed import OCCASION_COLUMNS, Observed, by_occasion, observe
from salutogen.analyses.attrition.predictors import candidates
from salutogen.analyses.attrition.records import (
    HAZARD_COLUMNS,
    Tipping,
    Weighing,
    WeightedContrast,
    WeightedFactor,
    WeightedMechanism,
)
from salutogen.analyses.attrition.settings import AttritionSettings
from salutogen.analyses.attrition.tipping import tippings
from salutogen.analyses.attrition.weighted_factors import weighted_factors
from salutogen.analyses.attrition.weighted_mechanisms import weighted_mechanisms
from salutogen.analyses.attrition.weights import Fitted, fit_weights, hazard_table, weighing
from salutogen.analyses.attrition.words import answer_of, methods_of
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.columns import Column, Kind, beside, figure, record, rows
from salutogen.findings import Findings, listed

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

PARTS = ("weights", "means", "shifts")
WEIGHT_COLUMNS = (
    Column(name="subject", meaning="Person, as written in the data", kind=Kind.IDENTIFIER),
    Column(name="occasion", meaning="Planned occasion", kind=Kind.LABEL),
    Column(name="weight", meaning="Weight of still being observed, truncated", kind=Kind.PERSON),
    Column(name="untruncated", meaning="The same before it was truncated", kind=Kind.PERSON),
)


@record
class AttritionResult(AnalysisResult):
    """Who was lost, and what that may do to what is claimed."""

    n: int = figure("Persons seen at all", unit="persons", kind=Kind.COUNT)
    n_lost: int = figure(
        "Persons last seen before the end", unit="persons", kind=Kind.COUNT, of="n"
    )
    n_left: int = figure("Persons not lost before the end", unit="persons", kind=Kind.COUNT, of="n")
    n_end: int = figure(
        "Persons seen at the end", unit="persons", kind=Kind.COUNT, of=("n", "n_left")
    )
    end: str = figure("Occasion from which on nobody who is seen is lost", kind=Kind.LABEL)
    occasions: pl.DataFrame = rows("Persons still observed by occasion", OCCASION_COLUMNS)
    hazard: pl.DataFrame = rows(
        "Odds of being lost after an occasion; none where too few were lost", HAZARD_COLUMNS
    )
    weights: Weighing | None = figure("Weights; null where there are none")
    contrasts: tuple[WeightedContrast, ...] = figure("Means, weighted and as they are")
    factors: tuple[WeightedFactor, ...] = figure(
        "Factors and later SR, weighted and as they are; none without a step `factors`"
    )
    mechanisms: tuple[WeightedMechanism, ...] = figure(
        "Ways over a mechanism, weighted and as they are; none without a step `mechanism`",
        default=(),
    )
    tipping: tuple[Tipping, ...] = figure("What it takes to turn each claim")
    per_occasion: pl.DataFrame | None = beside(default=None)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Who was lost, weights and balance, and what it takes to turn a claim."""
        from salutogen.analyses.attrition.section import attrition_section

        return (attrition_section(self, audience),)

    def files(self) -> Mapping[str, ResultFile]:
        """Weights, one for each person and occasion."""
        if self.per_occasion is None:
            return {}
        file = ResultFile(table=self.per_occasion, columns=WEIGHT_COLUMNS)
        return {"attrition_weights.csv": file}

    def answer(self) -> Text:
        """Say who was lost, whether weights change what is claimed, and what would."""
        return answer_of(self)

    def methods(self) -> Text:
        """Say how weights and shifts were made."""
        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: AttritionSettings) -> AttritionResult:
    """Fit hazards and weights, compare what is claimed, and shift the lost."""
    found = Findings()
    observed = observe(inputs, settings, found)
    offered = candidates(inputs, settings, observed, found)
    inputs.run.tell(PARTS.index("weights"), len(PARTS))
    fitted = fit_weights(observed, offered, settings, found)
    weights = None if fitted is None else fitted.weights
    inputs.run.tell(PARTS.index("means"), len(PARTS))
    compared = contrasts(inputs, observed, weights)
    ways = weighted_factors(inputs, observed, weights, found)
    factors = tuple(one.told for one in ways if one.told is not None)
    mechanisms = weighted_mechanisms(inputs, observed, weights, found)
    inputs.run.tell(PARTS.index("shifts"), len(PARTS))
    tipping = tippings(observed, compared, ways, weighted=weights is not None, found=found)
    _tell(compared.told, factors, mechanisms, found)
    return AttritionResult(
        n=observed.n,
        n_lost=observed.n_lost,
        n_left=observed.n_left,
        n_end=observed.n_end,
        end=observed.labels[observed.end],
        occasions=by_occasion(observed),
        hazard=hazard_table(fitted),
        weights=None
        if fitted is None or observed.n_end == 0  # nobody was seen at the end itself
        else weighing(observed, fitted, offered, settings, found, inputs.run.audience),
        contrasts=compared.told,
        factors=factors,
        mechanisms=mechanisms,
        tipping=tipping,
        per_occasion=None if fitted is None else _per_occasion(inputs, observed, fitted),
        findings=tuple(found),
    )


def _per_occasion(inputs: AnalysisInputs, observed: Observed, fitted: Fitted) -> pl.DataFrame:
    """Weights of every person and occasion, under the labels of the page."""
    rows, weights = observed.rows, fitted.weights
    return pl.DataFrame(
        {
            "subject": inputs.scores.persons["subject"].gather(rows.person),
            "occasion": pl.Series(observed.labels, dtype=pl.String).gather(rows.occasion),
            "weight": weights.values,
            "untruncated": weights.untruncated,
        }
    )


def _tell(
    compared: Sequence[WeightedContrast],
    factors: Sequence[WeightedFactor],
    mechanisms: Sequence[WeightedMechanism],
    found: Findings,
) -> None:
    """Name what is claimed with weights and not without them, or the other way round."""
    names = [
        f"the {one.what} of {one.score}" for one in compared if one.what == CHANGE and one.differs
    ]
    names += [one.title for one in factors if one.differs]
    names += [
        f"{one.title} beside the others" for one in factors if one.joint and one.joint.differs
    ]
    names += [f"the way from {one.title}" for one in mechanisms if one.differs]
    if names:
        found.tell("attrition-weights-change-claims", names=listed(names, most=8))
