"""What a study file says about the sensitivity bands."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from salutogen.analyses.contract import AnalysisSettings

Share = Annotated[float, Field(gt=0, le=1)]


class SensitivitySettings(AnalysisSettings):
    """Assumed values to follow through to SR."""

    exposure_reliability: tuple[Share, ...] | None = Field(
        default=None,
        description="Reliabilities of E; default: `resilience.exposure_reliability`.",
    )
    mood_reporting: tuple[float, ...] | None = Field(
        default=None,
        description="Shares g of P that may have coloured reports of E; default: "
        "`resilience.mood_reporting`.",
    )
    plausible_reliability: tuple[Share, Share] | None = Field(
        default=None,
        description="Lowest and highest plausible reliability of persons' E, for the bands of "
        "slope, persons and factors; default: from the reliabilities of the exposure instruments "
        "where they are given, else 0.5 to 1.",
    )
    plausible_mood: tuple[float, float] | None = Field(
        default=None,
        description="Weakest and strongest plausible share g of P in reports of E, for the same "
        "bands; default: the ends of `mood_reporting`.",
    )
    draws: int = Field(
        default=1000, ge=100, le=100_000, description="Draws of persons for the bands."
    )

    @field_validator("plausible_reliability", "plausible_mood")
    @classmethod
    def _ascending(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[0] > value[1]:
            raise ValueError(f"expected the lower value first, got {value[0]:g} and {value[1]:g}")
        return value
