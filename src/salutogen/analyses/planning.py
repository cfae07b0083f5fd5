"""Which analyses a study asks for, with which settings, and in which order they are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from salutogen.analyses.contract import Analysis, AnalysisSettings
from salutogen.analyses.registry import available, not_loaded
from salutogen.errors import StudyError
from salutogen.findings import Findings, Severity
from salutogen.names import did_you_mean
from salutogen.study.format.validation import in_words

if TYPE_CHECKING:
    from salutogen.study import Study

# Keys of every analysis, which the planner reads unless its settings declare one of that name
# (`after` of a step that compares occasions); the others are its settings.
KEYS = frozenset({"step", "name", "after", "enabled"})


@dataclass(frozen=True, kw_only=True)
class PlannedAnalysis:
    """An analysis as one study asks for it.

    Attributes
    ----------
    label : str
        Its name in the results, unique in the study.
    needs : mapping of str to str
        Labels of the analyses whose results it takes, by their kind.
    after : tuple of str
        Labels of analyses to be done before it: named so, or of kinds it waits for.
    asked : bool
        Whether the study file names it; otherwise it is on by default.
    place : int
        Place among the results and on the page, whenever it is done.
    stands_at : mapping of str to Any
        `file` and `line` of the study file that ask for it; empty where it is on by default.
    """

    analysis: Analysis
    label: str
    settings: AnalysisSettings
    after: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    asked: bool = True
    place: int = 0
    stands_at: Mapping[str, Any] = field(default_factory=dict)

    @property
    def waits_for(self) -> set[str]:
        """Labels that must be done first."""
        return {*self.after, *self.needs.values()}


def plan_analyses(
    study: Study, known: Mapping[str, Analysis] | None = None
) -> tuple[PlannedAnalysis, ...]:
    """Validate `analyses`, add those that are on by default, and put them into order.

    An analysis is done after those it needs and those it names under `after`; otherwise, and in the
    results, the default ones come first, then the others as the study file lists them.

    Raises
    ------
    StudyError
        An unknown analysis or label, settings that do not validate, a label used twice, a need that
        is not met or not clear, analyses that wait for each other; all at once.
    """
    known = available() if known is None else known
    found = Findings()
    asked, off = _asked(study, known, found)
    planned = _with_defaults(asked, off, known)
    _check_labels(planned, study.labels, found)
    planned = [
        replace(_with_needs(item, planned, found), place=place)
        for place, item in enumerate(planned)
    ]
    ordered = _in_order(planned, found)
    found.raise_refusals(StudyError)
    return ordered


def _asked(
    study: Study, known: Mapping[str, Analysis], found: Findings
) -> tuple[list[PlannedAnalysis], set[str]]:
    """Return what the study file asks for, and the kinds it switches off."""
    asked: list[PlannedAnalysis] = []
    off: set[str] = set()
    file = study.path.name if study.path else None
    for index, raw in enumerate(study.plan.analyses):
        place: dict[str, Any] = {"file": file, "line": study.line_of(f"analyses.{index}")}
        name = raw.get("step")
        if isinstance(name, str) and name not in known and name in not_loaded():
            found.extend([replace(not_loaded()[name], severity=Severity.REFUSAL)])
        elif not isinstance(name, str) or name not in known:
            found.tell(
                "unknown-step",
                variant="named",
                number=index + 1,
                step=name,
                near=did_you_mean(name, known),
                known=sorted(known),
                **place,
            )
        elif (item := _validated(raw, index, known[name], found, place)) is not None:
            if raw.get("enabled", True):
                asked.append(item)
            else:
                off.add(name)
    return asked, off


def _validated(
    raw: Mapping[str, Any],
    index: int,
    analysis: Analysis,
    found: Findings,
    place: Mapping[str, Any],
) -> PlannedAnalysis | None:
    before = len(found)
    model = analysis.settings_model()
    general = KEYS - {field.alias or name for name, field in model.model_fields.items()}
    after = raw.get("after", ()) if "after" in general else ()
    after = [after] if isinstance(after, str) else after
    if not isinstance(after, list | tuple) or not all(isinstance(item, str) for item in after):
        what = "`after` is a list of names of analyses"
        found.tell("step-settings", number=index + 1, step=analysis.name, what=what, **place)
        after = ()
    if not isinstance(raw.get("enabled", True), bool):
        what = "`enabled` is true or false"
        found.tell("step-settings", number=index + 1, step=analysis.name, what=what, **place)
    if not isinstance(raw.get("name", ""), str | int | float) or raw.get("name") == "":
        what = "`name` is a word"
        found.tell("step-settings", number=index + 1, step=analysis.name, what=what, **place)
    settings = {key: value for key, value in raw.items() if key not in general}
    try:
        own = model.model_validate(settings)
    except ValidationError as error:
        for what in in_words(error, settings, model):
            found.tell("step-settings", number=index + 1, step=analysis.name, what=what, **place)
        return None
    except Exception as error:  # code of the settings themselves
        what = f"the settings could not be read ({type(error).__name__})"
        found.tell("step-settings", number=index + 1, step=analysis.name, what=what, **place)
        return None
    if len(found) > before:
        return None
    label = str(raw.get("name", analysis.name))
    return PlannedAnalysis(
        analysis=analysis, label=label, settings=own, after=tuple(after), stands_at=place
    )


def _with_defaults(
    asked: list[PlannedAnalysis], off: set[str], known: Mapping[str, Analysis]
) -> list[PlannedAnalysis]:
    """Put the kinds that are on by default first, each as asked or with its own settings."""
    first: list[PlannedAnalysis] = []
    for analysis in known.values():
        if not analysis.default:
            continue
        own = [item for item in asked if item.analysis.name == analysis.name]
        if not own and analysis.name not in off:
            settings = analysis.settings_model()()
            own = [
                PlannedAnalysis(
                    analysis=analysis, label=analysis.name, settings=settings, asked=False
                )
            ]
        first += own
    return [*first, *(item for item in asked if not item.analysis.default)]


def _check_labels(
    planned: list[PlannedAnalysis], occasions: Sequence[str], found: Findings
) -> None:
    labels = [item.label for item in planned]
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        last = [item for item in planned if item.label == label][-1]
        found.tell("step-label-twice", label=label, **last.stands_at)
    for item in planned:
        for label in item.after:
            if label not in labels:
                near = did_you_mean(label, labels)
                found.tell(
                    "analysis-after-unknown",
                    variant="occasion" if label in occasions else "",
                    label=item.label,
                    named=label,
                    near=near,
                    **item.stands_at,
                )


def _with_needs(
    item: PlannedAnalysis, planned: list[PlannedAnalysis], found: Findings
) -> PlannedAnalysis:
    """Say whose results an analysis takes: the one of the kind, or the one `after` names."""
    needs: dict[str, str] = {}
    for kind in item.analysis.needs:
        labels = [other.label for other in planned if other.analysis.name == kind]
        named = [label for label in labels if label in item.after]
        if len(named) == 1 or len(labels) == 1:
            needs[kind] = (named or labels)[0]
        elif labels:
            found.tell(
                "analysis-need-unclear",
                label=item.label,
                kind=kind,
                labels=labels,
                **item.stands_at,
            )
        else:
            found.tell("step-need-missing", label=item.label, needs=[kind], **item.stands_at)
    earlier = [other.label for other in planned if other.analysis.name in item.analysis.waits_for]
    return replace(item, needs=needs, after=tuple(dict.fromkeys((*item.after, *earlier))))


def _in_order(planned: list[PlannedAnalysis], found: Findings) -> tuple[PlannedAnalysis, ...]:
    """Order by what each waits for, keeping the given order wherever that allows."""
    labels = {item.label for item in planned}
    ordered: list[PlannedAnalysis] = []
    waiting = list(planned)
    while waiting:
        done = {item.label for item in ordered}
        ready = next((item for item in waiting if item.waits_for & labels <= done), None)
        if ready is None:
            labels_waiting = [item.label for item in waiting]
            at = waiting[0].stands_at
            found.tell("analyses-wait-for-each-other", labels=labels_waiting, **at)
            break
        ordered.append(ready)
        waiting.remove(ready)
    return tuple(ordered)
