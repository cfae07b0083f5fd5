"""What an analysis is: settings, what it takes, a result, and how it is registered.

An analysis is a folder with a light settings model (its part of the study file), a function
`compute(inputs, settings)` that gives a frozen result, and the result's sections. Adding one is a
line in `registry.py`, or in another package an entry point of the group `salutogen.analyses` whose
value loads an `Analysis`.

Analyses never see who a person is: in what they take, `subject` holds the labels of the page
("Person A7"). Tables they write get the identifiers back from the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from salutogen.columns import Column, Kind, Record, beside, declared, record
from salutogen.errors import AnalysisError
from salutogen.findings import Finding, listed
from salutogen.study.format import Part

if TYPE_CHECKING:
    import polars as pl

    from salutogen.analyses.views import Views
    from salutogen.context import RunContext
    from salutogen.norm import Norm
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text
    from salutogen.panel import Panel
    from salutogen.resilience import Resilience
    from salutogen.scores import Scores
    from salutogen.study import Study


class AnalysisSettings(Part):
    """Base of the settings of an analysis: closed, frozen, every key with a description."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Backbone:
    """What the fixed rooms gave, in their order."""

    study: Study
    panel: Panel
    scores: Scores
    norm: Norm
    resilience: Resilience

    def __repr__(self) -> str:
        """Name the study."""
        return f"Backbone({self.study.title!r:.60}: panel, scores, norm, resilience)"


@dataclass(frozen=True, kw_only=True, repr=False)
class AnalysisInputs:
    """What an analysis takes.

    Attributes
    ----------
    study, panel, scores, norm, resilience
        Results of the fixed rooms; `subject` holds labels, never identifiers.
    run : RunContext
        Seed, executor, progress and audience.
    needed : mapping of str to AnalysisResult
        Results of the analyses it needs, by their kind.
    before : mapping of str to AnalysisResult
        Results of all analyses that were done before, by their label.
    """

    study: Study
    panel: Panel
    scores: Scores
    norm: Norm
    resilience: Resilience
    run: RunContext
    needed: Mapping[str, AnalysisResult] = field(default_factory=dict)
    before: Mapping[str, AnalysisResult] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Name the study, and the analyses whose results are there."""
        before = f"; after {listed(self.before)}" if self.before else ""
        return f"AnalysisInputs({self.study.title!r:.60}{before})"

    @cached_property
    def views(self) -> Views:
        """Scored variables as arrays, person by occasion."""
        from salutogen.analyses.views import Views

        return Views(self.scores, self.resilience)

    def need[T: AnalysisResult](self, kind: type[T]) -> T:
        """Return the needed result of a type.

        Raises
        ------
        AnalysisError
            The analysis is not registered as one that needs it.
        """
        found = next((item for item in self.needed.values() if isinstance(item, kind)), None)
        if found is None:
            raise AnalysisError(f"{kind.__name__} was not registered as needed.")
        return found


@record
class AnalysisResult(Record):
    """Base of what an analysis gives; its figures, declared as in `columns`, go into JSON.

    A result holds no audience: `sections` is told who reads, and the page hides what must be
    hidden by the kinds of the columns. What only the analysis can know to tell of few persons it
    keeps back itself, by `inputs.run.audience`.

    Attributes
    ----------
    kept_back : sequence of str
        Dotted paths, within the result, of figures that are null for that reason.
    """

    findings: Sequence[Finding] = beside(default=())
    kept_back: Sequence[str] = beside(default=())

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Sections of the report, in reading order."""
        return ()

    def files(self) -> Mapping[str, ResultFile]:
        """Tables to be written beside the report, by file name such as `anchors.csv`."""
        return {}

    def answer(self) -> Text:
        """Words for the opening of the report, or nothing."""
        return ""

    def in_short(self) -> Text:
        """A clause of the sentence that answers the study's question, or nothing.

        Several are parted by `page.section.NEXT_PARAGRAPH`.
        """
        return ""

    def methods(self) -> Text:
        """Words for the methods paragraph, or nothing."""
        return ""


@dataclass(frozen=True, kw_only=True, repr=False)
class ResultFile:
    """A table that an analysis writes.

    Attributes
    ----------
    table : DataFrame
        A column `subject` holds the labels that the analysis saw; the file gets the identifiers.
    columns : sequence of Column
        Every column declared, for the codebook.
    formats : mapping of str to callable
        The same in other formats: by the end of the file's name such as `temporal.graphml`, which
        is joined to that of the table, what makes its text from the table as it is told.
    """

    table: pl.DataFrame
    columns: Sequence[Column]
    formats: Mapping[str, Callable[[pl.DataFrame], str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say how many rows there are, and which columns."""
        return f"ResultFile({self.table.height} rows of {listed(self.table.columns)})"

    @property
    def personal(self) -> bool:
        """Whether rows stand for single persons, as far as is declared."""
        kinds = {
            Kind.PERSON if (found := declared(name, self.columns)) is None else found.kind
            for name in self.table.columns
        }
        return bool(kinds & {Kind.IDENTIFIER, Kind.PERSON})


Compute = Callable[[AnalysisInputs, Any], AnalysisResult]


@dataclass(frozen=True, kw_only=True, repr=False)
class Analysis:
    """A kind of analysis, as it is registered.

    Attributes
    ----------
    name, title : str
        What the study file calls it under `step`, and what people call it.
    settings, compute : str
        `module:attribute`, loaded when needed; settings must be light (pydantic only).
    result : str
        `module:attribute` of the result's class, for the schema of `results.json`.
    needs : tuple of str
        Kinds whose results it takes.
    waits_for : tuple of str
        Kinds that are done before it where a study has them; their results are in `before`.
    default : bool
        Whether it is done unless the study file says `enabled: false`.
    results_at : mapping of str to str
        Dotted places in `results.json`, besides `steps`, of figures of the first result of this
        kind: `{"windows": "resilience.windows"}`. An empty name stands for all figures.
    fits_classes : bool
        Whether its models need kernels that not every run compiles.
    """

    name: str
    title: str
    settings: str
    compute: str
    result: str = "salutogen.analyses.contract:AnalysisResult"
    needs: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    default: bool = False
    results_at: Mapping[str, str] = field(default_factory=dict)
    fits_classes: bool = False

    def __repr__(self) -> str:
        """Name the kind, and where its code is."""
        return f"Analysis({self.name!r}, {self.compute})"

    def settings_model(self) -> type[AnalysisSettings]:
        """Load the settings model."""
        model: type[AnalysisSettings] = _load(self.settings)
        return model

    def function(self) -> Compute:
        """Load the code."""
        function: Compute = _load(self.compute)
        return function

    def result_type(self) -> type[AnalysisResult]:
        """Load the class of the result."""
        found: type[AnalysisResult] = _load(self.result)
        return found


def _load(address: str) -> Any:
    module, _, attribute = address.partition(":")
    return getattr(import_module(module), attribute)
