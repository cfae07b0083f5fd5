"""What a study file says about the adjustment for a baseline before exposure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format.part import Label


class BaselineAdjustedSettings(AnalysisSettings):
    """Problems after exposure given those before it (analysis of covariance), beside SR."""

    baseline: tuple[Label, ...] | Label | None = Field(
        default=None,
        description="Occasion (or occasions) before the exposure that is studied: a true "
        "pre-exposure wave. Without one there is nothing to adjust for.",
    )
    reliabilities: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default=(1.0, 0.9, 0.8, 0.7, 0.6),
        min_length=1,
        description="Assumed reliabilities of the baseline, followed through to the result.",
    )
    bootstrap: int = Field(
        default=500, ge=100, le=10_000, description="Draws of persons for the last intervals."
    )
