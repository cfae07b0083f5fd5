"""What a study file says about the validity of labels and locks."""

from __future__ import annotations

from pydantic import Field

from salutogen.study.format import Name, Part


class ValiditySettings(Part):
    """Whether labels foretell a later outcome, and how factors relate to SR and to P."""

    outcome: Name | None = Field(
        default=None,
        description="Background column with a later outcome, such as a diagnosis (0 or 1) or days "
        "of leave; default: mean P after post2.",
    )
    threshold: float | None = Field(
        default=None, description="An outcome from this value on counts as a disorder."
    )
    factors: tuple[Name, ...] | None = Field(
        default=None, description="Factors to relate; default: the study's factors."
    )
    draws: int = Field(default=1000, ge=50, le=100_000, description="Bootstrap samples of persons.")
