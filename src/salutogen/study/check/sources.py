"""Whether sources, layouts and columns say in full where each answer stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import GAP, OCCASION_PLACEHOLDER, Source
from salutogen.study.study import Study


def check_sources(study: Study, found: FindingsByLine) -> None:
    """Check that each column has one source, a complete layout and one owner."""
    _check_sources_named(study, found)
    _check_layouts(study, found)
    _check_columns_taken_once(study, found)


def _check_sources_named(study: Study, found: FindingsByLine) -> None:
    plan = study.plan
    places = [(f"background.{name}", one.source) for name, one in plan.background.items()]
    if plan.arms is not None:
        places.append(("arms", plan.arms.source))
        labels = plan.arms.labels
        if labels is not None and plan.arms.control not in labels and plan.arms.control != GAP:
            found.unknown_name("arms.control", plan.arms.control, labels, "arm")
    for path, source in places:
        if source is not None and source not in plan.sources:
            found.unknown_name(f"{path}.source", source, plan.sources, "source")
        elif source in plan.event_sources:
            found.tell("source-holds-events", at=path, variant="path", source=str(source))
        elif source in plan.prompt_sources:
            found.tell("source-holds-prompts", at=path, variant="path", source=str(source))
        elif source is None and len(plan.answer_sources) > 1:
            found.tell(
                "source-needed",
                at=path,
                variant="path",
                number=len(plan.answer_sources),
                choices=", ".join(plan.answer_sources),
            )
    files = Counter(
        (file, one.sheet, one.complete, one.only)
        for one in plan.sources.values()
        for file in one.file_names
    )
    for (file, *_), number in files.items():
        if number > 1 and file != GAP:
            found.tell("named-twice", at="sources", variant="file", name=file, number=number)


def _check_layouts(study: Study, found: FindingsByLine) -> None:
    for name, source in study.plan.sources.items():
        if name == GAP:
            continue
        for key in _keys_needed(study, name, source):
            found.tell(
                "layout-incomplete",
                at=f"sources.{name}",
                variant="column",
                layout=source.layout,
                name=name,
                needed=key,
            )
        _check_keys_together(study, name, source, found)
    for name, instrument in study.instruments.items():
        if instrument.source not in study.plan.sources or instrument.source == GAP:
            continue
        source = study.plan.sources[instrument.source]
        layout = source.layout
        if layout == "row-per-event":
            found.tell(
                "source-holds-events",
                at=f"instruments.{name}",
                variant="instrument",
                name=name,
                source=instrument.source,
            )
            continue
        marked = [OCCASION_PLACEHOLDER in column for column in instrument.columns.values()]
        repeated = instrument.measured == "repeated"
        path = f"instruments.{name}.columns"
        if source.files is not None and repeated:
            continue
        if layout == "row-per-person" and repeated and len(study.occasions) > 1 and not all(marked):
            found.tell("layout-incomplete", at=path, variant="occasion", name=name)
        if any(marked) and (layout != "row-per-person" or not repeated):
            why = "other-layout" if repeated else "baseline"
            found.tell("layout-incomplete", at=path, variant=why, name=name, layout=layout)


def _check_keys_together(study: Study, name: str, source: Source, found: FindingsByLine) -> None:
    """Keys of one source that exclude each other, name nothing, or name something twice."""
    here = f"sources.{name}"
    if source.files is not None:
        for other, given in (("file", source.file), ("occasion", source.occasion)):
            if given is not None:
                found.tell("source-keys-clash", at=f"{here}.{other}", variant="files")
        if source.layout == "row-per-event":
            found.tell("source-keys-clash", at=f"{here}.files", variant="events")
        for label in source.files:
            if study.labels and label not in study.labels and label != GAP:
                found.unknown_name(f"{here}.files.{label}", label, study.labels, "occasion")
    if source.occasion_by is not None and source.layout == "row-per-occasion":
        for other, named in (("occasion", source.occasion), ("files", source.files)):
            if named is not None:
                found.tell("source-keys-clash", at=f"{here}.{other}", variant="day")
    if source.complete is not None and source.layout == "row-per-event":
        found.tell("source-keys-clash", at=f"{here}.complete", variant="events")
    for key, columns in (("person", source.person_columns), ("occasion", source.occasion_columns)):
        for column, number in Counter(columns).items():
            if number > 1 and column != GAP:
                found.tell(
                    "named-twice", at=f"{here}.{key}", variant="list", name=column, number=number
                )


def _keys_needed(study: Study, name: str, source: Source) -> Iterator[str]:
    """Keys a layout needs and the source lacks."""
    repeated = any(
        one.measured == "repeated" for one in study.instruments.values() if one.source == name
    )
    if source.layout == "row-per-prompt":
        if not source.prompt_times:
            yield "scheduled"
        if source.burst is None and len(study.schedule.bursts) > 1:
            yield "burst"
        return
    if source.layout == "row-per-event":
        if source.event is None:
            yield "event"
        if source.time is None:
            yield "time"
        return
    if source.layout == "row-per-item":
        if source.item is None:
            yield "item"
        if source.value is None:
            yield "value"
    if source.occasion_by is not None and source.time is None:
        yield "time"
    wants_occasion = source.layout != "row-per-person" and repeated and len(study.occasions) > 1
    if wants_occasion and not source.names_occasion:
        yield "occasion"


def _check_columns_taken_once(study: Study, found: FindingsByLine) -> None:
    """No column may be an item of two instruments of one source."""
    owner: dict[tuple[str, str], str] = {}
    said: set[tuple[str, str]] = set()
    for name, instrument in (*study.instruments.items(), *study.prompted.items()):
        for column in instrument.columns.values():
            first = owner.setdefault((instrument.source, column), name)
            if first != name and (first, name) not in said:
                said.add((first, name))
                found.tell(
                    "column-taken-twice",
                    at=f"instruments.{name}.columns",
                    first=first,
                    second=name,
                    column=column,
                )
