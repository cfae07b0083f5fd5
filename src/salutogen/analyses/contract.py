"""Analysis steps after the backbone: a name, light settings, and code imported when it runs.

A step is one module with a pydantic settings model (its part of the study file) and a function
`run(inputs: StepInputs, settings) -> StepResult`. Adding one is a line in `BUILT_IN`, or an entry
point of the group `salutogen.analyses` in another package whose value loads a `Step`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pydantic import BaseModel, ValidationError

from salutogen.errors import StudyError
from salutogen.findings import Finding, finding

if TYPE_CHECKING:
    import polars as pl
    from pydantic_core import ErrorDetails

    from salutogen.norm import Norm
    from salutogen.page.section import Section
    from salutogen.panel import Panel
    from salutogen.pipeline.codebook import OutputColumn
    from salutogen.resilience import Resilience
    from salutogen.scores import Scores
    from salutogen.study import Study

GROUP = "salutogen.analyses"


@dataclass(frozen=True, kw_only=True)
class StepInputs:
    """What a step may take: the backbone's results and the results of the steps it needs."""

    study: Study
    panel: Panel
    scores: Scores
    norm: Norm
    resilience: Resilience
    before: Mapping[str, StepResult]
    seed: int


class StepResult(Protocol):
    """What a step gives: plain data for results.json, sections for the report, findings."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What is doubtful."""

    def summary(self) -> Mapping[str, Any]:
        """Plain data for `results.json`."""

    def sections(self) -> Sequence[Section]:
        """Sections for the report."""


@dataclass(frozen=True, kw_only=True)
class StepFile:
    """A table that a step writes beside the report.

    Attributes
    ----------
    table : DataFrame
    columns : tuple of OutputColumn
        What stands in it, for the codebook.
    personal : bool
        Whether rows stand for single persons: named as personal data in the manifest.
    """

    table: pl.DataFrame
    columns: tuple[OutputColumn, ...] = ()
    personal: bool = True


@runtime_checkable
class GivesFiles(Protocol):
    """A step result that also writes files."""

    def files(self) -> Mapping[str, StepFile]:
        """Tables by file name, such as `anchors.csv`."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A kind of analysis: `settings` and `code` are `module:attribute`, loaded when needed.

    `results_key` puts the summary of the first analysis of this kind also at the top level of
    `results.json`, under that key. `fits_classes` says that its models need kernels which not
    every run compiles.
    """

    name: str
    title: str
    settings: str
    code: str
    needs: tuple[str, ...] = ()
    results_key: str | None = None
    fits_classes: bool = False

    def settings_model(self) -> type[BaseModel]:
        """Load the light settings model (pydantic only)."""
        model: type[BaseModel] = _load(self.settings)
        return model

    def function(self) -> Callable[[StepInputs, Any], StepResult]:
        """Load the code of the step."""
        function: Callable[[StepInputs, Any], StepResult] = _load(self.code)
        return function


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """A step as one study asks for it: its label in the results and its validated settings."""

    step: Step
    label: str
    settings: BaseModel


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """A step that was run: its result, or None and the findings that refused it."""

    label: str
    step: Step
    result: StepResult | None
    findings: tuple[Finding, ...] = field(default_factory=tuple)


BUILT_IN: dict[str, Step] = {
    "trajectories": Step(
        name="trajectories",
        title="Trajectories locked to events",
        settings="salutogen.analyses.trajectories.settings:TrajectorySettings",
        code="salutogen.analyses.trajectories.analysis:run",
        results_key="trajectories",
        fits_classes=True,
    ),
}


def _load(address: str) -> Any:
    module, _, attribute = address.partition(":")
    return getattr(import_module(module), attribute)


def files_of(outcomes: Sequence[StepOutcome]) -> dict[str, StepFile]:
    """Tables of all steps by file name.

    A name that an earlier analysis already uses gets the later analysis's place in front.
    """
    found: dict[str, StepFile] = {}
    for place, outcome in enumerate(outcomes, start=1):
        result: object = outcome.result
        if not isinstance(result, GivesFiles):
            continue
        for name, file in result.files().items():
            found[f"{place}-{name}" if name in found else name] = file
    return found


def available_steps() -> dict[str, Step]:
    """Every step that can be named under `analyses`, built in or from other packages."""
    steps = dict(BUILT_IN)
    for entry in sorted(entry_points(group=GROUP), key=lambda item: item.name):
        steps.setdefault(entry.name, entry.load())
    return steps


def plan_steps(study: Study, steps: Mapping[str, Step] | None = None) -> tuple[PlannedStep, ...]:
    """Validate `analyses` and order the steps so that each follows those it needs.

    Raises
    ------
    StudyError
        An unknown step, settings that do not validate, a label used twice or a need not met;
        all at once.
    """
    if not study.plan.analyses:
        return ()
    known = available_steps() if steps is None else steps
    wrong: list[Finding] = []
    planned: list[PlannedStep] = []
    file = study.path.name if study.path else None
    for index, raw in enumerate(study.plan.analyses):
        place = (file, study.line_of(f"analyses.{index}"))
        result = _plan_one(raw, index, known, place)
        if isinstance(result, PlannedStep):
            planned.append(result)
        else:
            wrong.extend(result)
    labels = [item.label for item in planned]
    wrong.extend(
        finding(
            "step-label-twice",
            f"Two analyses are called {label!r}; results would overwrite each other.",
            numbers={"label": label},
        )
        for label in sorted({label for label in labels if labels.count(label) > 1})
    )
    ordered = _in_order(planned, wrong)
    if wrong:
        raise StudyError(wrong)
    return ordered


def _plan_one(
    raw: Mapping[str, Any],
    index: int,
    known: Mapping[str, Step],
    place: tuple[str | None, int | None],
) -> PlannedStep | list[Finding]:
    name = raw.get("step")
    file, line = place
    if not isinstance(name, str) or name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f" The nearest name is {near[0]!r}." if near else ""
        choices = ", ".join(sorted(known)) or "none are installed"
        return [
            finding(
                "unknown-step",
                f"Analysis {index + 1} names the step {name!r}, which is not known.{hint}",
                mend=f"Name one of these steps: {choices}.",
                file=file,
                line=line,
            )
        ]
    step = known[name]
    settings = {key: value for key, value in raw.items() if key not in ("step", "name")}
    try:
        model = step.settings_model().model_validate(settings)
    except ValidationError as error:
        problems = error.errors()
        telling = [problem for problem in problems if not _is_other_choice(problem)]
        return [
            finding(
                "step-settings",
                f"Analysis {index + 1} ({name}): {_setting(problem['loc'])}: "
                f"{problem['msg'].removeprefix('Value error, ')}",
                file=file,
                line=line,
            )
            for problem in telling or problems
        ]
    return PlannedStep(step=step, label=str(raw.get("name", name)), settings=model)


def _setting(location: tuple[str | int, ...]) -> str:
    """Dotted name of a setting, without the words that tell choices of a union apart."""
    return ".".join(str(part) for part in location if not _is_choice((part,))) or "settings"


def _is_other_choice(problem: ErrorDetails) -> bool:
    """Whether it only says that a section is not the single word that may stand in its place.

    What is wrong inside the section is another problem of the same error.
    """
    return (
        problem["type"] == "literal_error"
        and isinstance(problem["input"], Mapping)
        and _is_choice(problem["loc"][-1:])
    )


def _is_choice(place: tuple[str | int, ...]) -> bool:
    """Whether a place is pydantic's name for one choice of a union, such as `literal['off']`."""
    return any(isinstance(part, str) and "[" in part for part in place)


def _in_order(planned: list[PlannedStep], wrong: list[Finding]) -> tuple[PlannedStep, ...]:
    """Order by needs, keeping the file's order wherever needs allow."""
    ordered: list[PlannedStep] = []
    waiting = list(planned)
    while waiting:
        done = {item.step.name for item in ordered}
        ready = next((item for item in waiting if set(item.step.needs) <= done), None)
        if ready is None:
            wrong.extend(
                finding(
                    "step-need-missing",
                    f"The analysis {item.label!r} needs {', '.join(item.step.needs)}, "
                    "which the study file does not ask for.",
                )
                for item in waiting
            )
            break
        ordered.append(ready)
        waiting.remove(ready)
    return tuple(ordered)
