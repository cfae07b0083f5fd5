"""What tests of who was lost ask, and what is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from salutogen.analyses.attrition.settings import AttritionSettings
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import compute as compute_factors
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.windows.analysis import compute as compute_windows
from salutogen.analyses.windows.settings import WindowsSettings
from salutogen.findings import Finding

WINDOWS = {"windows": {"width": 2, "step": 1, "valid": 1}, "bootstrap": 0}


def settings(**given: Any) -> AttritionSettings:
    return AttritionSettings.model_validate(given)


def codes(found: Iterable[Finding]) -> list[str]:
    return [item.code for item in found]


def with_neighbours(inputs: AnalysisInputs) -> AnalysisInputs:
    """The same inputs, windows and factors having been done before."""
    before = {
        "windows": compute_windows(inputs, WindowsSettings()),
        "factors": compute_factors(inputs, FactorsSettings(draws=200)),
    }
    return replace(inputs, before=before)


def seen(inputs: AnalysisInputs) -> np.ndarray:
    return np.isfinite(inputs.views.wide("SR").values)
