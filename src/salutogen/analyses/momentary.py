"""What analyses of momentary answers share: the prompts of the study, and models within days."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from salutogen.errors import AnalysisError
from salutogen.models import ContinuousAR1, ConvergenceWarning, MixedModel

if TYPE_CHECKING:
    import polars as pl

    from salutogen.analyses.contract import AnalysisInputs
    from salutogen.findings import Findings
    from salutogen.models.mixed.result import MixedModelResult
    from salutogen.models.mixed.structured.result import StructuredResult
    from salutogen.panel.momentary import Momentary


def stream_of(inputs: AnalysisInputs, step: str, found: Findings) -> Momentary:
    """Return the study's prompts.

    Raises
    ------
    AnalysisError
        It has none.
    """
    stream = inputs.panel.momentary
    if stream is None:
        found.tell("no-momentary-data", step=step)
        raise AnalysisError(tuple(found))
    return stream


def fit_within_days(
    formula: str, frame: pl.DataFrame, day: str
) -> MixedModelResult | StructuredResult:
    """Fit a mixed model whose residuals correlate by the `hours` between two answers of a day.

    Whether the search came to its end is for the caller to tell (`converged`).
    """
    model = MixedModel(formula, residual=ContinuousAR1(time="hours", within=day))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(frame)
