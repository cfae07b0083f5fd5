"""What a study file says about far points."""

from __future__ import annotations

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class OutliersSettings(AnalysisSettings):
    """From where on a value is far. Nothing is left out of a fit because of it."""

    beyond_sd: float = Field(
        default=3.0, gt=0, description="P or E is far beyond this many SDs from its mean."
    )
    mahalanobis_p: float = Field(
        default=0.001,
        gt=0,
        lt=1,
        description="P and E are far jointly below this p of their Mahalanobis distance, with as "
        "many degrees of freedom as variables.",
    )
