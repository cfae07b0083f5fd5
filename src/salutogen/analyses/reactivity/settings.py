"""What a study file says about reactivity to momentary stressors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Label, Name


class ReactivitySettings(AnalysisSettings):
    """How affect differs at prompts with a stressor, from person to person."""

    affect: tuple[Literal["negative", "positive"], ...] | None = Field(
        default=None,
        min_length=1,
        max_length=2,
        description="Which momentary affect is looked at; default: what the study has.",
    )
    by: tuple[Name, ...] = Field(
        default=(),
        max_length=20,
        description="What is asked whether persons with more of it react more: `SR`, `P`, `E`, "
        "factors of the study, or numbers of the background. What is repeated is averaged over "
        "the visits before a person's first prompt of the bursts it is asked of.",
    )
    by_bursts: tuple[Label, ...] | None = Field(
        default=None,
        min_length=1,
        description="Bursts of which it is asked, by their occasions; default: the later half of "
        "them where something repeated is named, so that there are visits before, else all.",
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
