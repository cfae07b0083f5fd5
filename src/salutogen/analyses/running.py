"""Do the planned analyses one after the other; what fails stops itself and its dependents."""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.contract import (
    Analysis,
    AnalysisInputs,
    AnalysisResult,
    Backbone,
    ResultFile,
)
from salutogen.analyses.labelled import SUBJECT, labelled
from salutogen.analyses.plain_data import to_plain
from salutogen.analyses.planning import PlannedAnalysis
from salutogen.errors import SalutogenError
from salutogen.findings import Finding, Severity, finding, refusals
from salutogen.memory import give_back_memory
from salutogen.page.privacy import Guard, texts_of
from salutogen.page.section import Section
from salutogen.page.words import without_counts
from salutogen.scores.of_few import without_few_others

if TYPE_CHECKING:
    from salutogen.context import RunContext


# What the run writes itself, besides what is no CSV.
RUN_FILES = {"scores.csv", "windows.csv", "person.csv", "phases.csv", "codebook.csv"}
_END = re.compile(r"[a-z0-9-]+\.[a-z]+")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.csv")


@dataclass(frozen=True, kw_only=True, repr=False)
class Outcome:
    """An analysis that was done, or why it was not.

    Attributes
    ----------
    analysis : Analysis
    label : str
        Its name in the results.
    result : AnalysisResult or None
        None where it was refused or failed; the findings say why.
    content : mapping or None
        Its figures for `results.json`.
    sections : sequence of Section
    files : mapping of str to ResultFile
        As the audience may see them.
    answer, in_short, methods : str
        Words for the opening, for its one sentence in short and for the methods, as the audience
        may read them.
    asked : bool
        Whether the study file names it.
    """

    analysis: Analysis
    label: str
    result: AnalysisResult | None = None
    content: Mapping[str, Any] | None = None
    sections: Sequence[Section] = ()
    files: Mapping[str, ResultFile] = field(default_factory=dict)
    answer: str = ""
    in_short: str = ""
    methods: str = ""
    findings: tuple[Finding, ...] = ()
    asked: bool = True

    def __repr__(self) -> str:
        """Say what was done and how much came of it, in a line."""
        done = "not done" if self.result is None else repr(self.result)
        return (
            f"Outcome({self.label!r}: {done}; {len(self.sections)} sections, "
            f"{len(self.files)} files, {len(self.findings)} findings)"
        )


def run_analyses(
    planned: Sequence[PlannedAnalysis], backbone: Backbone, run: RunContext
) -> tuple[Outcome, ...]:
    """Do each analysis; a refusal or a failure stops it and those that need its result.

    The whole of an analysis runs here (its sections and tables as well), so that nothing of it can
    end the run later. Only Ctrl-C goes through. Outcomes are in the order of the page.
    """
    if not planned:
        return ()
    whole = replace(backbone, scores=without_few_others(backbone.scores))
    seen = labelled(whole, run.audience)
    guard = Guard(run.audience, backbone.panel.identifiers)
    outcomes: dict[str, Outcome] = {}
    for place, item in enumerate(planned):
        run.tell(place, len(planned))
        refused = [label for label in item.needs.values() if outcomes[label].result is None]
        if refused:
            told = finding("analysis-need-refused", label=item.label, needed=refused)
            outcomes[item.label] = _not_done(item, (told,))
            continue
        results = {
            label: outcome.result
            for label, outcome in outcomes.items()
            if outcome.result is not None
        }
        inputs = AnalysisInputs(
            study=seen.study,
            panel=seen.panel,
            scores=seen.scores,
            norm=seen.norm,
            resilience=seen.resilience,
            run=run.at(item.label),
            needed={kind: results[label] for kind, label in item.needs.items()},
            before=results,
        )
        outcomes[item.label] = _outcome(item, inputs, guard)
        give_back_memory()
    return tuple(outcomes[item.label] for item in sorted(planned, key=lambda item: item.place))


def _outcome(item: PlannedAnalysis, inputs: AnalysisInputs, guard: Guard) -> Outcome:
    try:
        result = item.analysis.function()(inputs, item.settings)
        sections, withheld = guard.sections(result.sections(inputs.run.audience))
        content, more = _nameless(result.to_dict(), item.label, guard)
        files, refused = _files_of(result, item.label)
        found = guard.findings(result.findings)
        _require_writable(content, found, guard)
        return Outcome(
            analysis=item.analysis,
            label=item.label,
            result=result,
            content=content,
            sections=sections,
            files=files,
            answer=guard.words(result.answer()),
            in_short=guard.words(result.in_short()),
            methods=guard.words(result.methods()),
            findings=(*found, *withheld, *more, *refused),
            asked=item.asked,
        )
    except SalutogenError as error:
        why = tuple(_as_refusal(one, item.label) for one in error.findings)
        if not refusals(why):  # a model that could not be fitted says why in plain words
            reason = without_counts(error).as_told(inputs.run.audience)
            why = (finding("step-refused", label=item.label, reason=reason), *why)
        return _not_done(item, guard.findings(why))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # engines panic, and code may try to leave the program
        if os.environ.get("SALUTOGEN_DEBUG"):
            raise
        # Its message may hold answers of persons: only the place in the code is told.
        told = finding(
            "analysis-failed",
            label=item.label,
            error=type(error).__name__,
            place=place_of(error, {"salutogen", item.analysis.compute.partition(".")[0]}),
        )
        return _not_done(item, (told,))


def _as_refusal(found: Finding, label: str) -> Finding:
    """Put the name of the analysis before the reason why it was refused."""
    if found.severity is not Severity.REFUSAL:
        return found
    whole = finding("step-refused", label=label, reason=found)
    return replace(found, text=whole.text, template=whole.template, values=whole.values)


def _files_of(
    result: AnalysisResult, label: str
) -> tuple[dict[str, ResultFile], tuple[Finding, ...]]:
    """Return the files that can be written, and a finding for each that cannot."""
    kept: dict[str, ResultFile] = {}
    refused: list[Finding] = []
    for name, file in result.files().items():
        variant = ""
        if not _FILE_NAME.fullmatch(str(name)):
            variant = "name"
        elif name.lower() in RUN_FILES:
            variant = "taken"
        elif file.table.schema.get(SUBJECT, pl.String) != pl.String:
            variant = "subject"
        if variant:
            told = finding("analysis-file-left-out", variant=variant, label=label, name=str(name))
            refused.append(told)
            continue
        _ = file.personal  # every column can be looked up
        for end, text_of in file.formats.items():
            if file.personal or not _END.fullmatch(end):
                raise ValueError(f"{name}: no personal data in other formats; got {end!r}.")
            text_of(file.table)  # what fails, fails here
        kept[name] = file
    return kept, tuple(refused)


def _require_writable(content: Any, findings: Sequence[Finding], guard: Guard) -> None:
    """Make sure that figures and findings can be written as JSON and as words."""
    told = [item.to_dict() for item in findings]
    json.dumps(to_plain([content, told]), allow_nan=False)
    for item in findings:
        guard.finding(item)


def _not_done(item: PlannedAnalysis, findings: tuple[Finding, ...]) -> Outcome:
    return Outcome(analysis=item.analysis, label=item.label, findings=findings, asked=item.asked)


def place_of(error: BaseException, own: Collection[str]) -> str:
    """Module, line and function in which it failed, without a path of the machine.

    The last place in `own` packages; what these call is of no help.
    """
    frames = [
        (str(frame.f_globals.get("__name__", "")), line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    inside = [found for found in frames if found[0].partition(".")[0] in own]
    module, line, function = (inside or frames)[-1]
    return f"{module}, line {line}, in {function}"


def _nameless(
    content: Mapping[str, Any], label: str, guard: Guard
) -> tuple[Mapping[str, Any] | None, tuple[Finding, ...]]:
    """Return figures for `results.json`, which is no personal data: without any identifier."""
    if not any(guard.identifiers.stand_in(text) for text in _texts(content)):
        return content, ()
    told = finding("identifier-withheld", what="What", where=f"the analysis {label!r} computed")
    return None, (told,)


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _texts(value)
    elif isinstance(content, int):
        yield str(content)
    elif isinstance(content, pl.DataFrame):
        yield from texts_of(content)
