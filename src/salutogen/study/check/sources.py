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
        elif source is None and len(plan.answer_sources) > 1:
            found.tell(
                "source-needed",
                at=path,
                variant="path",
                number=len(plan.answer_sources),
                choices=", ".join(plan.answer_sources),
            )
    files = Counter((one.file, one.sheet) for one in plan.sources.values() if one.file)
    for (file, _), number in files.items():
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
    for name, instrument in study.instruments.items():
        if instrument.source not in study.plan.sources or instrument.source == GAP:
            continue
        layout = study.plan.sources[instrument.source].layout
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
        if layout == "row-per-person" and repeated and len(study.occasions) > 1 and not all(marked):
            found.tell("layout-incomplete", at=path, variant="occasion", name=name)
        if any(marked) and (layout != "row-per-person" or not repeated):
            why = "other-layout" if repeated else "baseline"
            found.tell("layout-incomplete", at=path, variant=why, name=name, layout=layout)


def _keys_needed(study: Study, name: str, source: Source) -> Iterator[str]:
    """Keys a layout needs and the source lacks."""
    repeated = any(
        one.measured == "repeated" for one in study.instruments.values() if one.source == name
    )
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
    wants_occasion = source.layout != "row-per-person" and repeated and len(study.occasions) > 1
    if wants_occasion and source.occasion is None:
        yield "occasion"


def _check_columns_taken_once(study: Study, found: FindingsByLine) -> None:
    """No column may be an item of two instruments of one source."""
    owner: dict[tuple[str, str], str] = {}
    said: set[tuple[str, str]] = set()
    for name, instrument in study.instruments.items():
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
