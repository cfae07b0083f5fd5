"""The analysis of concordance: each variant computed on the same data, and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from salutogen.analyses.concordance.comparison import (
    ChangedQuarter,
    changed_quarter,
    same_by_arithmetic,
)
from salutogen.analyses.concordance.settings import ConcordanceSettings
from salutogen.analyses.concordance.variants import Values, Variant, VariantContext, registered
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.columns import Kind, Record, beside, figure, record
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.models.correlation_matrix import (
    Matrix,
    Order,
    correlation_matrix,
    rank_correlation_matrix,
)
from salutogen.models.descriptive import group_means
from salutogen.models.parallel.threads import at_once
from salutogen.names import did_you_mean
from salutogen.page.words import enumeration, heading, plural

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text


@record
class RankAgreement(Record):
    """Agreement of ranks, person level."""

    spearman: Matrix = figure("Spearman correlations, in the order of `names`")


@record
class ConcordanceResult(AnalysisResult):
    """Concordance of the variants; at the person level variants by occasion are averaged.

    Attributes
    ----------
    table : DataFrame
        `subject`, then a column per variant.
    levels_told : bool
        Whether persons' levels are told to differ; where not, ranks are those of chance.
    reliability, reliability_high, share : float or None
        Reliability of a person's SR as a measure of the level, and the upper end of its interval;
        share of the differences in problems that exposure goes with.
    """

    names: Sequence[str] = figure("Variants", kind=Kind.LABEL)
    primary: str = figure("The one that the others are compared with", kind=Kind.LABEL)
    sign: str = figure(
        "What a positive value means",
        kind=Kind.LABEL,
        default="every variant is turned so that positive = less resilient",
    )
    descriptions: Mapping[str, str] = figure("What each variant is", kind=Kind.LABEL)
    correlation: Matrix = figure("Pearson correlations, person level, in the order of `names`")
    rank_agreement: RankAgreement = figure("Agreement of ranks, person level")
    changed_quarter: Mapping[str, ChangedQuarter] = figure("Persons in another quarter, by variant")
    n: Mapping[str, int] = figure("Persons with a value, by variant", kind=Kind.COUNT)
    occasion_names: Sequence[str] = figure("Variants with a value by occasion", kind=Kind.LABEL)
    occasion_correlation: Matrix = figure(
        "Pearson correlations over occasions, in the order of `occasion_names`"
    )
    same: Mapping[str, str] = figure(
        "Variants that are another one in other units, by arithmetic, and which", kind=Kind.LABEL
    )
    table: pl.DataFrame = beside()
    levels_told: bool = beside(default=True)
    reliability: float | None = beside(default=None)
    reliability_high: float | None = beside(default=None)
    share: float | None = beside(default=None)

    @property
    def n_others(self) -> int:
        """Ways beside the primary one that are not another one by arithmetic."""
        return len(self.names) - 1 - len(self.same)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """How far variants agree; nothing where there is only one."""
        from salutogen.analyses.concordance.section import concordance_section

        return (concordance_section(self, audience),) if len(self.names) > 1 else ()

    def methods(self) -> Text:
        """Say how many ways were compared."""
        if not self.n_others:
            return ""
        were = "was" if self.n_others == 1 else "were"
        told = (
            f"{plural(self.n_others, 'other way')} to score SR {were} compared with the primary "
            f"one ({heading(self.primary)}) on the same data, by correlations over persons"
        )
        if self.same:
            left = enumeration([heading(name) for name in self.same])
            told += f"; {left}, the same score as another by arithmetic here, not counted"
        return f"{told}."


def compute(inputs: AnalysisInputs, settings: ConcordanceSettings) -> ConcordanceResult:
    """Compute the variants and compare them, by person and by occasion."""
    primary = "pooled" if inputs.norm.primary == "occasion" else "person"
    context = VariantContext.of(inputs)
    by_person: dict[str, np.ndarray] = {}
    by_occasion: dict[str, Values] = {}
    descriptions: dict[str, str] = {}
    for item in _chosen(settings.variants, primary):
        values = item.compute(context)
        if values is None:
            continue
        if item.level == "occasion":
            by_occasion[item.name] = values
        by_person[item.name] = _per_person(values, item, context)
        descriptions[item.name] = item.description
    levels, line = inputs.resilience.claims, inputs.norm.lines.person.claims
    side_by_side: list[Callable[[], Any]] = [
        partial(correlation_matrix, list(by_occasion.values())),
        partial(correlation_matrix, list(by_person.values())),
        lambda: {name: Order.of(values) for name, values in by_person.items()},
    ]
    of_occasions, correlation, orders = at_once(side_by_side, cost=context.rows.n)
    names = list(by_person)
    return ConcordanceResult(
        names=names,
        primary=primary,
        descriptions=descriptions,
        correlation=correlation,
        same=same_by_arithmetic(names, correlation, primary),
        rank_agreement=RankAgreement(spearman=rank_correlation_matrix(list(orders.values()))),
        changed_quarter={
            name: changed_quarter(orders[primary], order)
            for name, order in orders.items()
            if name != primary
        },
        n={name: int(order.known.sum()) for name, order in orders.items()},
        occasion_names=list(by_occasion),
        occasion_correlation=of_occasions,
        table=_table(context.persons["subject"], by_person),
        levels_told=levels.between_variance_low != 0,
        reliability=levels.reliability,
        reliability_high=levels.reliability_high,
        share=None if line is None else line.share.share,
    )


def _chosen(names: Sequence[str], primary: str) -> list[Variant]:
    """Return the variants the study file names, in their own order; all where it names none."""
    known = {item.name: item for item in registered()}
    found = Findings()
    for name in names:
        if name not in known:
            found.tell("unknown-variant", name=name, near=did_you_mean(name, known))
    found.raise_refusals(AnalysisError)
    chosen = {primary, *names} if names else set(known)
    return [item for name, item in known.items() if name in chosen]


def _per_person(values: Values, item: Variant, context: VariantContext) -> np.ndarray:
    """Average what is known by occasion or window; NaN for a person without any."""
    values = values[:]
    if item.level == "person":
        return values
    persons = context.persons["person"].to_numpy().astype(np.int64)
    owner = context.rows.person
    if item.level == "window":
        owner = context.windows["person"].to_numpy().astype(np.int64)
    known = np.isfinite(values)
    if not known.all():
        values, owner = values[known], owner[known]
    means: np.ndarray = group_means(values, owner, context.rows.n_persons)[persons]
    return means


def _table(subjects: pl.Series, values: Mapping[str, np.ndarray]) -> pl.DataFrame:
    columns = {
        name: pl.Series(column, dtype=pl.Float64).fill_nan(None) for name, column in values.items()
    }
    return pl.DataFrame({"subject": subjects, **columns})
