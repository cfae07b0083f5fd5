"""Each instrument of a study: what its file says joined with what the registry knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from salutogen.names import did_you_mean, nearest
from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import (
    GAP,
    InstrumentUse,
    Measures,
    Problems,
    StudyFile,
    expand_numbers,
    item_name,
)
from salutogen.study.instruments.instrument import Instrument, ScoringRule
from salutogen.study.instruments.registry import RegisteredInstrument, registered_names, shipped


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


def instruments_of(
    plan: StudyFile, own: Mapping[str, RegisteredInstrument], found: FindingsByLine
) -> dict[str, Instrument]:
    """Build every instrument of the study; what is wrong goes into `found`."""
    built = {}
    for name, use in plan.instruments.items():
        instrument = _instrument(name, use, plan, own, found)
        if instrument is not None:
            built[name] = instrument
    return built


def _entry(
    name: str, use: InstrumentUse, own: Mapping[str, RegisteredInstrument], found: FindingsByLine
) -> RegisteredInstrument | None:
    """Look up the registry: the user's own folder first, then what ships."""
    registered = use.instrument or name
    if registered in own:
        return own[registered]
    if registered in registered_names():
        return shipped(registered)
    if use.instrument is not None and use.instrument != GAP:
        known = [*own, *registered_names()]
        found.tell(
            "unknown-name",
            at=f"instruments.{name}.instrument",
            variant="registry",
            name=registered,
            nearest=nearest(registered, known),
            mend=did_you_mean(registered, known).strip() or None,
        )
    return None


def _instrument(
    name: str,
    use: InstrumentUse,
    plan: StudyFile,
    own: Mapping[str, RegisteredInstrument],
    found: FindingsByLine,
) -> Instrument | None:
    entry = _entry(name, use, own, found)
    items = _items(name, use, found)
    if items is None:
        return None
    here = f"instruments.{name}"
    if entry is not None and not _right_number(name, items, entry, found):
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
        source=_source(name, use, plan, found),
        items=entered,
        columns={item: column_of[item] for item in entered},
        answers=use.answers or (entry.answers if entry else None),
        did_not_occur=_first(use.did_not_occur, entry and entry.did_not_occur),
        form=use.form or (entry.form if entry else "explicit"),
        recall=use.recall or (entry.recall if entry else None),
        measured=use.measured,
        measures=measures,
        higher=use.higher or (entry.higher if entry else _direction(measures)),
        reverse=_reverse(use, entry, numbered, found, here) & frozenset(entered),
        scoring=_scoring(name, use, entry, scorings, found),
        scorings=scorings,
        subscales=_subscales(use, entry, numbered, found, here),
        asked=_asked(use, items, found, here),
        texts=_texts(use, entry, numbered, found, here),
        justification=use.justification,
        codes=use.codes or plan.missing.codes,
        invalid=use.invalid or plan.invalid,
        recode=use.recode or {},
        reliability=use.reliability,
        licence=_licence(entry),
        citation=entry.sources[0] if entry else None,
    )


def _items(name: str, use: InstrumentUse, found: FindingsByLine) -> _Items | None:
    """Write out the columns; None (and a finding) where that is impossible."""
    patterns = (use.columns,) if isinstance(use.columns, str) else use.columns
    path = f"instruments.{name}.columns"
    if GAP in patterns:
        return None
    try:
        columns = tuple(column for pattern in patterns for column in expand_numbers(pattern))
    except ValueError as error:
        _tell_pattern(error, path, found)
        return None
    if not columns or not all(columns):
        found.tell("columns-invalid", at=path, variant="none")
        return None
    names = tuple(item_name(column) for column in columns)
    twice = sorted({item for item in names if names.count(item) > 1})
    if twice:
        found.tell("columns-invalid", at=path, variant="twice", item=twice[0])
        return None
    return _Items(names, columns)


def _right_number(
    name: str, items: _Items, entry: RegisteredInstrument, found: FindingsByLine
) -> bool:
    allowed = {entry.items, len(entry.scored)} if entry.scored else {entry.items}
    number = len(items.columns)
    if entry.items is None or number in allowed:
        return True
    found.tell(
        "item-number-differs",
        at=f"instruments.{name}.columns",
        registered=entry.name,
        items=" or ".join(str(number) for number in sorted(filter(None, allowed))),
        instrument=name,
        expected=entry.items,
        found=number,
    )
    return False


def _tell_pattern(error: ValueError, path: str, found: FindingsByLine) -> None:
    """Say why a pattern of columns cannot be written out."""
    problem = str(error)
    problem = problem[:1].upper() + problem[1:]
    found.tell("columns-invalid", at=path, variant="pattern", problem=problem)


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


def _source(name: str, use: InstrumentUse, plan: StudyFile, found: FindingsByLine) -> str:
    names = plan.answer_sources or tuple(plan.sources)
    if use.source is None:
        if len(names) > 1:
            found.tell(
                "source-needed",
                at=f"instruments.{name}",
                variant="instrument",
                number=len(names),
                name=name,
                choices=", ".join(names),
            )
        return names[0]
    if use.source not in plan.sources:
        found.unknown_name(f"instruments.{name}.source", use.source, names, "source")
    return use.source


def _reverse(
    use: InstrumentUse,
    entry: RegisteredInstrument | None,
    items: _Items,
    found: FindingsByLine,
    here: str,
) -> frozenset[str]:
    if use.reverse is None:
        return frozenset(items.names[n - 1] for n in entry.reverse) if entry else frozenset()
    return frozenset(_known(use.reverse, items, found, f"{here}.reverse"))


def _known(
    named: Iterable[str | int], items: _Items, found: FindingsByLine, path: str
) -> tuple[str, ...]:
    """Names of the items asked for; those that do not exist are said."""
    names = []
    for item in named:
        name = items.resolve(item)
        if name:
            names.append(name)
        elif item != GAP:
            found.unknown_name(path, str(item), [*items.names, *items.columns], "item")
    return tuple(names)


def _subscales(
    use: InstrumentUse,
    entry: RegisteredInstrument | None,
    items: _Items,
    found: FindingsByLine,
    here: str,
) -> dict[str, tuple[str, ...]]:
    if use.subscales is not None:
        return {
            name: _known(named, items, found, f"{here}.subscales.{name}")
            for name, named in use.subscales.items()
        }
    if entry is None:
        return {}
    return {
        name: tuple(items.names[number - 1] for number in numbers)
        for name, numbers in entry.subscales.items()
    }


def _asked(
    use: InstrumentUse, items: _Items, found: FindingsByLine, here: str
) -> dict[str, frozenset[str]] | None:
    if use.asked is None:
        return None
    asked = {}
    for label, patterns in use.asked.items():
        path = f"{here}.asked.{label}"
        named: list[str] = []
        for pattern in (patterns,) if isinstance(patterns, str) else patterns:
            try:
                named += expand_numbers(pattern)
            except ValueError as error:
                _tell_pattern(error, path, found)
        asked[label] = frozenset(_known(named, items, found, path))
    return asked


def _texts(
    use: InstrumentUse,
    entry: RegisteredInstrument | None,
    items: _Items,
    found: FindingsByLine,
    here: str,
) -> dict[str, str]:
    texts = {
        items.names[number - 1]: text for number, text in (entry.texts if entry else {}).items()
    }
    for item, text in (use.texts or {}).items():
        for name in _known((item,), items, found, f"{here}.texts.{item}"):
            texts[name] = text
    return {name: text for name, text in texts.items() if name}


def _scoring(
    name: str,
    use: InstrumentUse,
    entry: RegisteredInstrument | None,
    scorings: Mapping[str, ScoringRule],
    found: FindingsByLine,
) -> ScoringRule:
    if use.scoring is not None and use.scoring not in scorings and use.scoring != GAP:
        found.unknown_name(f"instruments.{name}.scoring", use.scoring, scorings, "scoring")
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
