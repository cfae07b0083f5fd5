"""What a study file may say under `simulation`: closed settings, each with a default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from salutogen.errors import SimulationError
from salutogen.findings import Finding, finding
from salutogen.names import did_you_mean
from salutogen.simulation.momentary_settings import MomentarySettings
from salutogen.study.format import Duration, Label, Part

Share = Annotated[float, Field(ge=0, le=1)]
Correlation = Annotated[float, Field(gt=-1, lt=1)]
Autocorrelation = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class SimulationPart(Part):
    """A part of the simulation settings: frozen, closed to unknown keys."""


class LineSettings(SimulationPart):
    """Each person's line of problems on exposure, in SD of problems per SD of exposure."""

    slope: float = Field(0.45, description="Mean slope; negative turns the relation round.")
    between: float | None = Field(
        None, description="Slope between persons, if it differs from the one within (`slope`)."
    )
    slope_sd: NotNegative = Field(0.1, description="SD of the persons' slopes.")
    level_slope_correlation: Correlation = Field(
        0.0, description="Correlation of a person's level (true long-term SR) with the slope."
    )
    autocorrelation: Autocorrelation = Field(
        0.3, description="Lag-1 correlation of what moves problems apart from exposure."
    )


class ExposureSettings(SimulationPart):
    """How exposure runs: stable person level, first-order autoregression, shared shifts."""

    association: Correlation = Field(
        0.4, ge=0, description="Correlation between the types, between and within persons."
    )
    autocorrelation: Autocorrelation = 0.3
    trend: float = Field(0.0, description="Change from first to last occasion, in SD.")
    shocks: dict[Label, float] = Field(
        default_factory=dict, description="Shared shift at a named occasion, in SD."
    )


class ScaleSettings(SimulationPart):
    """Targets of one instrument's score, in the points of its own scoring.

    They describe what happens before events, arms, reporting bias and dropout come on top.
    """

    mean: float | None = None
    sd: Positive | None = Field(None, description="SD over persons and occasions.")
    icc: Annotated[float, Field(ge=0, lt=1)] | None = None
    association: Correlation | None = Field(
        None, description="Further problem scales: correlation with the first one's process."
    )
    spread: NotNegative = Field(
        1.0, description="How much items differ in how often they are endorsed (SD of logits)."
    )
    degree: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.4, description="Event lists: mean position of an event's rating between its two ends."
    )


class FactorSettings(SimulationPart):
    """How a resilience factor goes with the person's true reactivity."""

    reactivity: Correlation = Field(
        0.0, description="Correlation with the true long-term SR; protective is negative."
    )
    slope: Correlation = Field(0.0, description="Correlation with the person's slope.")
    exposure: Correlation = Field(
        0.0, description="Correlation with the lasting part of the person's exposure."
    )
    factors: dict[str, Correlation] = Field(
        default_factory=dict,
        description="Correlations of its lasting part with those of factors listed before it.",
    )
    follows: float = Field(
        0.0,
        description="Repeated factors: points in SDs per SD of problems at the occasion before; "
        "the factor then follows from problems, not the other way round.",
    )
    within: Correlation = Field(
        0.0, description="Repeated factors: correlation with the momentary part of SR."
    )
    autocorrelation: Autocorrelation = 0.5


class ResponseClass(SimulationPart):
    """One way of responding to the major event, in SD of problems."""

    share: Share
    jump: float = 0.0
    half_life: Duration | None = Field(
        None, description="Time in which the jump halves; left out, it stays."
    )
    delay: Annotated[int, Field(ge=0)] = Field(0, description="Occasions until the jump.")


def _default_classes() -> dict[str, ResponseClass]:
    return {
        "resilient": ResponseClass(share=0.66),
        "recovery": ResponseClass(share=0.2, jump=1.5, half_life=Duration.parse("3 months")),
        "delayed": ResponseClass(share=0.07, jump=1.2, delay=2),
        "chronic": ResponseClass(share=0.07, jump=1.2),
    }


class EventSettings(SimulationPart):
    """A major event at one occasion: an item of a list that did not occur before."""

    instrument: str
    share: Share = Field(0.3, description="Share of persons who meet one.")
    first: Label | None = Field(None, description="Earliest occasion (default: the third).")
    last: Label | None = Field(None, description="Latest occasion (default: the last but two).")
    rating: float | None = Field(
        None, description="Answer given to it; left out, drawn as for any event that happened."
    )
    classes: dict[str, ResponseClass] = Field(default_factory=_default_classes)


class ReportingSettings(SimulationPart):
    """How what is reported departs from what happened."""

    mood: float = Field(
        0.0, description="g: reported E = E + g times P, both in SD (problems colour reports)."
    )
    omitted: Share = Field(0.0, description="Share of events that are not reported.")
    invented: Share = Field(0.0, description="Share of events not met that are reported.")


class Missed(SimulationPart):
    """A chance per occasion and what raises it (logits per SD).

    `previous_problems` makes it depend on what was observed (missing at random), `problems` and
    `exposure` on what was not (missing not at random); with all three at 0 it is completely random.
    """

    share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    previous_problems: float = 0.0
    problems: float = 0.0
    exposure: float = 0.0


class MissingSettings(SimulationPart):
    """Skipped items, missed occasions and dropout. The first occasion is always present."""

    skipped: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Chance of each item in a form that was answered."
    )
    missed: Missed = Missed()
    dropout: Missed = Missed()


class ArmEffect(SimulationPart):
    """How an arm shifts the person's line and exposure from an occasion on, in SD."""

    level: float = 0.0
    slope: float = 0.0
    exposure: float = 0.0
    start: Label | None = Field(None, description="First occasion with it (default: the second).")


class ArmSettings(SimulationPart):
    """Effects by arm; arms are of equal size."""

    effects: dict[Label, ArmEffect] = Field(default_factory=dict)


class BackgroundSettings(SimulationPart):
    """How a background column is drawn: a bounded normal number, or labels with their shares."""

    mean: float = 35.0
    sd: NotNegative = 10.0
    minimum: float = 18.0
    maximum: float = 80.0
    labels: dict[Label, Share] = Field(default_factory=lambda: {"female": 0.6, "male": 0.4})


class TimingSettings(SimulationPart):
    """When the first occasion is and how far answers come from the planned day."""

    start: date = date(2020, 1, 6)
    jitter: Duration | Literal[0] = Field(
        0, description="SD of the delay; at most a third of the time between occasions is kept."
    )


def _is_default(momentary: MomentarySettings) -> bool:
    """Whether nothing is said of momentary answers; truths are then written as before them."""
    return momentary == MomentarySettings()


class SimulationSettings(SimulationPart):
    """Everything under `simulation` in a study file."""

    line: LineSettings = LineSettings()
    exposure: ExposureSettings = ExposureSettings()
    scales: dict[str, ScaleSettings] = Field(default_factory=dict)
    factors: dict[str, FactorSettings] = Field(default_factory=dict)
    events: EventSettings | None = None
    reporting: ReportingSettings = ReportingSettings()
    missing: MissingSettings = MissingSettings()
    arms: ArmSettings = ArmSettings()
    background: dict[str, BackgroundSettings] = Field(default_factory=dict)
    timing: TimingSettings = TimingSettings()
    momentary: MomentarySettings = Field(MomentarySettings(), exclude_if=_is_default)


def read_settings(raw: Mapping[str, Any] | None) -> SimulationSettings:
    """Validate the study file's `simulation` mapping.

    Raises
    ------
    SimulationError
        A setting is unknown (the nearest name is given) or out of range; all problems at once.
    """
    try:
        return SimulationSettings.model_validate(dict(raw or {}))
    except ValidationError as error:
        raise SimulationError([_problem(dict(item)) for item in error.errors()]) from None


def _problem(error: Mapping[str, Any]) -> Finding:
    place = [str(part) for part in error["loc"]]
    path = ".".join(["simulation", *place])
    if error["type"] != "extra_forbidden":
        return finding(
            "simulation-setting-invalid", path=path, given=error.get("input"), reason=error["msg"]
        )
    known = _settings_at(place[:-1])
    hint = did_you_mean(place[-1], known)
    return finding(
        "simulation-unknown-setting",
        variant="near" if hint else "",
        path=path,
        known=", ".join(known),
        hint=hint,
    )


def _settings_at(place: list[str]) -> list[str]:
    """Names of the settings at a dotted place."""
    model: type[BaseModel] = SimulationSettings
    named: dict[str, type[BaseModel]] = {
        "scales": ScaleSettings,
        "factors": FactorSettings,
        "background": BackgroundSettings,
        "classes": ResponseClass,
        "effects": ArmEffect,
        "events": EventSettings,
    }
    for part in place:
        if part in named:
            model = named[part]
        elif part in model.model_fields:
            inner = model.model_fields[part].annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
    return sorted(model.model_fields)
