"""The columns that a study expects in each of its sources, and those that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salutogen.findings import Findings
from salutogen.names import did_you_mean
from salutogen.namespaces import ARM
from salutogen.panel.readers.source_table import SourceTable
from salutogen.study.instruments.instrument import columns_at

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study

ITEM, VALUE = "item", "value"
ARM_PATH = "arms"


@dataclass(frozen=True, slots=True)
class ExpectedColumn:
    """One column a source must have, and the place in the study file that names it."""

    column: str
    path: str


def instruments_of(study: Study, source: str) -> list[Instrument]:
    """Instruments whose answers stand in this source."""
    return [item for item in study.instruments.values() if item.source == source]


def person_columns(study: Study) -> Iterator[tuple[str, str, str | None, str, str]]:
    """Background columns and the arm: name in the panel, column, source, kind, study-file path."""
    for name, background in study.plan.background.items():
        yield name, background.column, background.source, background.kind, f"background.{name}"
    if study.plan.arms is not None:
        yield ARM, study.plan.arms.column, study.plan.arms.source, "category", ARM_PATH


def is_per_person(study: Study, source: str) -> bool:
    """Whether a source describes persons only: no repeated answers, no occasion."""
    plan = study.plan.sources[source]
    repeated = any(item.measured == "repeated" for item in instruments_of(study, source))
    return not repeated and plan.layout != "row-per-item"


def expected_columns(study: Study, source: str) -> list[ExpectedColumn]:
    """List the columns a source must have, in the order of the study file."""
    plan = study.plan.sources[source]
    here = f"sources.{source}"
    expected = [ExpectedColumn(plan.person, f"{here}.person")]
    if plan.layout != "row-per-person" and plan.occasion is not None:
        expected.append(ExpectedColumn(plan.occasion, f"{here}.occasion"))
    if plan.layout == "row-per-item":
        expected.append(ExpectedColumn(plan.item or ITEM, f"{here}.item"))
        expected.append(ExpectedColumn(plan.value or VALUE, f"{here}.value"))
    if plan.layout == "row-per-event":
        named = (("event", plan.event), ("rating", plan.rating))
        expected += [ExpectedColumn(column, f"{here}.{key}") for key, column in named if column]
    if plan.time is not None:
        expected += [
            ExpectedColumn(column, f"{here}.time.column")
            for column in columns_at(plan.time.column, study.labels)
        ]
    only = study.plan.answer_sources == (source,)
    for _, column, given, _, path in person_columns(study):
        if given == source or (given is None and only):
            expected.append(ExpectedColumn(column, f"{path}.column"))
    if plan.layout != "row-per-item":
        expected += [
            found for item in instruments_of(study, source) for found in _items(study, item)
        ]
    unique = {entry.column: entry for entry in reversed(expected)}
    return [entry for entry in expected if unique.pop(entry.column, None) is not None]


def _items(study: Study, instrument: Instrument) -> Iterator[ExpectedColumn]:
    path = f"instruments.{instrument.name}.columns"
    for item in instrument.items:
        pattern = instrument.columns[item]
        labels = [label for label in study.labels if instrument.asks(item, label)]
        for column in columns_at(pattern, labels):
            yield ExpectedColumn(column, path)


def known_columns(study: Study, source: str) -> set[str]:
    """Every column name the study file could mean in this source."""
    plan = study.plan.sources[source]
    names = {entry.column for entry in expected_columns(study, source)}
    names.update(column for _, column, _, _, _ in person_columns(study))
    further = (plan.occasion, plan.item, plan.value, plan.event, plan.rating)
    names.update(column for column in further if column)
    return names


def check_columns(study: Study, tables: Mapping[str, SourceTable], findings: Findings) -> bool:
    """Refuse missing columns with the nearest name; tell whether reading can go on."""
    usable = True
    for name, table in tables.items():
        have, needed = set(table.columns), _needed_columns(study, name)
        for entry in expected_columns(study, name):
            if entry.column in have:
                continue
            usable &= entry.column not in needed
            findings.tell(
                "column-missing",
                path=entry.path,
                hint=did_you_mean(entry.column, table.columns),
                file=table.label,
                column=entry.column,
            )
    answers = [table for name, table in tables.items() if name in study.plan.answer_sources]
    for _, column, given, _, path in person_columns(study):
        if given is None and len(answers) > 1:
            everywhere = [known for table in answers for known in table.columns]
            if column not in everywhere:
                findings.tell(
                    "column-missing",
                    variant="in-no-file",
                    path=f"{path}.column",
                    hint=did_you_mean(column, everywhere),
                    column=column,
                )
    return usable


def _needed_columns(study: Study, source: str) -> set[str | None]:
    """Columns without which a source cannot be read at all."""
    plan = study.plan.sources[source]
    needed = {plan.person, plan.occasion}
    if plan.layout == "row-per-item":
        needed |= {plan.item or ITEM, plan.value or VALUE}
    if plan.layout == "row-per-event":
        needed |= {plan.event, plan.rating, plan.time.column if plan.time else None}
    return needed
