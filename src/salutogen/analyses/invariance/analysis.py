"""The analysis of items: whether they measure alike over occasions and in groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.invariance.answers import ItemTable, read_items
from salutogen.analyses.invariance.fitted import Comparison, fit_comparison
from salutogen.analyses.invariance.kinds import (
    NOT_COMPARED,
    NOT_FOUND,
    Asked,
    as_quantities,
    asked_of,
)
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.analyses.invariance.signs import LEVELS_ALIKE, signs_of
from salutogen.analyses.invariance.simulated import nearest
from salutogen.columns import Kind, figure, record
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings
from salutogen.page.words import without_counts

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text


@record
class ItemInvariance(AnalysisResult):
    """Whether an instrument's items measure alike over occasions and in groups."""

    instrument: str = figure("Instrument", kind=Kind.LABEL)
    title: str = figure("What it is called", kind=Kind.LABEL)
    problems: bool = figure("Whether it measures problems: higher = more", kind=Kind.LABEL)
    items: tuple[str, ...] = figure("Items", kind=Kind.LABEL)
    categories: int = figure("Fewest different answers that an item has", kind=Kind.LABEL)
    at_one_end: float = figure("Largest share of an item's answers in its lowest or highest value")
    crowded: bool = figure("Whether that is half or more", kind=Kind.LABEL)
    of_means: bool = figure("Whether the score is a mean, not a sum, of items", kind=Kind.LABEL)
    turned: tuple[str, ...] = figure(
        "Items whose codes are turned as they enter the score", kind=Kind.LABEL
    )
    ordered: bool = figure("Whether answers are taken for ordered categories", kind=Kind.LABEL)
    why: str = figure("Why they are, or why they are taken for quantities", kind=Kind.LABEL)
    comparisons: tuple[Comparison, ...] = figure("What was compared")

    @property
    def thing(self) -> str:
        """Words for what is measured."""
        return "level of problems" if self.problems else f"level of {self.instrument}"

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Verdicts, items and models."""
        from salutogen.analyses.invariance.section import invariance_section

        return (invariance_section(self),)

    def answer(self) -> Text:
        """Say whether items measure alike, and what items that do not do to mean scores."""
        from salutogen.analyses.invariance.words import answer_of

        return answer_of(self)

    def methods(self) -> Text:
        """Say which models were fitted."""
        from salutogen.analyses.invariance.words import methods_of

        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: InvarianceSettings) -> ItemInvariance:
    """Compare items over occasions, and between groups where these are named."""
    found = Findings()
    read = read_items(inputs, settings, found)
    asked = asked_of(inputs, read, settings, found)
    if settings.strict and asked.table.ordered:
        found.tell("invariance-strict-of-ordered", why=asked.table.why)
        found.raise_refusals(AnalysisError)
    told = Findings()
    try:
        made = _fitted(inputs, asked, told, strict=settings.strict)
    except AnalysisError:
        if settings.items is not None or not asked.table.ordered:
            raise
        asked = as_quantities(inputs, read, settings, found, "fit")
        made = _fitted(inputs, asked, told := Findings(), strict=settings.strict)
    found.extend(told)
    for comparison in made:
        _tell(comparison, found)
    table = asked.table
    _tell_categories(table, found)
    return ItemInvariance(
        instrument=table.instrument.name,
        title=table.title,
        problems=table.problems,
        items=table.items,
        categories=table.categories,
        at_one_end=table.at_one_end,
        crowded=table.crowded,
        of_means=table.of_means,
        turned=table.turned,
        ordered=table.ordered,
        why=table.why,
        comparisons=tuple(made),
        findings=tuple(found),
    )


def _fitted(
    inputs: AnalysisInputs, asked: Asked, found: Findings, *, strict: bool
) -> list[Comparison]:
    """Fit what was asked; what cannot be fitted is told, and the other goes on.

    Raises
    ------
    AnalysisError
        Nothing could be fitted.
    """
    made: list[Comparison] = []
    failed: dict[str, str] = {}
    for number, one in enumerate(asked.compared):
        inputs.run.tell(number, len(asked.compared))
        try:
            told_size = inputs.run.audience.told_size
            made.append(fit_comparison(one, asked.table, found, told_size, strict=strict))
        except ModelError as error:
            failed[one.over] = str(error)
    inputs.run.tell(len(asked.compared), len(asked.compared))
    code = "invariance-comparison-left-out" if made else "invariance-not-fitted"
    for over, reason in failed.items():
        found.tell(code, over=over, reason=without_counts(reason))
    found.raise_refusals(AnalysisError)
    return made


def _tell(one: Comparison, found: Findings) -> None:
    """Add what follows from a comparison for whoever compares means or associations."""
    first = one.steps.row(0, named=True)
    if not one.one_factor and first["cfi"] is not None:
        found.tell("invariance-not-one-factor", cfi=first["cfi"], rmsea=first["rmsea"],
                   over=one.over)  # fmt: skip
    signs = signs_of(one)
    if signs is not None and not signs.tested:
        found.tell("invariance-not-held", variant="unsettled", places=one.places,
                   equal=signs.equal, against=signs.against, silent=signs.silent)  # fmt: skip
    elif one.established not in LEVELS_ALIKE:
        found.tell("invariance-not-held", variant=_variant(one), places=one.places)
    if one.called:
        found.tell("invariance-items-called", items=one.called, places=one.places)


def _variant(one: Comparison) -> str:
    """Which sentence says that a step does not hold."""
    if not one.ordered:
        return one.established
    return "ordered_metric" if one.established == "metric" else "ordered"


def _tell_categories(table: ItemTable, found: Findings) -> None:
    """Say what answers that crowd at one end do to the figures."""
    if table.crowded and not table.ordered:
        size = nearest(table.categories)
        found.tell(
            "invariance-answers-crowd",
            variant="refused" if table.why in (NOT_FOUND, NOT_COMPARED) else "open",
            share=table.at_one_end,
            called=size.called,
            failed=size.failed,
            persons=size.persons,
            part=size.part,
        )
