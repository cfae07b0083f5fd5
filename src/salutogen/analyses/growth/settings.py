"""What a study file says about growth."""

from __future__ import annotations

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Label


class GrowthSettings(AnalysisSettings):
    """Positive functioning above and below its own baseline, followed forwards in time."""

    scale: str = Field(
        description="Repeated instrument of positive functioning (higher = better), such as WHO-5; "
        "never a questionnaire that asks in retrospect how much one has grown."
    )
    baseline: Label | None = Field(
        default=None, description="Occasion of the baseline; default: the first planned one."
    )
    bootstrap: int = Field(
        default=1000, ge=100, le=10_000, description="Draws of persons for intervals."
    )
    fluctuation: int = Field(
        default=200,
        ge=50,
        le=5_000,
        description="Draws of courses that fluctuate without lasting change, for comparison.",
    )
