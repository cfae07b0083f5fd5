"""What a study file says about reactivity to momentary stressors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class ReactivitySettings(AnalysisSettings):
    """How affect differs at prompts with a stressor, from person to person."""

    affect: tuple[Literal["negative", "positive"], ...] | None = Field(
        default=None,
        min_length=1,
        max_length=2,
        description="Which momentary affect is looked at; default: what the study has.",
    )
    trends: bool = Field(
        default=True,
        description="Whether straight trends over the hours of the day and the days of the burst "
        "are held constant.",
    )
    reliable: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.7,
        description="Reliability of persons' reactivity from which on they may be ranked by it, or "
        "it may be used as a factor or outcome.",
    )
    samples: Annotated[int, Field(ge=200, le=10_000)] = Field(
        default=1000, description="Bootstrap samples of persons behind the part that goes through "
        "appraisal.",
    )  # fmt: skip
