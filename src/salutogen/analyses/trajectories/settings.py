"""What a study file says about trajectories: events, anchors, background, labels."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from salutogen.analyses.trajectories.classes.settings import ClassSettings
from salutogen.analyses.trajectories.validity.settings import ValiditySettings
from salutogen.study.format import Label, Name, Part

Rule = Literal["first-strict", "first-any", "onset", "demo-loop"]
RULES: tuple[Rule, ...] = ("first-strict", "first-any", "onset")


class EventSettings(Part):
    """Which answers, or which dated events, can anchor a trajectory."""

    source: Name | None = Field(
        default=None,
        description="Source of dated events (layout row-per-event), instead of checklists.",
    )
    instruments: tuple[Name, ...] = Field(
        default=(),
        description="Checklists whose items are events; default: every type of exposure.",
    )
    items: tuple[Name, ...] = Field(
        default=(),
        description="Only these items of them, or kinds of dated events; default: all.",
    )
    threshold: float | None = Field(
        default=None,
        description="An event counts from this answer (or rating) on; default: whenever it "
        "happened.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.source is not None and self.instruments:
            raise ValueError("events come from `source` or from `instruments`, not from both")
        return self


class LabelSettings(Part):
    """How courses get their labels."""

    band: float = Field(
        default=1.96,
        gt=0,
        description="Half width of the band around the own pre-level, in multiples of sqrt(2) SEM.",
    )
    tolerance: float = Field(
        default=1.0,
        gt=0,
        description="At the last position, back means below the pre-level plus this many half "
        "widths of the band.",
    )
    high: float = Field(
        default=1.0, description="Pre-existing high: SR_z before the event above this."
    )
    draws: int = Field(
        default=500, ge=10, le=100_000, description="Draws for the probability of each label."
    )


class TrajectorySettings(Part):
    """Trajectories of SR locked to events.

    SR = observed - expected problems. Positive = over-reactive = less resilient.
    """

    events: EventSettings = EventSettings()
    rule: Rule = Field(
        default="first-strict",
        description="first-strict: the same item answered below the threshold at every earlier "
        "observed occasion. first-any: no listed event before. onset: the same item answered "
        "'did not happen' before. demo-loop: only the occasion directly before is looked at and "
        "the last hit wins, with no check of earlier or later occasions (for comparison only).",
    )
    anchor_occasions: tuple[Label, ...] = Field(
        default=(), description="Occasions at which an anchor may lie; default: all."
    )
    episodes: Literal["first", "all"] = Field(
        default="first",
        description="first: one anchor per person. all: once post2 of an episode is over, the "
        "rule is asked anew of the occasions after it; intervals are clustered by person.",
    )
    ties: Literal["most-severe", "random"] = Field(
        default="most-severe",
        description="Which of several events of one occasion is the anchor: the highest rating, "
        "then the first item; or one at random (seeded).",
    )
    background: Literal["with-event", "without-event"] = Field(
        default="with-event",
        description="Whether the anchor's own item stays in the exposure that SR is judged by. "
        "The report shows the means of both.",
    )
    labels: LabelSettings = LabelSettings()
    classes: ClassSettings | Literal["off"] = Field(
        default=ClassSettings(),
        description="Classes of courses and the gates before a claim; off: none are looked for.",
    )
    validity: ValiditySettings = ValiditySettings()

    @model_validator(mode="after")
    def _one_loop(self) -> Self:
        if self.rule == "demo-loop" and self.episodes == "all":
            raise ValueError("the rule demo-loop keeps one anchor per person: `episodes: first`")
        return self
