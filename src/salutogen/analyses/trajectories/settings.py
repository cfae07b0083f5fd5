"""What a study file says about trajectories: events, anchors, background, labels."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from salutogen.analyses.contract import AnalysisSettings
from salutogen.analyses.trajectories.anchors.settings import EventSettings, Rule
from salutogen.analyses.trajectories.classes.settings import ClassSettings
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.settings import PlaceboSettings
from salutogen.analyses.trajectories.validity.settings import ValiditySettings
from salutogen.study.format import Label


class TrajectorySettings(AnalysisSettings):
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
    placebo: PlaceboSettings = PlaceboSettings()
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
