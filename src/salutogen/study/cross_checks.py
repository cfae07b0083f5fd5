"""Checks that the parts of a study file fit together: every name leads somewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from salutogen.study.model import Source
from salutogen.study.notes import GAP, Notes
from salutogen.study.quantities import OCCASION_PLACEHOLDER
from salutogen.study.resolving import problem_names
from salutogen.study.schedule_checks import check_schedule
from salutogen.study.study import Study


def check_references(study: Study, named: frozenset[str], notes: Notes) -> None:
    """Check names, layouts, periods and covariates.

    Parameters
    ----------
    study : Study
        The study as far as it could be read.
    named : frozenset of str
        Every instrument the file names, those included that could not be read.
    notes : Notes
        Takes what is wrong.
    """
    _check_instruments_named(study, named, notes)
    _check_sources(study, notes)
    _check_layouts(study, notes)
    _check_columns_taken_once(study, notes)
    check_schedule(study, notes)
    _check_norm(study, notes)
    _check_asked(study, notes)


def _check_instruments_named(study: Study, named: frozenset[str], notes: Notes) -> None:
    plan = study.plan
    several = not isinstance(plan.problems, str)
    uses: list[tuple[str, str]] = [
        (f"problems.instruments.{index}" if several else "problems", name)
        for index, name in enumerate(problem_names(plan))
    ]
    uses += [(f"exposure.types.{index}", name) for index, name in enumerate(plan.exposure.types)]
    uses += [(f"factors.{index}", name) for index, name in enumerate(plan.factors)]
    for path, name in uses:
        if name not in named:
            notes.unknown_name(path, name, named, "instrument")
    if isinstance(plan.exposure.score, dict):
        for name in plan.exposure.score:
            if name not in plan.exposure.types:
                path = f"exposure.score.{name}"
                notes.unknown_name(path, name, plan.exposure.types, "exposure type")
    known = (*named, *plan.background)
    for index, name in enumerate(plan.population.selected_on):
        if name not in known:
            notes.unknown_name(f"population.selected_on.{index}", name, known, "instrument")
    for key in ("problems", "exposure", "factors"):
        _check_named_once(key, [name for path, name in uses if path.startswith(key)], notes)
    uncombined = study.problems.combine == "single" and not notes.is_open("problems.combine")
    if several and len(problem_names(plan)) > 1 and uncombined:
        notes.add(
            "problems-not-combined",
            "problems",
            f"`problems` names {len(problem_names(plan))} instruments but not how they make "
            "one score.",
        )


def _check_named_once(key: str, names: list[str], notes: Notes) -> None:
    for name, number in Counter(names).items():
        if number > 1 and name != GAP:
            notes.add("named-twice", key, f"`{key}` names {name!r} {number} times.")


def _check_sources(study: Study, notes: Notes) -> None:
    plan = study.plan
    places = [(f"background.{name}", one.source) for name, one in plan.background.items()]
    if plan.arms is not None:
        places.append(("arms", plan.arms.source))
        labels = plan.arms.labels
        if labels is not None and plan.arms.control not in labels and plan.arms.control != GAP:
            notes.unknown_name("arms.control", plan.arms.control, labels, "arm")
    for path, source in places:
        if source is not None and source not in plan.sources:
            notes.unknown_name(f"{path}.source", source, plan.sources, "source")
        elif source in plan.event_sources:
            _say_no_answers(path, f"`{path}`", str(source), notes)
        elif source is None and len(plan.answer_sources) > 1:
            number = len(plan.answer_sources)
            notes.add(
                "source-needed",
                path,
                f"There are {number} sources; it is not said which one holds `{path}`.",
                mend=f"Add `source:` with one of: {', '.join(plan.answer_sources)}.",
            )
    files = Counter((one.file, one.sheet) for one in plan.sources.values() if one.file)
    for (file, _), number in files.items():
        if number > 1 and file != GAP:
            notes.add("named-twice", "sources", f"{number} sources have the file {file!r}.")


def _check_layouts(study: Study, notes: Notes) -> None:
    for name, source in study.plan.sources.items():
        if name == GAP:
            continue
        for key in _keys_needed(study, name, source):
            notes.add(
                "layout-incomplete",
                f"sources.{name}",
                f"The layout `{source.layout}` of {name!r} needs `{key}`.",
                mend=f"Add `{key}:` with the name of the column.",
            )
    for name, instrument in study.instruments.items():
        if instrument.source not in study.plan.sources or instrument.source == GAP:
            continue
        layout = study.plan.sources[instrument.source].layout
        if layout == "row-per-event":
            _say_no_answers(f"instruments.{name}", repr(name), instrument.source, notes)
            continue
        marked = [OCCASION_PLACEHOLDER in column for column in instrument.columns.values()]
        repeated = instrument.measured == "repeated"
        path = f"instruments.{name}.columns"
        if layout == "row-per-person" and repeated and len(study.occasions) > 1 and not all(marked):
            notes.add(
                "layout-incomplete",
                path,
                f"{name!r} is repeated, but its columns do not say at which occasion.",
                mend="Write {occasion} where the columns carry the occasion's label, "
                'for example "GE_{01..11}_w{occasion}", or add `measured: baseline`.',
            )
        if any(marked) and (layout != "row-per-person" or not repeated):
            why = f"has the layout `{layout}`" if repeated else "is measured at baseline only"
            notes.add(
                "layout-incomplete",
                path,
                f"The columns of {name!r} name {OCCASION_PLACEHOLDER}, but it {why}.",
                mend="Take {occasion} out of the columns, or correct the layout.",
            )


def _say_no_answers(path: str, what: str, source: str, notes: Notes) -> None:
    notes.add(
        "source-holds-events",
        path,
        f"{what} is to come from the source {source!r}, which holds dated events and no answers.",
    )


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


def _check_columns_taken_once(study: Study, notes: Notes) -> None:
    """No column may be an item of two instruments of one source."""
    owner: dict[tuple[str, str], str] = {}
    said: set[tuple[str, str]] = set()
    for name, instrument in study.instruments.items():
        for column in instrument.columns.values():
            first = owner.setdefault((instrument.source, column), name)
            if first != name and (first, name) not in said:
                said.add((first, name))
                notes.add(
                    "column-taken-twice",
                    f"instruments.{name}.columns",
                    f"The column {column!r} belongs to {first!r} and to {name!r}.",
                    column=column,
                )


def _check_norm(study: Study, notes: Notes) -> None:
    """Covariates are background; a factor among them would be adjusted away."""
    plan = study.plan
    for index, name in enumerate(plan.norm.covariates):
        path = f"norm.covariates.{index}"
        if name in plan.factors:
            notes.add(
                "factor-in-norm",
                path,
                f"{name!r} is a factor and a covariate of the line: what it protects from is "
                "taken out of SR before its effect is looked for.",
            )
        elif name not in plan.background:
            notes.unknown_name(path, name, plan.background, "background column")


def _check_asked(study: Study, notes: Notes) -> None:
    """Occasions at which lists change must be planned."""
    for name, instrument in study.instruments.items():
        for label in instrument.asked or {}:
            if study.labels and label not in study.labels:
                path = f"instruments.{name}.asked.{label}"
                notes.unknown_name(path, label, study.labels, "occasion")
