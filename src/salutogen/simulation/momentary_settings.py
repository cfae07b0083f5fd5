"""What a study file may say under `simulation: momentary`: prompts, reactions, what is missed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from salutogen.study.format import Duration, Part

Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
SHARE_OF_RANGE = "as a share of the scale's range"


class MissedPrompts(Part):
    """The chance that a sent prompt is missed, and what raises it (logits)."""

    share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.25, description="Chance at a prompt without a stressor, of a person in the middle."
    )
    sd: NotNegative = Field(0.8, description="SD of persons around it.")
    stressor: float = Field(
        0.5, description="How much more likely it is where something stressful happened."
    )
    reactivity: float = Field(0.0, description="Per SD of the person's true reactivity.")


class MomentarySettings(Part):
    """Momentary stressors, what they do to affect and for how long, and which prompts are missed.

    A stressor raises negative affect at once, by the person's own reactivity; the rise halves
    again and again. Beside it affect moves by itself, as a first-order autoregression in
    continuous time. Time goes on by night.
    """

    stressors: Share = Field(0.2, description="Chance of a stressor at a prompt.")
    stressors_sd: NotNegative = Field(0.5, description="SD of persons around it (logits).")
    level: Share = Field(0.3, description=f"Mean negative affect, {SHARE_OF_RANGE}.")
    level_sd: NotNegative = Field(0.1, description=f"SD of the persons' levels, {SHARE_OF_RANGE}.")
    reactivity: float = Field(
        0.15, description=f"Mean rise of negative affect at a stressor, {SHARE_OF_RANGE}."
    )
    reactivity_sd: NotNegative = Field(0.05, description=f"SD of persons, {SHARE_OF_RANGE}.")
    resilience: Annotated[float, Field(gt=-1, lt=1)] = Field(
        0.5, description="Correlation of a person's reactivity with the true long-term SR."
    )
    half_life: Duration = Field(
        Duration.parse("3 hours"), description="Time in which a reaction halves, of the median."
    )
    half_life_sd: NotNegative = Field(
        0.0, description="SD of persons' half-lives, in logarithms to base e."
    )
    passing_sd: NotNegative = Field(
        0.08, description=f"SD of what moves affect beside stressors, {SHARE_OF_RANGE}."
    )
    passing_half_life: Duration = Field(
        Duration.parse("2 hours"), description="Time in which that halves."
    )
    item_sd: NotNegative = Field(
        0.05, description=f"SD of what each answer has for itself, {SHARE_OF_RANGE}."
    )
    positive: float = Field(
        -0.6, description="How far positive affect moves with negative affect, by its range."
    )
    missed: MissedPrompts = MissedPrompts()
    partial: Share = Field(0.02, description="Share of the answers that break off half-way.")
    not_sent: Share = Field(0.01, description="Share of planned prompts that are not sent.")
    rows: Literal["planned", "sent", "answered"] = Field(
        "planned", description="Which prompts have a row in the file."
    )
