"""Windows, phases and single coefficients that few persons tell are not told of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.windows.analysis import compute
from salutogen.analyses.windows.settings import WindowsSettings
from tests.analyses.inputs import audience_of, inputs_of
from tests.norm.cohorts import simulated

PERSONS = 60


def study(width: int, alone: int, *, individuals: bool, **parts: Any) -> AnalysisInputs:
    """Of some persons there is one occasion alone, which no window takes."""
    windows = {"width": width, "step": width, "valid": 2}
    resilience = {"windows": windows, "bootstrap": 0}
    report = {"individuals": "show" if individuals else "hide"}
    scores = simulated(PERSONS, 6, missing=0.0, resilience=resilience, report=report, **parts)
    once = (pl.col("person") >= alone) | (pl.col("occasion_index") == 0)
    scores = replace(scores, table=scores.table.filter(once))
    inputs = inputs_of(scores)
    audience = audience_of(scores, individuals=individuals)
    return replace(inputs, run=replace(inputs.run, audience=audience))


@pytest.mark.parametrize(("alone", "told"), [(3, False), (9, True)])
def test_a_window_of_the_whole_time_is_not_told_beside_all_but_few_of_its_persons(
    alone: int, told: bool
) -> None:
    (row,) = compute(study(6, alone, individuals=False), WindowsSettings()).windows.to_dicts()
    (exact,) = compute(study(6, alone, individuals=True), WindowsSettings()).windows.to_dicts()
    for name in ("slope", "r_squared", "expected_low", "E_low"):
        assert exact[name] is not None
        assert (row[name] is not None) is told


def test_a_coefficient_is_not_told_of_a_window_in_which_few_met_the_type() -> None:
    parts: dict[str, Any] = {"combine": "separate", "norm": {"shape": "linear"}}
    made = study(3, 0, individuals=False, **parts)
    late = (pl.col("occasion_index") > 2) & (pl.col("person") > 2)
    pandemic = pl.when(~late).then(pl.col("E_pandemic")).otherwise(0.0)
    scores = replace(made.scores, table=made.scores.table.with_columns(E_pandemic=pandemic))
    hidden = replace(inputs_of(scores), run=made.run)
    first, second = compute(hidden, WindowsSettings()).windows.to_dicts()
    assert first["coefficient_E_pandemic"] is not None
    assert second["coefficient_E_pandemic"] is None
    assert second["coefficient_E_general"] is not None
    shown = compute(inputs_of(scores), WindowsSettings()).windows.to_dicts()
    assert shown[1]["coefficient_E_pandemic"] is not None
    result = compute(hidden, WindowsSettings())
    assert "windows[1].coefficient_E_pandemic" in result.kept_back
