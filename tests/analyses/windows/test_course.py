"""The course over windows: against statsmodels, turns that are there, and none otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from tests.analyses.inputs import inputs_of
from tests.analyses.windows.test_change import WINDOWS, found, leaving, of_statsmodels
from tests.norm.cohorts import simulated


def test_the_error_of_the_model_stands_in_for_resamples() -> None:
    inputs = inputs_of(leaving(300, strength=0.2, resilience={**WINDOWS, "bootstrap": 0}))
    change = found(inputs)
    fit = of_statsmodels(inputs, "E")
    weights = np.array([-1, -1, -1, 1, 1, 1, 0]) / 3
    expected = float(np.sqrt(weights @ fit.cov_params().to_numpy()[:7, :7] @ weights))
    assert change.interval_by == "the model"
    assert change.se == pytest.approx(expected, rel=0.02)
    assert change.se is not None
    assert change.se >= expected * (1 - 1e-4)
    drawn = found(inputs_of(leaving(300, strength=0.2)))
    assert drawn.interval_by == "resamples of persons"
    assert change.se == pytest.approx(drawn.se, rel=0.15)


def hump(height: float, *, seed: int = 1, draws: int = 200) -> AnalysisInputs:
    """Problems that rise to the middle of six occasions and come down again."""
    scores = simulated(250, 6, seed=seed, resilience={**WINDOWS, "bootstrap": draws})
    more = pl.lit(height) * pl.col("occasion_index").is_in([2, 3]).cast(pl.Float64)
    return inputs_of(
        replace(scores, table=scores.table.with_columns(P=(pl.col("P") * 0.7 + more).clip(0, 36)))
    )


def test_the_course_is_that_of_the_model() -> None:
    inputs = hump(0.0)
    change = found(inputs)
    effects = of_statsmodels(inputs, "E").fe_params.to_numpy()[:6]
    windows = np.array([effects[start : start + 3].mean() for start in range(4)])
    table = change.course.windows
    np.testing.assert_allclose(table["estimate"], windows - windows[0], atol=2e-3)
    assert table["window"].to_list() == [1, 2, 3, 4]
    assert change.course.n_pairs == 6
    last = table.row(-1, named=True)
    assert (last["estimate"], last["low"], last["high"]) == pytest.approx(
        (change.estimate, *(change.interval or ()))
    )


@pytest.mark.parametrize("draws", [0, 200])
def test_a_turn_between_the_windows_is_found(draws: int) -> None:
    turn = found(hump(6.0, draws=draws)).course.turn
    assert turn is not None
    assert {turn.from_window, turn.to_window} & {2, 3}
    assert turn.interval[0] < turn.estimate < turn.interval[1]


@pytest.mark.lengthy
def test_turns_are_rarely_found_in_steady_courses() -> None:
    told = [found(hump(0.0, seed=seed, draws=0)).course.turn for seed in range(2, 32)]
    assert sum(one is not None for one in told) <= 4
