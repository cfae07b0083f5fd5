"""What a study file says about the analysis of quality."""

from __future__ import annotations

from salutogen.analyses.contract import AnalysisSettings


class QualitySettings(AnalysisSettings):
    """Reliability, leftover exposure and quality of exposure; there is nothing to set."""
