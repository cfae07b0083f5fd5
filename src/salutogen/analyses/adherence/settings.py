"""What a study file says about adherence to momentary prompts."""

from __future__ import annotations

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class AdherenceSettings(AnalysisSettings):
    """Which prompts were answered, by person, day, hour, burst and arm. Nobody is left out."""

    too_fast: float = Field(
        default=0.5,
        gt=0,
        description="An answer is fast below this many seconds for each item that was answered.",
    )
    straight: int = Field(
        default=5,
        ge=2,
        description="Items a prompt needs at least for equal answers to all of them to be odd.",
    )
    night: tuple[float, float] = Field(
        default=(0.0, 5.0),
        description="Hours of the person's own clock between which an answer is one of the night.",
    )
