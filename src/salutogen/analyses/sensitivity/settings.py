"""What a study file says about the sensitivity bands."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class SensitivitySettings(AnalysisSettings):
    """Assumed values to follow through to SR."""

    exposure_reliability: tuple[Annotated[float, Field(gt=0, le=1)], ...] | None = Field(
        default=None,
        description="Reliabilities of E; default: `resilience.exposure_reliability`.",
    )
    mood_reporting: tuple[float, ...] | None = Field(
        default=None,
        description="Shares g of P that may have coloured reports of E; default: "
        "`resilience.mood_reporting`.",
    )
