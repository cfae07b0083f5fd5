"""What a study file says about the analysis of windows."""

from __future__ import annotations

from salutogen.analyses.contract import AnalysisSettings


class WindowsSettings(AnalysisSettings):
    """Frozen against refitted. The windows themselves are those of `resilience.windows`."""
