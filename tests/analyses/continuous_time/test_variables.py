"""Which visits the model takes: what is known at each, and what acts from there on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.continuous_time.analysis import compute
from salutogen.analyses.continuous_time.settings import ContinuousTimeSettings
from salutogen.analyses.continuous_time.variables import FlowData, read_flow
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from tests.analyses.continuous_time.studies import flow_inputs

HELD = ContinuousTimeSettings(processes=("P",), inputs=("E",), stress_test={"cause": "E"})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return flow_inputs(n=60, missing=0.0)


def without(inputs: AnalysisInputs, name: str, gone: pl.Expr) -> AnalysisInputs:
    """The same study in which some visits lack a score."""
    given = pl.when(gone).then(None).otherwise(name).alias(name)
    scores, resilience = inputs.scores, inputs.resilience
    return replace(
        inputs,
        scores=replace(scores, table=scores.table.with_columns(given)),
        resilience=replace(resilience, occasions=resilience.occasions.with_columns(given)),
    )


def read(inputs: AnalysisInputs) -> FlowData:
    return read_flow(inputs, HELD, Findings())


def test_a_visit_with_an_input_alone_says_what_acts_from_there_on(inputs: AnalysisInputs) -> None:
    at = (pl.col("person") < 20) & (pl.col("occasion_index") == 2)
    data = read(without(inputs, "P", at))
    assert data.frame.height == 360
    third = pl.int_range(pl.len()).over("person") == 2
    rows = data.frame.filter(third & (pl.col("person") < 20))
    assert rows[data.codes["P"]].is_nan().all()
    assert rows[data.codes["E"]].is_finite().all()
    assert data.n == 60


def test_a_visit_with_an_input_after_the_last_process_tells_nothing(inputs: AnalysisInputs) -> None:
    data = read(without(inputs, "P", (pl.col("person") < 20) & (pl.col("occasion_index") > 3)))
    assert data.frame.height == 360 - 40
    assert data.frame.filter(person=3).height == 4


def test_the_last_visit_of_a_person_needs_no_input(inputs: AnalysisInputs) -> None:
    found = Findings()
    data = read_flow(without(inputs, "E", pl.col("occasion_index") == 5), HELD, found)
    assert not [item for item in found if item.code == "continuous-time-input-missing"]
    assert data.frame.height == 360
    whole, gone = (compute(one, HELD) for one in (inputs, without(
        inputs, "E", (pl.col("occasion_index") == 5) & (pl.col("person") < 30))))  # fmt: skip
    assert whole.n == gone.n == 60
    lost = Findings()
    data = read_flow(without(inputs, "E", pl.col("occasion_index") == 4), HELD, lost)
    assert "60 persons lack an input" in " ".join(item.text for item in lost)
    assert data.frame.height == 300


def test_a_process_named_twice_under_error_is_refused(inputs: AnalysisInputs) -> None:
    with pytest.raises(AnalysisError, match="measurement_error: P twice"):
        compute(inputs, ContinuousTimeSettings(measurement_error=("P", "P")))


def test_times_are_those_of_the_visits(inputs: AnalysisInputs) -> None:
    data = read(inputs)
    known = inputs.scores.table.sort("person", "occasion_index")["time"].to_numpy()
    np.testing.assert_allclose(data.frame["time"], known)
