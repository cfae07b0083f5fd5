"""The study file's own part, as frozen pydantic models. Steps' settings stay raw here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from salutogen.study.quantities import AnswerRange, Duration

FORMAT = 1
Name = Annotated[str, Field(min_length=1)]
Label = Annotated[str, BeforeValidator(lambda value: _label(value))]


def _label(value: Any) -> Any:
    """Let a bare number in YAML stand for its text (an occasion called 1, an arm called 0)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(value)


class Part(BaseModel):
    """A part of the study file: frozen, closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class TimeColumn(Part):
    """Where the time of an answer stands. Times become days (since 1970-01-01 for dates)."""

    column: Name
    unit: Literal[
        "minutes",
        "hours",
        "days",
        "weeks",
        "months",
        "years",
        "days since 1970-01-01",
        "seconds since 1970-01-01",
        "date",
        "datetime",
    ] = "days"
    format: str | None = Field(
        None, description="How dates are written, e.g. %d.%m.%Y; ISO 8601 if left out."
    )


class MissingCodes(Part):
    """Codes in the data that stand for a missing answer, by their reason."""

    not_asked: tuple[float, ...] = ()
    skipped: tuple[float, ...] = ()
    absent: tuple[float, ...] = ()


class Source(Part):
    """One file of answers (or a data frame of that name) and how it is laid out."""

    file: str | None = Field(None, description="File name; its suffix may be left out.")
    layout: Literal["row-per-occasion", "row-per-person", "row-per-item"] = "row-per-occasion"
    person: Name
    occasion: str | None = Field(None, description="Column naming the occasion.")
    time: TimeColumn | None = None
    item: str | None = Field(None, description="row-per-item: column naming the item.")
    value: str | None = Field(None, description="row-per-item: column with the answer.")
    sheet: str | int | None = None
    delimiter: str | None = None
    decimal: Literal[".", ","] | None = None
    encoding: str | None = None


class OccasionBlock(Part):
    """A run of planned occasions: evenly spaced (`every`, `count`) or listed (`labels`, `at`)."""

    every: Duration | None = None
    count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    labels: tuple[Label, ...] | None = None
    at: tuple[Duration | Literal[0], ...] | None = None
    burst: Burst | None = None


class Burst(Part):
    """Dense sampling (EMA) that goes with an occasion: so many days, so many prompts a day."""

    days: Annotated[int, Field(ge=1)]
    prompts_per_day: Annotated[int, Field(ge=1)]


Measures = Literal[
    "problems",
    "wellbeing",
    "exposure",
    "adversity",
    "perceived-stress",
    "resource",
    "trait",
    "perceived-recovery",
    "risk",
    "physiology",
    "momentary",
    "other",
]


class InstrumentUse(Part):
    """How an instrument stands in the data, and what differs from the registry."""

    columns: str | tuple[str, ...]
    instrument: str | None = Field(None, description="Name in the registry, if the key differs.")
    source: str | None = None
    title: str | None = None
    answers: AnswerRange | None = None
    did_not_occur: float | None = Field(
        None, description="Code of an event that did not happen (not an absent form)."
    )
    form: Literal["explicit", "tick-list"] | None = Field(
        None, description="tick-list: a blank item in a submitted form means no."
    )
    recall: Duration | None = None
    measured: Literal["baseline", "repeated"] = "repeated"
    measures: Measures | None = None
    higher: Literal["worse", "better"] | None = None
    reverse: tuple[str | int, ...] | None = Field(
        None,
        description="Items still to be turned round, by number (1-based) or column.",
    )
    scoring: str | None = Field(None, description="A scoring of the registry, e.g. bimodal.")
    method: Literal["sum", "mean"] | None = None
    subscales: dict[str, tuple[str | int, ...]] | None = None
    asked: dict[Label, str | tuple[str, ...]] | None = Field(
        None,
        description="Lists that change: which columns were asked at which occasion.",
    )
    texts: dict[str | int, str] | None = Field(None, description="Item wordings, for the lint.")
    justification: str | None = Field(
        None,
        description="Why items that name symptoms or appraisal are kept, or an odd role.",
    )
    codes: MissingCodes | None = None
    invalid: Literal["refuse", "missing"] | None = None
    reliability: Annotated[float, Field(gt=0, le=1)] | None = None


class Problems(Part):
    """What counts as mental-health problems P."""

    instruments: Annotated[tuple[str, ...], Field(min_length=1)]
    combine: Literal["single", "sum", "first-component"] = "single"
    scoring: str | None = None


ExposureScore = Literal["count", "frequency", "severity", "relative"]


class Exposure(Part):
    """What counts as stressor exposure E, by type."""

    types: Annotated[tuple[str, ...], Field(min_length=1)]
    score: ExposureScore | dict[str, ExposureScore] = "count"
    combine: Literal["sum", "composite", "separate"] = "composite"
    threshold: float | None = Field(
        None,
        description="count: an event counts from this code on (default: any occurrence).",
    )


class Background(Part):
    """A column that describes the person (age, sex, site); may enter the norm as covariate."""

    column: Name
    source: str | None = None
    kind: Literal["number", "category"] = "number"


class Arms(Part):
    """Trial arms: the column and which label is the control arm."""

    column: Name
    control: Label
    source: str | None = None
    labels: tuple[Label, ...] | None = None


class Reference(Part):
    """The persons and occasions a line is fitted on."""

    arm: Label | None = None
    phase: str | None = None
    window: int | None = None


class NormSettings(Part):
    """Which E-P line is primary, its shape and the set it is fitted on."""

    unit: Literal["person", "occasion", "window", "mixed"] = "person"
    shape: Literal["linear", "quadratic", "spline", "test"] = "linear"
    reference: Literal["all", "first-window"] | Reference = "all"
    covariates: tuple[str, ...] = ()
    file: str | None = Field(None, description="norm.json of another study, used as it is.")


class Windows(Part):
    """Sliding windows: whole numbers count occasions, lengths of time are time."""

    width: Annotated[int, Field(ge=1, strict=True)] | Duration = 3
    step: Annotated[int, Field(ge=1, strict=True)] | Duration = 1
    valid: Annotated[int, Field(ge=1)] = 2


class Phase(Part):
    """A named stretch of planned occasions, both ends included."""

    first: Label = Field(alias="from")
    last: Label = Field(alias="to")


class ResilienceSettings(Part):
    """Windows, phases, bootstrap and the assumptions of the sensitivity bands."""

    windows: Windows | None = Windows()
    phases: dict[str, Phase] = Field(default_factory=dict)
    bootstrap: Annotated[int, Field(ge=0, le=100_000)] = 1000
    exposure_reliability: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (
        0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0,
    )  # fmt: skip
    mood_reporting: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4)


class MissingRules(Part):
    """What happens with skipped items."""

    prorate: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="Problems are prorated from this share of valid items."
    )
    checklist: Annotated[float, Field(ge=0, le=1)] = Field(
        0.2,
        description="Explicit checklists: more than this share skipped gives no exposure.",
    )
    codes: MissingCodes = MissingCodes()


class ReportSettings(Part):
    """What the report shows of single persons."""

    individuals: Literal["show", "hide"] = "show"


class Population(Part):
    """Who is studied."""

    description: str | None = None
    eligibility: tuple[str, ...] = ()
    selected_on: tuple[str, ...] = Field(
        (), description="Instruments whose score decided who was admitted."
    )


class StudyFile(Part):
    """Everything a study file may say."""

    salutogen: Literal[1]
    title: Name
    description: str | None = None
    question: str | None = Field(None, description="What is asked; the report opens with it.")
    population: Population = Population()
    arms: Arms | None = None
    background: dict[str, Background] = Field(default_factory=dict)
    occasions: OccasionBlock | tuple[OccasionBlock, ...]
    sources: Annotated[dict[str, Source], Field(min_length=1)]
    instruments: Annotated[dict[str, InstrumentUse], Field(min_length=1)]
    instrument_folder: str | None = Field(
        None, description="Folder with further instrument files, beside the study file."
    )
    problems: str | Problems
    exposure: Exposure
    factors: tuple[str, ...] = ()
    norm: NormSettings = NormSettings()
    resilience: ResilienceSettings = ResilienceSettings()
    missing: MissingRules = MissingRules()
    invalid: Literal["refuse", "missing"] = "refuse"
    report: ReportSettings = ReportSettings()
    analyses: tuple[dict[str, Any], ...] = ()
    simulation: dict[str, Any] | None = None
