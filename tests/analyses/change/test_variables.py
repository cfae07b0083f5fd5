"""What cross-lagged models are fitted to: covariates as every analysis takes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.change.variables import read_variables
from salutogen.findings import Findings
from tests.analyses.change.studies import change_inputs


def test_covariates_are_those_of_every_analysis_and_gaps_stay() -> None:
    inputs = change_inputs()
    n = inputs.scores.persons.height
    place = np.arange(n)
    town = np.where(place == 0, "A", np.where(place % 2, "B", "C"))
    persons = inputs.scores.persons.with_columns(
        pl.Series("same", np.ones(n)),
        pl.Series("town", town),
        pl.Series("weight", np.where(place == 7, np.nan, 60.0 + place % 30)),
    )
    inputs = replace(inputs, scores=replace(inputs.scores, persons=persons))
    settings = ChangeSettings(
        variables=("SR", "support"), covariates=("same", "town", "weight"), occasions=None
    )
    found = Findings()
    data = read_variables(inputs, settings, found)
    assert list(data.covariates) == ["town=C", "weight"]
    assert data.asked == ("town", "weight")
    # Alone in a category: left out. Without a weight: still there.
    assert 0 not in data.persons
    assert 7 in data.persons
    assert np.isnan(data.covariates["weight"]).sum() == 1
    np.testing.assert_array_equal(
        data.covariates["town=C"], (town[data.persons] == "C").astype(float)
    )
    codes = {item.code: item.text for item in found}
    assert "same is the same in all persons" in codes["covariate-says-nothing"]
    assert codes["category-of-few"].startswith("1 person is left out")
