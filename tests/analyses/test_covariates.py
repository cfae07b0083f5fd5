"""Covariates of analyses: those that say nothing are left out, and categories of few persons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.change_on_baseline import analysis as change_on_baseline
from salutogen.analyses.change_on_baseline.settings import ChangeOnBaselineSettings
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.covariates import CovariateNumbers, covariate_numbers
from salutogen.analyses.factors import analysis as factors
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.findings import Findings
from tests.analyses.factors.drifting import drifting

N = 120


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    plain = drifting(N, 5)
    place = np.arange(N)
    persons = plain.scores.persons.with_columns(
        pl.Series("age", 20.0 + place % 37),
        pl.Series("twice", 40.0 + 2 * (place % 37)),
        pl.Series("gaps", np.where(place % 10, place % 7, np.nan)),
        pl.Series("same", np.full(N, 30.0)),
        pl.Series("word", np.full(N, "here")),
        pl.Series("town", np.where(place < 4, "A", np.where(place % 2, "B", "C"))),
        pl.Series("alone", (place == 7).astype(float)),
    )
    return replace(plain, scores=replace(plain.scores, persons=persons))


def numbers(
    inputs: AnalysisInputs, names: list[str], fewest: int = 2, beside: tuple[str, ...] = ()
) -> tuple[CovariateNumbers, dict[str, str]]:
    found = Findings()
    made = covariate_numbers(
        inputs, names, found, unknown="factor-covariate-unknown",
        among=np.ones(N, dtype=bool), beside=beside, fewest=fewest,
    )  # fmt: skip
    return made, {item.code: item.text for item in found}


def test_what_says_nothing_is_left_out_and_named(inputs: AnalysisInputs) -> None:
    made, told = numbers(inputs, ["same", "age", "word"])
    assert made.terms == ("covariate:age",)
    assert made.left_out == ("same", "word")
    assert np.isfinite(made.values).all()
    assert "word is the same in all persons" in told["covariate-says-nothing"]


def test_who_lacks_a_covariate_keeps_the_others_where_gaps_are_kept(inputs: AnalysisInputs) -> None:
    given = {"unknown": "factor-covariate-unknown", "among": np.arange(N) < 100, "fewest": 5}
    whole = covariate_numbers(inputs, ["age", "gaps", "town"], Findings(), **given)
    kept = covariate_numbers(inputs, ["age", "gaps", "town"], Findings(), **given, gaps=True)
    lacking = np.arange(N) % 10 == 0
    rare = np.arange(N) < 4
    np.testing.assert_array_equal(whole.persons, given["among"] & ~lacking & ~rare)
    np.testing.assert_array_equal(kept.persons, given["among"] & ~rare)
    assert kept.terms == whole.terms == ("covariate:age", "covariate:gaps", "covariate:town=C")
    assert np.isnan(kept.values[lacking & kept.persons]).sum(axis=1).tolist() == [1] * 9
    np.testing.assert_array_equal(kept.values[whole.persons], whole.values[whole.persons])


def test_what_others_tell_is_left_out_with_their_names(inputs: AnalysisInputs) -> None:
    for made, told in (
        numbers(inputs, ["age", "twice"]), numbers(inputs, ["twice"], beside=("age",))
    ):  # fmt: skip
        assert made.left_out == ("twice",)
        assert "twice follows exactly from age" in told["covariate-says-nothing"]


def test_persons_of_a_category_of_few_are_left_out(inputs: AnalysisInputs) -> None:
    made, told = numbers(inputs, ["town"], fewest=5)
    assert list(made.terms) == ["covariate:town=C"]
    assert np.isnan(made.values[:4]).all()
    assert np.isfinite(made.values[4:]).all()
    assert told["category-of-few"].startswith("4 persons are left out")
    kept, nothing = numbers(inputs, ["town"], fewest=4)
    assert len(kept.terms) == 2
    assert nothing == {}


def test_what_few_have_otherwise_is_left_out_and_nobody_with_it(inputs: AnalysisInputs) -> None:
    made, told = numbers(inputs, ["alone"])
    assert set(told) == {"covariate-says-nothing"}
    assert made.persons.all()
    assert made.terms == ()
    assert made.left_out == ("alone",)


def test_who_lacks_a_value_has_none(inputs: AnalysisInputs) -> None:
    made, told = numbers(inputs, ["gaps", "age"])
    assert np.flatnonzero(np.isnan(made.values).any(axis=1)).tolist() == list(range(0, N, 10))
    assert told == {}


def test_no_coefficient_tells_of_few(inputs: AnalysisInputs) -> None:
    asked = ChangeOnBaselineSettings(covariates=("town", "same"), bootstrap=100)
    result = change_on_baseline.compute(inputs, asked)
    assert set(result.slopes["term"]) == {change_on_baseline.BASELINE, "town=C"}
    assert result.covariates == ("town",)
    assert result.n <= N - 4


def test_a_constant_covariate_changes_nothing_in_factors(inputs: AnalysisInputs) -> None:
    with_it = factors.compute(inputs, FactorsSettings(covariates=("same", "age"), draws=200))
    without = factors.compute(inputs, FactorsSettings(covariates=("age",), draws=200))
    assert with_it.covariates == ("age",)
    assert [item.two_step.b for item in with_it.factors] == [
        item.two_step.b for item in without.factors
    ]
    assert "covariate-says-nothing" in [item.code for item in with_it.findings]
