"""What is collected: who is asked what and when, and where the answers stand."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from salutogen.study.format.item_bank import Adaptation, ItemMetadata, not_written
from salutogen.study.format.part import Label, Name, Part
from salutogen.study.format.quantities import AnswerRange, Duration
from salutogen.study.format.time_columns import PromptTime, TimeColumn, ZoneColumn


class MissingCodes(Part):
    """Codes in the data that stand for a missing answer, by their reason."""

    not_asked: tuple[float, ...] = Field((), description="The item was not put to the person.")
    skipped: tuple[float, ...] = Field((), description="The person left the item out.")
    absent: tuple[float, ...] = Field((), description="The person did not fill in the form.")


class Complete(Part):
    """The column that says whether a form was handed in, and the code that says it was."""

    column: Name = Field(
        description="Name of the column; {occasion} stands for the occasion's label where a file "
        "has one row per person."
    )
    code: Label | bool | tuple[Label, ...] = Field(
        description="Code (or codes) of a form that was handed in; in other rows it was not."
    )

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code of a form that was handed in."""
        if isinstance(self.code, tuple):
            return self.code
        return (self.code if isinstance(self.code, str) else str(self.code).lower(),)


class RowsOf(Part):
    """The rows of a file that are meant, by what stands in one of its columns."""

    column: Name = Field(description="Name of the column.")
    code: Label | tuple[Label, ...] = Field(description="What stands there in the rows meant.")

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code of a row that is meant."""
        return (self.code,) if isinstance(self.code, str) else self.code


Columns = Name | Annotated[tuple[Name, ...], Field(min_length=1)]


class Source(Part):
    """One file of answers (or a data frame of that name) and how it is laid out."""

    file: str | None = Field(
        None,
        description="File name; its suffix may be left out. Default: the source's own name.",
    )
    files: Annotated[dict[Label, Name], Field(min_length=1)] | None = Field(
        None,
        description="One file per occasion, by the occasion's label, in the place of `file` and "
        "`occasion`.",
    )
    layout: Literal[
        "row-per-occasion", "row-per-person", "row-per-item", "row-per-event", "row-per-prompt"
    ] = Field(
        "row-per-occasion",
        description="What one row of the file stands for; row-per-event: a dated event, no answer; "
        "row-per-prompt: a momentary prompt and what was answered to it.",
    )
    person: Columns = Field(
        description="Column with the person's identifier, kept as text; several columns where "
        "identifiers are unique only within another column (a site)."
    )
    occasion: Columns | None = Field(
        None,
        description="Column naming the occasion by its label, or several columns that make it, in "
        "their order (day, prompt); not for row-per-person.",
    )
    occasion_by: Literal["day"] | None = Field(
        None,
        exclude_if=not_written,
        description="row-per-occasion, in the place of `occasion`: day, where the person's first "
        "day by `time` is the first occasion, the next day of the calendar the second, and so on.",
    )
    time: TimeColumn | None = Field(
        None, description="Column with the time of the answers, or of the event."
    )
    item: str | None = Field(None, description="row-per-item: column naming the item.")
    value: str | None = Field(None, description="row-per-item: column with the answer.")
    event: str | None = Field(None, description="row-per-event: column naming the kind of event.")
    rating: str | None = Field(
        None, description="row-per-event: column with how severe it was; may be left out."
    )
    scheduled: PromptTime | None = Field(
        None, exclude_if=not_written, description="row-per-prompt: when the prompt was due."
    )
    sent: PromptTime | None = Field(
        None, exclude_if=not_written, description="row-per-prompt: when it reached the person."
    )
    started: PromptTime | None = Field(
        None, exclude_if=not_written, description="row-per-prompt: when the person opened it."
    )
    answered: PromptTime | None = Field(
        None, exclude_if=not_written, description="row-per-prompt: when the person had answered it."
    )
    zone: Name | ZoneColumn | None = Field(
        None,
        exclude_if=not_written,
        description="row-per-prompt: where the persons were, e.g. Europe/Berlin, or the column "
        "that says so in each row, for times that do not say it themselves.",
    )
    prompt: Name | None = Field(
        None,
        exclude_if=not_written,
        description="row-per-prompt: column with the prompt's number or name; -1 is an answer "
        "that nobody had asked for.",
    )
    burst: Name | None = Field(
        None,
        exclude_if=not_written,
        description="row-per-prompt: column with the label of the occasion that the burst goes "
        "with; needed where several bursts are planned.",
    )
    only: RowsOf | None = Field(
        None,
        exclude_if=not_written,
        description="row-per-prompt, row-per-occasion: the rows of the file that are meant, where "
        "it holds those of other forms as well.",
    )
    header_rows: Annotated[int, Field(ge=1, le=50)] = Field(
        1, description="Rows of the header; the first of them names the columns."
    )
    skip_rows: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="Rows above the header, such as titles."
    )
    duplicates: Literal["refuse", "first", "last", "merge"] = Field(
        "refuse",
        description="What to do with rows of the same person and occasion whose answers differ: "
        "refuse them, take the first or the last, or merge rows that only complement each other.",
    )
    complete: Complete | None = Field(
        None,
        description="Column and code that say that the form was handed in; the answers of other "
        "rows are absent.",
    )
    boolean: Literal["refuse", "answer"] = Field(
        "refuse",
        description="Whether TRUE/FALSE, yes/no, ja/nein count as the answers 1 and 0.",
    )
    sheet: str | int | None = Field(
        None,
        description="Excel: name of the sheet, or its number from 0. Hidden sheets are read only "
        "where they are named.",
    )
    delimiter: str | None = Field(
        None, description="What separates columns of a text file; found by itself if left out."
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="Decimal mark of a text file; found by itself if left out."
    )
    encoding: str | None = Field(
        None,
        description="Encoding of a text, SPSS or Stata file; UTF-8, UTF-16 and others are "
        "recognised.",
    )

    @property
    def prompt_times(self) -> dict[str, PromptTime]:
        """Columns with the times of prompts, by what happened then, in the order of time."""
        named = {
            "scheduled": self.scheduled,
            "sent": self.sent,
            "started": self.started,
            "answered": self.answered,
        }
        return {what: column for what, column in named.items() if column is not None}

    @property
    def person_columns(self) -> tuple[str, ...]:
        """Columns that make the person."""
        return (self.person,) if isinstance(self.person, str) else self.person

    @property
    def occasion_columns(self) -> tuple[str, ...]:
        """Columns that make the occasion; none where nothing in the rows names it."""
        named = self.occasion or ()
        return (named,) if isinstance(named, str) else named

    @property
    def names_occasion(self) -> bool:
        """Whether a column or the file itself says which occasion a row belongs to."""
        return bool(self.occasion_columns or self.occasion_by) or self.files is not None

    @property
    def file_names(self) -> tuple[str, ...]:
        """Every file that the study file names for this source."""
        if self.files is not None:
            return tuple(self.files.values())
        return (self.file,) if self.file else ()


Hour = Annotated[float, Field(ge=0, le=24)]


class Burst(Part):
    """Dense sampling (EMA) that goes with an occasion: so many days, so many prompts a day."""

    days: Annotated[int, Field(ge=1, le=10_000)] = Field(description="Days of the burst.")
    prompts_per_day: Annotated[int, Field(ge=1, le=1440)] = Field(
        description="Prompts on each day."
    )
    hours: tuple[Hour, Hour] | None = Field(
        None,
        exclude_if=not_written,
        description="Hours of the day between which prompts are due, such as [9, 21]; each prompt "
        "has an equal part of them.",
    )

    @field_validator("hours")
    @classmethod
    def _first_before_last(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[0] >= value[1]:
            raise ValueError("the first hour must be before the last")
        return value


class OccasionBlock(Part):
    """A run of planned occasions: evenly spaced (`every`, `count`) or listed (`labels`, `at`)."""

    every: Duration | None = Field(None, description="Time between occasions.")
    count: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="Number of occasions."
    )
    labels: tuple[Label, ...] | None = Field(
        None,
        description="Labels as they stand in the data; 1, 2, 3, ... over all blocks if left out.",
    )
    at: tuple[Duration | Literal[0], ...] | None = Field(
        None, description="Planned times since the study's first occasion, which is 0."
    )
    burst: Burst | None = Field(None, description="Dense sampling at each of these occasions.")


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

    columns: str | tuple[str, ...] = Field(
        description='Columns of the items in their order: names or patterns like "GE_{01..11}"; '
        "{occasion} stands for the occasion's label where a file has one row per person."
    )
    instrument: str | None = Field(None, description="Name in the registry, if the key differs.")
    source: str | None = Field(
        None, description="Source with the columns; needed if there are several."
    )
    title: str | None = Field(None, description="Title for the report.")
    total: bool | None = Field(
        None,
        description="Whether the column holds a ready-made score (a sum or mean): decimals are "
        "allowed, and it is never counted or prorated; `answers` is then its range. Left out, a "
        "single column is taken for one where its values fit no item.",
    )
    answers: AnswerRange | None = Field(
        None, description="Lowest and highest code of an item, or value of a ready-made score."
    )
    recode: Annotated[dict[Label, float], Field(min_length=1)] | None = Field(
        None,
        description="Number of each answer that is stored otherwise, e.g. {Not at all: 0, Several "
        "days: 1}. Capitals and outer spaces do not matter.",
    )
    did_not_occur: float | None = Field(
        None,
        description="Code of an event that did not happen (not an absent form); it may lie outside "
        "`answers` and then scores 0.",
    )
    form: Literal["explicit", "tick-list"] | None = Field(
        None,
        description="Whether every item is answered, or only what happened is ticked: then a "
        "blank item in a submitted form means no. Default: explicit.",
    )
    recall: Duration | None = Field(None, description="How far back the answers reach.")
    measured: Literal["baseline", "repeated"] = Field(
        "repeated", description="Once per person, or at each occasion."
    )
    measures: Measures | None = Field(
        None, description="What it measures; by default from the registry or from its role."
    )
    higher: Literal["worse", "better"] | None = Field(
        None, description="What a higher score means. Wellbeing as problems is turned round."
    )
    reverse: tuple[str | int, ...] | None = Field(
        None, description="Items still to be turned round, by number (1-based) or column."
    )
    scoring: str | None = Field(None, description="A scoring of the registry, e.g. bimodal.")
    method: Literal["sum", "mean"] | None = Field(
        None, description="How items make a score, for instruments without a registered scoring."
    )
    subscales: dict[str, tuple[str | int, ...]] | None = Field(
        None, description="Items of each subscale, by number (1-based) or column."
    )
    asked: dict[Label, str | tuple[str, ...]] | None = Field(
        None, description="Lists that change: which columns were asked at which occasion."
    )
    texts: dict[str | int, str] | None = Field(
        None, description="Item wordings, by number or column, for the screen of stressor items."
    )
    justification: str | None = Field(
        None, description="Why items that name symptoms or appraisal are kept, or an odd role."
    )
    codes: MissingCodes | None = Field(
        None, description="Codes of missing answers, if they differ from `missing.codes`."
    )
    invalid: Literal["refuse", "missing"] | None = Field(
        None, description="What to do with impossible codes, if it differs from `invalid`."
    )
    reliability: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Published reliability, where it cannot be computed from items."
    )
    item_metadata: tuple[ItemMetadata, ...] = Field(
        (),
        exclude_if=not_written,
        description="What is known of the items: domain, hassle or life event, population, "
        "objectivity, source.",
    )
    adaptations: tuple[Adaptation, ...] = Field(
        (),
        exclude_if=not_written,
        description="How the instrument differs from the one published, change by change.",
    )


class Background(Part):
    """A column that describes the person (age, sex, site); may enter the norm as covariate."""

    column: Name = Field(description="Name of the column.")
    source: str | None = Field(
        None, description="Source with the column; needed if there are several."
    )
    kind: Literal["number", "category"] = Field(
        "number", description="Whether it is a number or a label."
    )


class Arms(Part):
    """Trial arms: the column and which label is the control arm."""

    column: Name = Field(description="Column with the arm of each person.")
    control: Label = Field(description="Label of the control arm.")
    source: str | None = Field(
        None, description="Source with the column; needed if there are several."
    )
    labels: tuple[Label, ...] | None = Field(None, description="All arms, the control included.")


class Population(Part):
    """Who is studied."""

    description: str | None = Field(None, description="In words, for the report.")
    eligibility: tuple[str, ...] = Field((), description="Criteria of admission, in words.")
    selected_on: tuple[str, ...] = Field(
        (), description="Instruments whose score decided who was admitted."
    )
