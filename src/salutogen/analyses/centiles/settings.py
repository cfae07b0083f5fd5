"""What a study file says about centiles."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class CentilesSettings(AnalysisSettings):
    """Centiles of problems among persons of the same exposure, where the spread is unequal."""

    folds: int = Field(
        default=10,
        ge=2,
        le=1000,
        description="Parts of the persons; each is placed by a line fitted to the others.",
    )
    curves: tuple[Annotated[float, Field(gt=0, lt=100)], ...] = Field(
        default=(10.0, 25.0, 50.0, 75.0, 90.0),
        min_length=1,
        description="Centiles that are drawn as curves over exposure.",
    )
    bootstrap: int = Field(
        default=500, ge=100, le=10_000, description="Draws of persons for intervals."
    )
    norm: str | None = Field(
        default=None,
        description="results.json of another study, whose centile norm these persons are "
        "compared with; relative to the study file.",
    )
