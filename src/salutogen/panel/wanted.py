"""What a study expects to find in each of its sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study

OCCASION = "{occasion}"
ITEM, VALUE = "item", "value"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One column a source must have, and the place in the study file that names it."""

    column: str
    path: str


def asked_at(instrument: Instrument, item: str, label: str) -> bool:
    """Whether an item is asked at an occasion; occasions left out of `asked` ask everything."""
    if instrument.asked is None or label not in instrument.asked:
        return True
    return item in instrument.asked[label]


def instruments_of(study: Study, source: str) -> list[Instrument]:
    """Instruments whose answers stand in this source."""
    return [item for item in study.instruments.values() if item.source == source]


def person_columns(study: Study) -> Iterator[tuple[str, str, str | None, str, str]]:
    """Background columns and the arm: name in the panel, column, source, kind, study-file path."""
    for name, background in study.plan.background.items():
        yield name, background.column, background.source, background.kind, f"background.{name}"
    if study.plan.arms is not None:
        yield "arm", study.plan.arms.column, study.plan.arms.source, "category", "arms"


def is_per_person(study: Study, source: str) -> bool:
    """Whether a source describes persons only: no repeated answers, no occasion."""
    plan = study.plan.sources[source]
    repeated = any(item.measured == "repeated" for item in instruments_of(study, source))
    return not repeated and plan.layout != "row-per-item"


def wanted_columns(study: Study, source: str) -> list[Wanted]:
    """List the columns a source must have, in the order of the study file."""
    plan = study.plan.sources[source]
    here = f"sources.{source}"
    wanted = [Wanted(plan.person, f"{here}.person")]
    if plan.layout != "row-per-person" and plan.occasion is not None:
        wanted.append(Wanted(plan.occasion, f"{here}.occasion"))
    if plan.layout == "row-per-item":
        wanted.append(Wanted(plan.item or ITEM, f"{here}.item"))
        wanted.append(Wanted(plan.value or VALUE, f"{here}.value"))
    if plan.layout == "row-per-event":
        named = (("event", plan.event), ("rating", plan.rating))
        wanted += [Wanted(column, f"{here}.{key}") for key, column in named if column]
    if plan.time is not None:
        wanted += [
            Wanted(column, f"{here}.time.column")
            for column in spread(plan.time.column, study.labels)
        ]
    only = study.plan.answer_sources == (source,)
    for _, column, given, _, path in person_columns(study):
        if given == source or (given is None and only):
            wanted.append(Wanted(column, f"{path}.column"))
    if plan.layout != "row-per-item":
        wanted += [found for item in instruments_of(study, source) for found in _items(study, item)]
    unique = {entry.column: entry for entry in reversed(wanted)}
    return [entry for entry in wanted if unique.pop(entry.column, None) is not None]


def _items(study: Study, instrument: Instrument) -> Iterator[Wanted]:
    path = f"instruments.{instrument.name}.columns"
    for item in instrument.items:
        pattern = instrument.columns[item]
        labels = [label for label in study.labels if asked_at(instrument, item, label)]
        for column in spread(pattern, labels):
            yield Wanted(column, path)


def spread(pattern: str, labels: list[str] | tuple[str, ...]) -> list[str]:
    """Write out `{occasion}` for these labels; a name without it stays one name."""
    if OCCASION not in pattern:
        return [pattern]
    return [pattern.replace(OCCASION, label) for label in labels]


def known_columns(study: Study, source: str) -> set[str]:
    """Every column name the study file could mean in this source."""
    plan = study.plan.sources[source]
    names = {entry.column for entry in wanted_columns(study, source)}
    names.update(column for _, column, _, _, _ in person_columns(study))
    further = (plan.occasion, plan.item, plan.value, plan.event, plan.rating)
    names.update(column for column in further if column)
    return names
