"""What a study file says about the comparison of ways to score SR."""

from __future__ import annotations

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings
from salutogen.study.format import Name


class ConcordanceSettings(AnalysisSettings):
    """Which ways to score SR are compared."""

    variants: tuple[Name, ...] = Field(
        default=(),
        description="Names of the variants, such as mixed_split; default: all there are. The "
        "primary score is always among them.",
    )
