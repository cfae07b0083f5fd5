"""A repeated factor with times of its own: what belongs to another occasion is left out."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.change.variables import ChangeData, read_variables
from salutogen.analyses.contract import AnalysisInputs
from salutogen.findings import Findings
from tests.analyses.change.studies import change_inputs
from tests.analyses.times_of_factors import with_times

DAYS = [0.0, 7.0, 14.0, 21.0]
SETTINGS = ChangeSettings(variables=("SR", "support"))


def read(inputs: AnalysisInputs) -> tuple[ChangeData, dict[str, str]]:
    found = Findings()
    data = read_variables(inputs, SETTINGS, found)
    return data, {item.code: item.text for item in found}


def measured(inputs: AnalysisInputs, by: dict[tuple[int, int], float]) -> AnalysisInputs:
    """Support is measured two days after each form, and at other days by person and occasion."""
    rows = inputs.scores.table.select("person", pl.col("occasion_index").cast(pl.Int64), "time")
    days = [by.get((person, occasion), day + 2) for person, occasion, day in rows.iter_rows()]
    return with_times(inputs, repeated={"support": np.array(days)})


def test_a_value_that_comes_with_another_occasion_s_form_is_left_out() -> None:
    inputs = change_inputs(days=DAYS, missing=0.0)
    plain, before = read(inputs)
    odd = {(3, 1): 14.0, (4, 1): 30.0, (5, 2): 7.0, (6, 0): 5.0, (7, 3): 400.0}
    data, told = read(measured(inputs, odd))
    gone = np.argwhere(np.isnan(data.values["support"]) & ~np.isnan(plain.values["support"]))
    assert gone.tolist() == [[3, 1], [4, 1], [5, 2]], "not those between forms, or after the last"
    assert np.array_equal(data.values["SR"], plain.values["SR"], equal_nan=True)
    assert "Of 3 persons a value comes at or after" in told["change-answered-elsewhere"]
    assert "change-answered-elsewhere" not in before


def test_without_times_of_its_own_nothing_is_asked() -> None:
    inputs = change_inputs(days=DAYS)
    data, told = read(inputs)
    again, also = read(measured(inputs, {}))
    assert "change-answered-elsewhere" not in told | also
    assert np.array_equal(data.values["support"], again.values["support"], equal_nan=True)
