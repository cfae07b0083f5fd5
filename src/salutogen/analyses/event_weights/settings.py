"""What a study file says about empirical event weights."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class EventWeightsSettings(AnalysisSettings):
    """Events weighted by what they go with, learned on one half of the persons, tried on the other.

    The study's exposure is never changed by it.
    """

    types: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="Exposure types whose items are weighted; default: all of the study.",
    )
    method: Literal["ridge", "log-odds"] = Field(
        default="ridge",
        description="ridge: least squares shrunk towards equal weights, as far as cross-validation "
        "within the half says; log-odds: each event by its log odds ratio of problems above the "
        "median.",
    )
    splits: int = Field(
        default=10, ge=5, le=200, description="Random splits of the persons into halves."
    )
