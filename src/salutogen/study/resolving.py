"""Joins what a study file says of an instrument with what the registry knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from salutogen.study.instrument import Instrument, ScoringRule
from salutogen.study.model import InstrumentUse, Measures, Problems, StudyFile
from salutogen.study.notes import GAP, Notes
from salutogen.study.quantities import expand_numbers, item_name
from salutogen.study.registry import RegisteredInstrument, nearest, registered_names, shipped


@dataclass(frozen=True, slots=True)
class _Items:
    """Item names in the order of the columns, fillers included, and the column of each."""

    names: tuple[str, ...]
    columns: tuple[str, ...]

    def resolve(self, item: str | int) -> str | None:
        """Name of an item given by number (from 1), by column or by name."""
        if isinstance(item, int) or item.isdigit():
            number = int(item)
            return self.names[number - 1] if 1 <= number <= len(self.names) else None
        if item in self.names:
            return item
        return self.names[self.columns.index(item)] if item in self.columns else None


def problem_names(plan: StudyFile) -> tuple[str, ...]:
    """Names of the instruments that make up P."""
    problems = plan.problems
    return problems.instruments if isinstance(problems, Problems) else (problems,)


def resolve_instruments(
    plan: StudyFile, own: Mapping[str, RegisteredInstrument], notes: Notes
) -> dict[str, Instrument]:
    """Build every instrument of the study; what is wrong goes into `notes`."""
    resolved = {}
    for name, use in plan.instruments.items():
        instrument = _resolve(name, use, plan, own, notes)
        if instrument is not None:
            resolved[name] = instrument
    return resolved


def _entry(
    name: str, use: InstrumentUse, own: Mapping[str, RegisteredInstrument], notes: Notes
) -> RegisteredInstrument | None:
    """Look up the registry: the user's own folder first, then what ships."""
    wanted = use.instrument or name
    if wanted in own:
        return own[wanted]
    if wanted in registered_names():
        return shipped(wanted)
    if use.instrument is not None and use.instrument != GAP:
        known = [*own, *registered_names()]
        near = nearest(wanted, known)
        notes.add(
            "unknown-name",
            f"instruments.{name}.instrument",
            f"The registry has no instrument {wanted!r}.",
            mend=f"Did you mean {near!r}?" if near else "Leave the key out to describe your own.",
            nearest=near,
        )
    return None


def _resolve(
    name: str,
    use: InstrumentUse,
    plan: StudyFile,
    own: Mapping[str, RegisteredInstrument],
    notes: Notes,
) -> Instrument | None:
    entry = _entry(name, use, own, notes)
    items = _items(name, use, notes)
    if items is None:
        return None
    here = f"instruments.{name}"
    if entry is not None and not _right_number(name, items, entry, notes):
        return None
    entered = items.names
    numbered = items
    if entry is not None and entry.scored is not None:
        if len(items.names) == entry.items:
            entered = tuple(items.names[number - 1] for number in entry.scored)
        else:
            numbered = _with_fillers(items, entry)
    column_of = dict(zip(items.names, items.columns, strict=True))
    measures = use.measures or (entry.measures if entry else _measures_by_role(name, plan))
    scorings = entry.scoring_rules() if entry else {}
    return Instrument(
        name=name,
        registered=entry.name if entry else None,
        title=use.title or (entry.title if entry else name),
        source=_source(name, use, plan, notes),
        items=entered,
        columns={item: column_of[item] for item in entered},
        answers=use.answers or (entry.answers if entry else None),
        did_not_occur=_first(use.did_not_occur, entry and entry.did_not_occur),
        form=use.form or (entry.form if entry else "explicit"),
        recall=use.recall or (entry.recall if entry else None),
        measured=use.measured,
        measures=measures,
        higher=use.higher or (entry.higher if entry else _direction(measures)),
        reverse=_reverse(use, entry, numbered, notes, here) & frozenset(entered),
        scoring=_scoring(name, use, entry, scorings, notes),
        scorings=scorings,
        subscales=_subscales(use, entry, numbered, notes, here),
        asked=_asked(use, items, notes, here),
        texts=_texts(use, entry, numbered, notes, here),
        justification=use.justification,
        codes=use.codes or plan.missing.codes,
        invalid=use.invalid or plan.invalid,
        reliability=use.reliability,
        licence=_licence(entry),
        citation=entry.sources[0] if entry else None,
    )


def _items(name: str, use: InstrumentUse, notes: Notes) -> _Items | None:
    """Write out the columns; None (and a finding) where that is impossible."""
    patterns = (use.columns,) if isinstance(use.columns, str) else use.columns
    path = f"instruments.{name}.columns"
    if GAP in patterns:
        return None
    try:
        columns = tuple(column for pattern in patterns for column in expand_numbers(pattern))
    except ValueError as error:
        notes.add("columns-invalid", path, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return None
    if not columns or not all(columns):
        notes.add("columns-invalid", path, f"`{path}` names no column.")
        return None
    names = tuple(item_name(column) for column in columns)
    twice = sorted({item for item in names if names.count(item) > 1})
    if twice:
        notes.add("columns-invalid", path, f"The item {twice[0]!r} stands twice in `{path}`.")
        return None
    return _Items(names, columns)


def _right_number(name: str, items: _Items, entry: RegisteredInstrument, notes: Notes) -> bool:
    allowed = {entry.items, len(entry.scored)} if entry.scored else {entry.items}
    found = len(items.columns)
    if entry.items is None or found in allowed:
        return True
    words = " or ".join(str(number) for number in sorted(filter(None, allowed)))
    notes.add(
        "item-number-differs",
        f"instruments.{name}.columns",
        f"{entry.name!r} has {words} items, but {found} "
        f"column{'s are' if found != 1 else ' is'} named for {name!r}.",
        expected=entry.items,
        found=found,
    )
    return False


def _with_fillers(items: _Items, entry: RegisteredInstrument) -> _Items:
    """Number items as the full instrument does, although the fillers are not in the data."""
    places = {number: index for index, number in enumerate(entry.scored or ())}
    names, columns = [], []
    for number in range(1, (entry.items or 0) + 1):
        index = places.get(number)
        names.append("" if index is None else items.names[index])
        columns.append("" if index is None else items.columns[index])
    return _Items(tuple(names), tuple(columns))


def _measures_by_role(name: str, plan: StudyFile) -> Measures:
    """What an instrument measures that only the study file knows, by its role."""
    if name in plan.exposure.types:
        return "exposure"
    if name in problem_names(plan):
        return "problems"
    return "resource" if name in plan.factors else "other"


def _direction(measures: Measures) -> Any:
    better = ("wellbeing", "resource", "trait", "perceived-recovery")
    return "better" if measures in better else "worse"


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _source(name: str, use: InstrumentUse, plan: StudyFile, notes: Notes) -> str:
    names = plan.answer_sources or tuple(plan.sources)
    if use.source is None:
        if len(names) > 1:
            notes.add(
                "source-needed",
                f"instruments.{name}",
                f"There are {len(names)} sources; it is not said which one holds {name!r}.",
                mend=f"Add `source:` with one of: {', '.join(names)}.",
            )
        return names[0]
    if use.source not in plan.sources:
        notes.unknown_name(f"instruments.{name}.source", use.source, names, "source")
    return use.source


def _reverse(
    use: InstrumentUse, entry: RegisteredInstrument | None, items: _Items, notes: Notes, here: str
) -> frozenset[str]:
    if use.reverse is None:
        return frozenset(items.names[n - 1] for n in entry.reverse) if entry else frozenset()
    return frozenset(_known(use.reverse, items, notes, f"{here}.reverse"))


def _known(wanted: Iterable[str | int], items: _Items, notes: Notes, path: str) -> tuple[str, ...]:
    """Names of the items asked for; those that do not exist are said."""
    found = []
    for item in wanted:
        name = items.resolve(item)
        if name:
            found.append(name)
        elif item != GAP:
            notes.unknown_name(path, str(item), [*items.names, *items.columns], "item")
    return tuple(found)


def _subscales(
    use: InstrumentUse, entry: RegisteredInstrument | None, items: _Items, notes: Notes, here: str
) -> dict[str, tuple[str, ...]]:
    if use.subscales is not None:
        return {
            name: _known(wanted, items, notes, f"{here}.subscales.{name}")
            for name, wanted in use.subscales.items()
        }
    if entry is None:
        return {}
    return {
        name: tuple(items.names[number - 1] for number in numbers)
        for name, numbers in entry.subscales.items()
    }


def _asked(
    use: InstrumentUse, items: _Items, notes: Notes, here: str
) -> dict[str, frozenset[str]] | None:
    if use.asked is None:
        return None
    asked = {}
    for label, patterns in use.asked.items():
        path = f"{here}.asked.{label}"
        wanted: list[str] = []
        for pattern in (patterns,) if isinstance(patterns, str) else patterns:
            try:
                wanted += expand_numbers(pattern)
            except ValueError as error:
                notes.add("columns-invalid", path, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        asked[label] = frozenset(_known(wanted, items, notes, path))
    return asked


def _texts(
    use: InstrumentUse, entry: RegisteredInstrument | None, items: _Items, notes: Notes, here: str
) -> dict[str, str]:
    texts = {
        items.names[number - 1]: text for number, text in (entry.texts if entry else {}).items()
    }
    for item, text in (use.texts or {}).items():
        for name in _known((item,), items, notes, f"{here}.texts.{item}"):
            texts[name] = text
    return {name: text for name, text in texts.items() if name}


def _scoring(
    name: str,
    use: InstrumentUse,
    entry: RegisteredInstrument | None,
    scorings: Mapping[str, ScoringRule],
    notes: Notes,
) -> ScoringRule:
    if use.scoring is not None and use.scoring not in scorings and use.scoring != GAP:
        notes.unknown_name(f"instruments.{name}.scoring", use.scoring, scorings, "scoring")
    if use.scoring is not None and use.scoring in scorings:
        return scorings[use.scoring]
    if use.method is not None:
        return ScoringRule(name=use.method, method=use.method)
    return scorings[entry.default_scoring] if entry else ScoringRule(name="sum")


def _licence(entry: RegisteredInstrument | None) -> str | None:
    if entry is None:
        return None
    holder = f" ({entry.licence.holder})" if entry.licence.holder else ""
    return f"{entry.licence.status}{holder}"
