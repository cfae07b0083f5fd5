"""Each instrument of a study: what its file says joined with what the registry knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from salutogen.names import did_you_mean, nearest
from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import (
    GAP,
    AnswerRange,
    InstrumentUse,
    Measures,
    Problems,
    StudyFile,
)
from salutogen.study.instruments.adapting import composition_of, log_of
from salutogen.study.instruments.instrument import Instrument, ScoringRule
from salutogen.study.instruments.item_names import (
    Items,
    items_of,
    known_items,
    numbered_items,
    written_out,
)
from salutogen.study.instruments.metadata import facts_of
from salutogen.study.instruments.registry import RegisteredInstrument, registered_names, shipped


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
    items = items_of(name, use, found)
    if items is None:
        return None
    here = f"instruments.{name}"
    made = composition_of(name, use, items, entry, found)
    numbered = numbered_items(
        name, items, entry, found, added=made.added_items, left_out=made.left_out
    )
    if numbered is None:
        return None
    entered = _entered(items, numbered, entry, made.added_items)
    column_of = dict(zip(items.names, items.columns, strict=True))
    subscales = _subscales(use, entry, numbered, found, here)
    published = (entry.items or 0) if entry else 0
    measures = use.measures or (entry.measures if entry else _measures_by_role(name, plan))
    scorings = entry.scoring_rules() if entry else {}
    return Instrument(
        name=name,
        registered=entry.name if entry else None,
        title=use.title or (entry.title if entry else name),
        source=_source(name, use, plan, found),
        items=entered,
        columns={item: column_of[item] for item in entered},
        answers=_answers(name, use, entry, found),
        did_not_occur=_first(use.did_not_occur, entry and entry.did_not_occur),
        form=use.form or (entry.form if entry else "explicit"),
        recall=use.recall or (entry.recall if entry else None),
        measured=use.measured,
        measures=measures,
        higher=use.higher or (entry.higher if entry else _direction(measures)),
        reverse=_reverse(use, entry, numbered, found, here) & frozenset(entered),
        scoring=_scoring(name, use, entry, scorings, found),
        scorings=scorings,
        subscales=subscales,
        asked=_asked(use, items, found, here),
        texts=_texts(use, entry, numbered, found, here),
        justification=use.justification,
        codes=use.codes or plan.missing.codes,
        invalid=use.invalid or plan.invalid,
        recode=use.recode or {},
        reliability=use.reliability,
        licence=_licence(entry),
        citation=entry.sources[0] if entry else None,
        version=entry.version if entry else None,
        notes=entry.notes if entry else None,
        numbers={
            item: number
            for number, item in enumerate(numbered.names, start=1)
            if item and number <= published
        },
        safety_numbers=entry.safety_items if entry else (),
        facts=facts_of(name, use, numbered, entry, made.added_items, found),
        log=log_of(name, use, numbered, made, subscales, found, published=published),
    )


def _answers(
    name: str, use: InstrumentUse, entry: RegisteredInstrument | None, found: FindingsByLine
) -> AnswerRange | None:
    """Range of answers; one of another length than registered is told, unless the log says why."""
    published = entry.answers if entry else None
    if use.answers is None or published is None or entry is None:
        return use.answers or published
    differs = use.answers.maximum - use.answers.minimum != published.maximum - published.minimum
    if differs and not any(one.change == "format" for one in use.adaptations):
        found.tell(
            "answers-differ-from-registry",
            at=f"instruments.{name}.answers",
            name=name,
            registered=entry.name,
            answers=str(use.answers),
            published=str(published),
        )
    return use.answers


def _entered(
    items: Items, numbered: Items, entry: RegisteredInstrument | None, added: tuple[str, ...]
) -> tuple[str, ...]:
    """Items that enter scores, in the order of the columns: fillers are left out."""
    if entry is None or entry.scored is None:
        return items.names
    scored = {*_by_number(entry.scored, numbered), *added}
    return tuple(item for item in items.names if item in scored)


def _by_number(numbers: Iterable[int], items: Items) -> tuple[str, ...]:
    """Names of items of the published list; those left out have none."""
    return tuple(name for number in numbers if (name := items.resolve(number)))


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
    items: Items,
    found: FindingsByLine,
    here: str,
) -> frozenset[str]:
    if use.reverse is None:
        return frozenset(_by_number(entry.reverse, items)) if entry else frozenset()
    return frozenset(known_items(use.reverse, items, found, f"{here}.reverse"))


def _subscales(
    use: InstrumentUse,
    entry: RegisteredInstrument | None,
    items: Items,
    found: FindingsByLine,
    here: str,
) -> dict[str, tuple[str, ...]]:
    if use.subscales is not None:
        return {
            name: known_items(named, items, found, f"{here}.subscales.{name}")
            for name, named in use.subscales.items()
        }
    if entry is None:
        return {}
    return {name: _by_number(numbers, items) for name, numbers in entry.subscales.items()}


def _asked(
    use: InstrumentUse, items: Items, found: FindingsByLine, here: str
) -> dict[str, frozenset[str]] | None:
    if use.asked is None:
        return None
    asked = {}
    for label, patterns in use.asked.items():
        path = f"{here}.asked.{label}"
        named = written_out(patterns, found, path) or ()
        asked[label] = frozenset(known_items(named, items, found, path))
    return asked


def _texts(
    use: InstrumentUse,
    entry: RegisteredInstrument | None,
    items: Items,
    found: FindingsByLine,
    here: str,
) -> dict[str, str]:
    texts = {
        name: text
        for number, text in (entry.texts if entry else {}).items()
        if (name := items.resolve(number))
    }
    for item, text in (use.texts or {}).items():
        for name in known_items((item,), items, found, f"{here}.texts.{item}"):
            texts[name] = text
    return texts


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
