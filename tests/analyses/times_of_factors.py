"""Inputs in which some instruments have times of their own."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs


def with_times(
    inputs: AnalysisInputs,
    *,
    baseline: dict[str, Any] | None = None,
    repeated: dict[str, Any] | None = None,
) -> AnalysisInputs:
    """Put days into the panel: by person of the study, or by row of the scores."""
    own = {
        name: pl.DataFrame({"time": day, "local_time": day, "clock": np.full(len(day), 1)})
        for name, day in {**(baseline or {}), **(repeated or {})}.items()
    }
    n_rows = inputs.scores.table.height
    answers = dict.fromkeys(repeated or {}, pl.DataFrame({"item": np.ones(n_rows)}))
    panel = SimpleNamespace(
        persons=inputs.scores.persons, times=own, answers=answers, n_rows=n_rows
    )
    return replace(inputs, panel=cast(Any, panel))
