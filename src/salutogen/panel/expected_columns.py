"""The columns that a study expects in each of its sources, and those that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salutogen.findings import Findings
from salutogen.names import did_you_mean, did_you_mean_these
from salutogen.namespaces import ARM
from salutogen.panel.readers.source_table import SourceTable
from salutogen.study.instruments.instrument import columns_at

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study
    from salutogen.study.format import Source

ITEM, VALUE = "item", "value"
ARM_PATH = "arms"


@dataclass(frozen=True, slots=True)
class ExpectedColumn:
    """One column a source must have, and the place in the study file that names it.

    `once` tells that one of the files of a source is enough, where each occasion has its own.
    """

    column: str
    path: str
    once: bool = False


def instruments_of(study: Study, source: str) -> list[Instrument]:
    """Instruments whose answers stand in this source."""
    every = (*study.instruments.values(), *study.prompted.values())
    return [item for item in every if item.source == source]


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


def expected_columns(
    study: Study, source: str, occasion: str | None = None
) -> list[ExpectedColumn]:
    """List the columns a source must have, in the order of the study file.

    Parameters
    ----------
    study : Study
    source : str
    occasion : str, optional
        Label of an occasion that has a file of its own: the columns of this file.
    """
    plan = study.plan.sources[source]
    labels = study.labels if occasion is None else (occasion,)
    expected = list(_of_source(plan, f"sources.{source}", labels))
    only = study.plan.answer_sources == (source,)
    of_files = plan.files is not None
    for _, column, given, _, path in person_columns(study):
        if given == source or (given is None and only):
            expected.append(ExpectedColumn(column, f"{path}.column", once=of_files))
    if plan.layout != "row-per-item":
        for item in instruments_of(study, source):
            once = of_files and item.measured == "baseline"
            expected += _items(item, labels, once=once, of_files=of_files)
    unique = {entry.column: entry for entry in reversed(expected)}
    return [entry for entry in expected if unique.pop(entry.column, None) is not None]


def _of_source(plan: Source, here: str, labels: Sequence[str]) -> Iterator[ExpectedColumn]:
    """Columns that say who, when and what."""
    yield from (ExpectedColumn(column, f"{here}.person") for column in plan.person_columns)
    if plan.layout != "row-per-person":
        yield from (ExpectedColumn(column, f"{here}.occasion") for column in plan.occasion_columns)
    if plan.layout == "row-per-item":
        yield ExpectedColumn(plan.item or ITEM, f"{here}.item")
        yield ExpectedColumn(plan.value or VALUE, f"{here}.value")
    if plan.layout == "row-per-event":
        named = (("event", plan.event), ("rating", plan.rating))
        yield from (ExpectedColumn(column, f"{here}.{key}") for key, column in named if column)
    yield from (ExpectedColumn(column, f"{here}.{key}") for key, column in prompt_columns(plan))
    for key, part in (("time", plan.time), ("complete", plan.complete)):
        if part is not None:
            for column in columns_at(part.column, labels):
                yield ExpectedColumn(column, f"{here}.{key}.column")


def prompt_columns(plan: Source) -> Iterator[tuple[str, str]]:
    """Columns that say which rows are meant, and of a prompt when, where and which it was.

    Each is the key of the source and the column.
    """
    yield from ((f"{what}.column", time.column) for what, time in plan.prompt_times.items())
    for key, part in (("zone", plan.zone), ("only", plan.only)):
        if part is not None and not isinstance(part, str):
            yield f"{key}.column", part.column
    for key, column in (("prompt", plan.prompt), ("burst", plan.burst)):
        if column is not None:
            yield key, column


def _items(
    instrument: Instrument, every_label: Sequence[str], *, once: bool, of_files: bool
) -> Iterator[ExpectedColumn]:
    path = f"instruments.{instrument.name}.columns"
    for item in instrument.items:
        pattern = instrument.columns[item]
        labels = [label for label in every_label if once or instrument.asks(item, label)]
        if labels or not of_files:
            for column in columns_at(pattern, labels):
                yield ExpectedColumn(column, path, once=once)


def answer_columns(study: Study, source: str, occasion: str | None = None) -> list[str]:
    """Columns of a source that hold answers to its repeated instruments."""
    plan = study.plan.sources[source]
    if plan.layout == "row-per-item":
        return [plan.value or VALUE]
    labels = study.labels if occasion is None else (occasion,)
    columns = {
        column: None
        for instrument in instruments_of(study, source)
        if instrument.measured == "repeated"
        for pattern in instrument.columns.values()
        for column in columns_at(pattern, labels)
    }
    return list(columns)


def known_columns(study: Study, source: str, occasion: str | None = None) -> set[str]:
    """Every column name the study file could mean in this source."""
    plan = study.plan.sources[source]
    names = {entry.column for entry in expected_columns(study, source, occasion)}
    names.update(column for _, column, _, _, _ in person_columns(study))
    names.update(plan.occasion_columns)
    further = (plan.item, plan.value, plan.event, plan.rating)
    names.update(column for column in further if column)
    names.update(column for _, column in prompt_columns(plan))
    return names


def check_columns(
    study: Study, tables: Mapping[str, Sequence[SourceTable]], findings: Findings
) -> bool:
    """Refuse missing columns with the nearest name; tell whether reading can go on."""
    usable = True
    for name, parts in tables.items():
        needed = _needed_columns(study, name)
        somewhere = {column for table in parts for column in table.columns}
        said: set[str] = set()
        for table in parts:
            have = set(table.columns)
            expected = expected_columns(study, name, table.occasion)
            missing = [
                entry
                for entry in expected
                if entry.column not in (somewhere | said if entry.once else have)
            ]
            said |= {entry.column for entry in missing if entry.once}
            if len(missing) == len(expected) > 1:
                usable = False
                _tell_no_column(table, len(expected), findings)
                continue
            usable &= needed.isdisjoint(entry.column for entry in missing)
            _tell_missing(table, missing, findings)
    _check_persons_columns(study, tables, findings)
    return usable


def _tell_missing(
    table: SourceTable, missing: Sequence[ExpectedColumn], findings: Findings
) -> None:
    """Name missing columns with those probably meant, once for each place in the study file."""
    by_path: dict[str, list[str]] = {}
    for entry in missing:
        by_path.setdefault(entry.path, []).append(entry.column)
    for path, names in by_path.items():
        if len(names) == 1:
            hint = did_you_mean(names[0], table.columns)
            findings.tell("column-missing", path=path, hint=hint, file=table.label, column=names[0])
            continue
        findings.tell(
            "column-missing",
            variant="several",
            path=path,
            hint=did_you_mean_these(names, table.columns),
            file=table.label,
            n=len(names),
            names=names,
        )


def _tell_no_column(table: SourceTable, expected: int, findings: Findings) -> None:
    """Say one thing where every column is missing: the header stands elsewhere."""
    findings.tell("header-elsewhere", file=table.label, expected=expected)


def _check_persons_columns(
    study: Study, tables: Mapping[str, Sequence[SourceTable]], findings: Findings
) -> None:
    """Refuse what describes the persons where no file has it."""
    answers = [tables[name] for name in study.plan.answer_sources if name in tables]
    if len(answers) < 2:
        return
    everywhere = [column for parts in answers for table in parts for column in table.columns]
    for _, column, given, _, path in person_columns(study):
        if given is None and column not in everywhere:
            findings.tell(
                "column-missing",
                variant="in-no-file",
                path=f"{path}.column",
                hint=did_you_mean(column, everywhere),
                column=column,
            )


def _needed_columns(study: Study, source: str) -> set[str]:
    """Columns without which a source cannot be read at all."""
    plan = study.plan.sources[source]
    needed = {*plan.person_columns, *plan.occasion_columns}
    if plan.layout == "row-per-item":
        needed |= {plan.item or ITEM, plan.value or VALUE}
    if plan.layout == "row-per-event":
        needed |= {column for column in (plan.event, plan.rating) if column}
        needed |= {plan.time.column} if plan.time else set()
    needed |= {column for _, column in prompt_columns(plan)}
    if plan.complete is not None:
        needed |= set(columns_at(plan.complete.column, study.labels))
    return needed
