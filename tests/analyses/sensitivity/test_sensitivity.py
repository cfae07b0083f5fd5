"""The bands of a study: its own levels, factors and far points, and what the study file assumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.outliers.analysis import compute as find_outliers
from salutogen.analyses.outliers.settings import OutliersSettings
from salutogen.analyses.sensitivity.analysis import SensitivityResult, compute
from salutogen.analyses.sensitivity.settings import SensitivitySettings
from salutogen.scores import Scores
from tests.analyses.inputs import inputs_of, shown
from tests.norm.cohorts import simulated


def with_outliers(scores: Scores) -> AnalysisInputs:
    inputs = inputs_of(scores)
    return replace(inputs, needed={"outliers": find_outliers(inputs, OutliersSettings())})


def bands(scores: Scores, **settings: object) -> SensitivityResult:
    return compute(with_outliers(scores), SensitivitySettings.model_validate(settings))


def test_tables_of_a_study() -> None:
    scores = simulated()
    inputs = with_outliers(scores)
    result = compute(inputs, SensitivitySettings())
    errors = result.exposure_error
    assert set(errors["level"]) == {"occasion", "person"}
    person = errors.filter(pl.col("level") == "person")
    assert person["reliability_E"].to_list() == [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    refused = person.filter("refused")
    observed = person["r_observed"][0]
    assert refused["reliability_E"].to_list() == [
        value for value in person["reliability_E"] if value <= observed**2 / 0.86
    ]
    assert refused["r_SR_true_E"].null_count() == refused.height
    whole = person.filter(pl.col("reliability_E") == 1.0).row(0, named=True)
    assert whole["r_SR_true_E"] == pytest.approx(0.0, abs=1e-12)
    assert whole["corrected_slope"] == pytest.approx(inputs.norm.lines.person.slope)
    mood = result.mood_reporting.filter(pl.col("g") == 0.0)
    assert mood["corrected_slope"].to_list() == pytest.approx(mood["slope"].to_list())
    factors = result.mood_factors
    at_zero = factors.filter(pl.col("g") == 0.0)["r_factor_SR"][0]
    optimism = scores.persons["optimism"].to_numpy()
    assert at_zero == pytest.approx(np.corrcoef(optimism, inputs.resilience.persons["SR"])[0, 1])


def test_outlier_policies_score_everyone_with_their_own_line() -> None:
    scores = simulated()
    P = pl.when(pl.col("person") == 5).then(36.0).otherwise(pl.col("P"))
    scores = replace(scores, table=scores.table.with_columns(P=P))
    table = bands(scores).outliers
    assert table["policy"].to_list() == ["as they are", "drop", "winsorise", "robust"]
    as_is, drop = table.row(0, named=True), table.row(1, named=True)
    assert as_is["r_with_primary"] == pytest.approx(1.0)
    assert as_is["largest_change"] == pytest.approx(0.0, abs=1e-10)
    assert drop["n"] < as_is["n"]


def test_skipped_answers_are_bounded() -> None:
    scores = simulated()
    table = scores.table.with_columns(
        E_high=pl.col("E") + pl.when(pl.col("person") < 40).then(60.0).otherwise(0.0)
    )
    scores = replace(scores, table=table)
    result = bands(scores)
    cases = {row["case"]: row for row in result.missing.iter_rows(named=True)}
    assert cases["exposure lowest"]["n_changed"] == 0
    assert cases["exposure highest"]["n_changed"] == table.filter(pl.col("person") < 40).height
    assert cases["exposure highest"]["r_with_primary"] < 0.99
    assert "skipped-answers-matter" in [finding.code for finding in result.findings]


def test_the_step_goes_before_the_older_keys() -> None:
    resilience = {"exposure_reliability": [0.5, 0.9], "mood_reporting": [0.3]}
    scores = simulated(60, 4, resilience=resilience)
    older = bands(scores)
    assert set(older.exposure_error["reliability_E"]) == {0.5, 0.9}
    assert set(older.mood_reporting["g"]) == set(older.mood_factors["g"]) == {0.3}
    step = bands(scores, exposure_reliability=[0.7])
    assert set(step.exposure_error["reliability_E"]) == {0.7}
    assert set(step.mood_reporting["g"]) == {0.3}
    assert bands(scores, mood_reporting=[]).mood_reporting.height == 0


def test_impossible_reliabilities_are_named() -> None:
    result = bands(simulated(), exposure_reliability=[0.05, 0.1, 0.9])
    told = next(item for item in result.findings if item.code == "impossible-reliability")
    assert told.text.startswith("Reliabilities of E of 0.05, 0.1 are impossible")
    assert told.evidence.numbers["reliabilities"] == [0.05, 0.1]


def test_the_person_who_changes_most_is_not_told_to_everyone() -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings())
    for individuals in (True, False):
        (section,), withheld = shown(result, inputs, individuals=individuals)
        assert withheld == ()
        assert len(section.figures) == 2
        tables = {table.name: table for table in section.tables}
        assert len(tables) == 7
        assert ("largest_change" in tables["sensitivity-outliers"].frame.columns) == individuals


@pytest.mark.parametrize(("changed", "told"), [(3, None), (57, 57)])
def test_few_changed_rows_are_not_told_to_everyone(changed: int, told: int | None) -> None:
    inputs = with_outliers(simulated(60, 4))
    result = compute(inputs, SensitivitySettings())
    missing = result.missing.with_columns(n_changed=pl.lit(changed))
    (section,), _ = shown(replace(result, missing=missing), inputs, individuals=False)
    assert set(section.tables[-1].frame["n_changed"]) == {told}
