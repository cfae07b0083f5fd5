"""What answers are taken for, quantities or ordered categories, and what is then compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.invariance.answers import ItemTable
from salutogen.analyses.invariance.compared import Compared, comparisons_of
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings
from salutogen.models.ordered.answers import MOST, UnequalUseError, categories_of
from salutogen.page.words import without_counts

FEW_CATEGORIES = 5  # up to here answers are categories
FEW_IF_CROWDED = 7  # up to here they are where they crowd at one end
ASKED = "the study file says so"
NOT_FOUND = "thresholds of categories cannot be found"
NOT_COMPARED = "thresholds cannot be compared between answers that some places have and others lack"
FEWEST_IN_CATEGORY = 5  # persons at every place; a category of fewer everywhere is joined
UNFIT, APART = "invariance-categories-unfit", "invariance-categories-apart"


@dataclass(frozen=True)
class Asked:
    """An instrument's items as they are taken, and what is compared.

    Attributes
    ----------
    table : ItemTable
    compared : tuple of Compared
    """

    table: ItemTable
    compared: tuple[Compared, ...]


def asked_of(
    inputs: AnalysisInputs, table: ItemTable, settings: InvarianceSettings, found: Findings
) -> Asked:
    """Decide what answers are taken for, and take what can be compared.

    Answers that the study file does not call either are ordered where items have few categories,
    if there are persons enough for their thresholds; else they are quantities.

    Raises
    ------
    AnalysisError
        Nothing can be compared.
    """
    if settings.items is not None:
        ordered = settings.items == "ordered"
        taken = _taken(inputs, replace(table, ordered=ordered, why=ASKED), settings, found)
        for over, answers in taken.table.apart.items():
            found.tell(UNFIT, variant="apart", over=over, answers=answers,
                       fewest=FEWEST_IN_CATEGORY)  # fmt: skip
        found.raise_refusals(AnalysisError)
        return taken
    n, crowded = table.most_categories, table.crowded
    if n > (FEW_IF_CROWDED if crowded else FEW_CATEGORIES):
        why = f"an item has {n} different ones"
        return _taken(inputs, replace(table, why=why), settings, found)
    why = f"items have at most {n} different ones"
    if n > FEW_CATEGORIES:
        why = f"{why}, and half or more of those to an item are at one end"
    told = Findings()
    try:
        taken = _taken(inputs, replace(table, ordered=True, why=why), settings, told)
    except AnalysisError as error:
        few = any(one.code == UNFIT for one in error.findings)
        return as_quantities(inputs, table, settings, found, "categories" if few else "persons")
    if taken.table.apart:
        return as_quantities(inputs, taken.table, settings, found, "apart")
    found.extend(told)
    return taken


def as_quantities(
    inputs: AnalysisInputs,
    table: ItemTable,
    settings: InvarianceSettings,
    found: Findings,
    why_not: Literal["persons", "categories", "apart", "fit"],
) -> Asked:
    """Take answers for quantities because thresholds of categories cannot be found.

    Raises
    ------
    AnalysisError
        Nothing can be compared in this way either.
    """
    why = NOT_COMPARED if table.apart else NOT_FOUND
    taken = _taken(inputs, replace(table, ordered=False, why=why), settings, found)
    for over, answers in table.apart.items():
        found.tell(APART, over=over, answers=answers, fewest=FEWEST_IN_CATEGORY)
    if table.apart:
        return taken
    found.tell("invariance-taken-as-quantities", variant=why_not, most=table.most_categories)
    return taken


def _taken(
    inputs: AnalysisInputs, table: ItemTable, settings: InvarianceSettings, found: Findings
) -> Asked:
    if table.ordered and table.most_categories > MOST:
        found.tell(
            "invariance-categories-unfit", variant="many", n=table.most_categories, most=MOST
        )
        found.raise_refusals(AnalysisError)
    compared = comparisons_of(inputs, table, settings, found)
    if table.ordered:
        apart = {one.over: _check_categories(one, table, found) for one in compared}
        table = replace(table, apart={over: told for over, told in apart.items() if told})
        if not table.apart:
            found.raise_refusals(AnalysisError)
    return Asked(table, tuple(compared))


def _check_categories(one: Compared, table: ItemTable, found: Findings) -> tuple[str, ...]:
    """Refuse items without two categories that are used at every place; tell those joined.

    Returns answers that one place lacks and another has.
    """
    places = [one.at_place(number) for number in range(len(one.places))]
    joined, apart = [], []
    for number, item in enumerate(table.items):
        columns = [place[:, number] for place in places]
        try:
            own = categories_of(columns, fewest=FEWEST_IN_CATEGORY, item=item)
        except UnequalUseError as error:
            rare, used = one.places[error.rare], one.places[error.used]
            told = in_words(table.as_given(item, error.answers))
            apart.append(f"{item} ({told}: hardly at {rare}, but at {used})")
            continue
        except ModelError as error:
            found.tell("invariance-categories-unfit", variant="few", over=one.over,
                       reason=without_counts(error))  # fmt: skip
            continue
        joined += [f"{item} ({in_words(table.as_given(item, held))})" for held in own.joined]
    if joined:
        found.tell("invariance-categories-joined", over=one.over, joined=joined,
                   fewest=FEWEST_IN_CATEGORY)  # fmt: skip
    return tuple(apart)


def in_words(answers: Sequence[float]) -> str:
    """Name answers, those that count as one together.

    >>> in_words((2.0, 3.0, 4.0))
    '2 to 4'
    >>> in_words((2.0, 3.0))
    '2 and 3'
    """
    if len(answers) == 1:
        return f"{answers[0]:g}"
    return f"{answers[0]:g} {'to' if len(answers) > 2 else 'and'} {answers[-1]:g}"
