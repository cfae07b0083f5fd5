"""Findings where persons are hidden: no row, no cell, no count of few."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from salutogen.counts import Forms
from salutogen.findings import Evidence, Finding, Persons, catalogue, sentence
from salutogen.page.audience import SMALL_CELL, Audience
from salutogen.page.words import Coarse, Share

# What these quote are single cells, extremes, or labels that few may have.
_OF_CELLS = frozenset({
    "blank-words", "category-unknown", "category-without-line", "frozen-curve-beyond",
    "line-turns-down", "odd-age", "odd-date", "reference-label-unknown", "time-backwards",
    "units-differ", "unplanned-occasion",
})  # fmt: skip
_OF_ONE_ROW = re.compile(r"\brows? \{first|\{(?:examples|shown|smallest|largest)\b")
# Rooms whose findings are of the study file and of the program.
_OF_NO_PERSON = frozenset({"study", "analyses", "page", "pipeline", "cli", "simulation"})
# Whole numbers in sentences that are of the design, the plan or the method.
_OF_THE_PLAN = frozenset({
    "classes", "coefficients", "columns", "df", "draws", "each", "expected", "failing", "fewest",
    "fewest_positions", "files", "folds", "groups", "items", "known", "least", "line", "max",
    "most", "needed", "number", "occasions", "parameters", "planned", "positions", "scales", "sets",
    "sheets", "sources", "times", "values", "window", "windows", "years",
})  # fmt: skip
# Findings that count nothing but occasions, items, labels or categories of the study.
_OF_NO_COUNT = frozenset({
    "change-covariate-labels", "change-groups-labels", "change-too-few-occasions",
    "change-too-many-occasions", "invariance-answers-crowd", "invariance-groups-labels",
    "invariance-occasions-chosen", "invariance-too-few-items", "mechanism-of-many-categories",
    "too-few-items-for-weights",
})  # fmt: skip


# Counts of rows, forms, cells or events: of how many persons, only the finding can know.
_OF_ROWS = frozenset({
    "answers", "cells", "events", "forms", "n_rows", "n_with", "n_without", "rows",
})  # fmt: skip
# What a count falls short of.
_THRESHOLDS = ("enough", "fewest", "least", "needed")
OF_FEW = "it may be of few persons"


def told_without_persons(item: Finding, audience: Audience) -> Finding:
    """Return a finding that tells of no few persons.

    Its sentence says which code it is, and no more, where it quotes cells, or where few persons or
    rows are behind it and it tells more of them than how many; its mend is then that of the code.
    """
    entry = catalogue().get(item.code)
    if entry is not None and entry.room in _OF_NO_PERSON:
        # What it counts in persons all the same is told by its sentence alone.
        numbers = {
            name: value
            for name, value in item.evidence.numbers.items()
            if not isinstance(item.values.get(name), Persons | Share | Coarse)
        }
        return replace(
            item,
            values=_short_of(item.values, item.template, audience),
            evidence=replace(item.evidence, rows=(), n_rows=None, numbers=numbers),
        )
    designed = item.code in _OF_NO_COUNT
    values = {
        name: value if designed and isinstance(value, int) else _counted(name, value, audience)
        for name, value in _with_persons(item, audience).items()
    }
    values = _short_of(values, item.template, audience)
    rows = values.get("n_rows") or 0
    text, mend = "", entry.mend if entry is not None else item.mend
    if item.code in _OF_CELLS or _OF_ONE_ROW.search(item.template):
        text = item.untold()
    elif 0 < rows < audience.smallest:
        text = item.untold(f"fewer than {audience.smallest} rows")
    elif any(audience.is_small(n) for n in map(values.get, _OF_ROWS) if isinstance(n, Forms)):
        text = item.untold(OF_FEW)
    elif _tells_more_of_few(values, item.template, audience):
        text = item.untold(f"fewer than {audience.smallest} persons")
    else:
        text = sentence(item.template, values, audience.in_a_sentence) if item.template else ""
        mend = item.mend
    evidence = Evidence(
        file=item.evidence.file,
        line=item.evidence.line,
        column=item.evidence.column,
        n_rows=None if not rows or audience.hides(rows) else audience.told(rows),
    )
    return replace(
        item, text=text or item.text, mend=mend, template="", values={}, evidence=evidence
    )


def _with_persons(item: Finding, audience: Audience) -> dict[str, Any]:
    """Values of a finding, those that count rows or cells with the persons whose they are."""
    values = {"n_rows": item.evidence.n_rows, **item.values}
    for name in (_OF_ROWS & values.keys()) - item.when_hidden.keys():
        if isinstance(values[name], int) and not isinstance(values[name], bool | Persons):
            values[name] = audience.of_unknown_persons(values[name])
    return {**values, **item.when_hidden}


def _counted(name: str, value: Any, audience: Audience) -> Any:
    """Take a whole number of a sentence for a count of persons, unless it is of the plan.

    Other numbers have as few digits as those of tables.
    """
    if isinstance(value, Share):
        return audience.told_share(value, value.of)
    if isinstance(value, float):
        return audience.with_few_digits(value)
    plain = isinstance(value, int) and not isinstance(value, bool | Persons)
    return Persons(value) if plain and name not in _OF_THE_PLAN else value


def _short_of(values: Mapping[str, Any], template: str, audience: Audience) -> dict[str, Any]:
    """Tell a count that falls short of what a sentence says is needed below it, in fives as well.

    The nearest five would say that it is reached, and with that which two counts it can be.
    """
    least = min(
        (n for name in _THRESHOLDS
         if f"{{{name}" in template and isinstance(n := values.get(name), int)),
        default=0,
    )  # fmt: skip

    def short(value: Any) -> Any:
        reached = isinstance(value, Persons) and not isinstance(value, Forms)
        if not reached or not value < least <= audience.told(value) or audience.leaves_few(value):
            return value
        return Persons(audience.told(value) - SMALL_CELL, of=value.of)

    return {name: short(value) for name, value in values.items()}


def _tells_more_of_few(values: Mapping[str, Any], template: str, audience: Audience) -> bool:
    """Whether a sentence counts few persons, and tells a number or names of them as well."""
    told = {name: value for name, value in values.items() if f"{{{name}" in template}
    few = any(isinstance(value, Persons) and audience.is_small(value) for value in told.values())
    more = any(isinstance(value, float | list | tuple) for value in told.values())
    return few and more
