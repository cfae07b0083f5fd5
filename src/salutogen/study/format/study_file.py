"""`StudyFile`: everything a study file may say. The settings of analyses stay raw here."""

from typing import Annotated, Any, Literal

from pydantic import Field

from salutogen.study.format.analysed import (
    Exposure,
    MissingRules,
    NormSettings,
    Problems,
    ReportSettings,
    ResilienceSettings,
)
from salutogen.study.format.collected import (
    Arms,
    Background,
    InstrumentUse,
    OccasionBlock,
    Population,
    Source,
)
from salutogen.study.format.item_bank import not_written
from salutogen.study.format.momentary import MomentaryRoles
from salutogen.study.format.part import Name, Part

FORMAT = 1


class StudyFile(Part):
    """Everything a study file may say."""

    salutogen: Literal[1] = Field(description="Version of this format; the first key.")
    title: Name = Field(description="Title of the study.")
    description: str | None = Field(None, description="The study in a few sentences.")
    question: str | None = Field(None, description="What is asked; the report opens with it.")
    population: Population = Field(
        Population(), description="Who is studied and how persons were admitted."
    )
    arms: Arms | None = Field(None, description="Trial arms.")
    background: dict[str, Background] = Field(
        default_factory=dict, description="Columns that describe persons, by name."
    )
    occasions: OccasionBlock | tuple[OccasionBlock, ...] = Field(
        description="Planned occasions: one block, or several that follow one another."
    )
    sources: Annotated[dict[str, Source], Field(min_length=1)] = Field(
        description="Files of answers, by name."
    )
    instruments: Annotated[dict[str, InstrumentUse], Field(min_length=1)] = Field(
        description="Instruments, by name; names of the registry bring their items with them."
    )
    instrument_folder: str | None = Field(
        None, description="Folder with further instrument files, beside the study file."
    )
    problems: str | Problems = Field(
        description="Mental-health problems P: an instrument, or several and how they make P."
    )
    exposure: Exposure = Field(description="Stressor exposure E, by type.")
    factors: tuple[str, ...] = Field(
        (), description="Instruments that might protect or harm, measured once or each time."
    )
    momentary: MomentaryRoles | None = Field(
        None,
        exclude_if=not_written,
        description="What the instruments of a source with a row per prompt stand for.",
    )
    norm: NormSettings = Field(NormSettings(), description="The lines from E to P.")
    resilience: ResilienceSettings = Field(
        ResilienceSettings(), description="How resilience is scored."
    )
    missing: MissingRules = Field(MissingRules(), description="Rules for missing answers.")
    invalid: Literal["refuse", "missing"] = Field(
        "refuse", description="What to do with impossible codes: refuse, or treat as missing."
    )
    report: ReportSettings = Field(ReportSettings(), description="What the report shows.")
    analyses: tuple[dict[str, Any], ...] = Field(
        (), description="Analyses after the scores: each with its `step` and settings."
    )
    simulation: dict[str, Any] | None = Field(
        None, description="Settings of `salutogen simulate`; `run` never reads them."
    )

    @property
    def answer_sources(self) -> tuple[str, ...]:
        """Names of the sources that hold answers of occasions, not dated events or prompts."""
        others = ("row-per-event", "row-per-prompt")
        return tuple(name for name, one in self.sources.items() if one.layout not in others)

    @property
    def event_sources(self) -> tuple[str, ...]:
        """Names of the sources with one row for each dated event."""
        return self._of_layout("row-per-event")

    @property
    def prompt_sources(self) -> tuple[str, ...]:
        """Names of the sources with one row for each momentary prompt."""
        return self._of_layout("row-per-prompt")

    def _of_layout(self, layout: str) -> tuple[str, ...]:
        return tuple(name for name, source in self.sources.items() if source.layout == layout)
