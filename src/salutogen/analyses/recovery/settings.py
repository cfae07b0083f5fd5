"""What a study file says about recovery from momentary stressors."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class RecoverySettings(AnalysisSettings):
    """How long affect stays outside a person's own band after a stressor, within the day."""

    affect: Literal["negative", "positive"] | None = Field(
        default=None,
        description="Which affect is followed; positive affect is turned, so that higher is worse. "
        "Default: negative where the study asks it, else positive.",
    )
    threshold: float = Field(
        default=0.0,
        ge=0,
        description="A prompt has a stressor where its score is above this.",
    )
    free_hours: float = Field(
        default=6.0,
        gt=0,
        le=24,
        description="Hours of the same day before a prompt within which no stressor may have been "
        "told, for the prompt to be part of the person's baseline.",
    )
    band: float = Field(
        default=1.0,
        ge=0,
        description="How far above the mean of the baseline the band ends, in SDs of the baseline.",
    )
    baseline_prompts: int = Field(
        default=5,
        ge=3,
        description="Prompts without a stressor that a person's baseline needs at least.",
    )
    pile_up_hours: float = Field(
        default=6.0,
        gt=0,
        le=24,
        description="Hours of the same day within which earlier stressors are counted as piled up.",
    )
    bootstrap: int = Field(
        default=300, ge=100, description="Persons are resampled so often for intervals."
    )
