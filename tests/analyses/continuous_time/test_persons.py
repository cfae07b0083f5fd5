"""The response of each person, by the person's own factors."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.continuous_time.analysis import ContinuousTimeResult, compute
from salutogen.analyses.continuous_time.fitted import fit_flow
from salutogen.analyses.continuous_time.persons import PERSON_COLUMNS, PERSONS_FILE
from salutogen.analyses.continuous_time.settings import ContinuousTimeSettings
from salutogen.analyses.continuous_time.variables import read_flow
from salutogen.analyses.contract import AnalysisInputs
from salutogen.findings import Findings
from tests.analyses.continuous_time.studies import flow_inputs

BY_FACTOR = ContinuousTimeSettings(factors=("optimism",))


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return flow_inputs(factor=True, n=120)


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> ContinuousTimeResult:
    return compute(inputs, BY_FACTOR)


def test_each_person_has_the_response_of_the_own_factors(
    inputs: AnalysisInputs, result: ContinuousTimeResult
) -> None:
    table = result.persons
    assert table is not None
    assert table.columns == [column.name for column in PERSON_COLUMNS]
    found = Findings()
    data = read_flow(inputs, BY_FACTOR, found)
    fit = fit_flow(data, BY_FACTOR, found)
    optimism = dict(inputs.scores.persons.select("subject", "optimism").iter_rows())
    for row in list(table.iter_rows(named=True))[:5]:
        one = fit.impulse_response(
            data.codes["E"], data.codes["P"], size=result.stressor.size,
            factors={data.codes["optimism"]: optimism[row["subject"]]},
        )  # fmt: skip
        assert row["peak"] == pytest.approx(one.peak, rel=1e-9)
        assert row["half_recovery"] == pytest.approx(one.half_recovery, rel=1e-9)
        assert (row["area_low"], row["area_high"]) == pytest.approx(one.intervals["area"], rel=1e-6)
        assert row["peak_low"] < row["peak"] < row["peak_high"]


def test_persons_who_return_faster_have_the_shorter_half(
    inputs: AnalysisInputs, result: ContinuousTimeResult
) -> None:
    table = result.persons.join(inputs.scores.persons.select("subject", "optimism"), on="subject")  # type: ignore[union-attr]
    assert table.height == result.persons.height  # type: ignore[union-attr]
    known = table.drop_nulls("half_recovery")
    r = known.select(pl.corr("optimism", "half_recovery", method="spearman")).item()
    assert r < -0.9


def test_a_pulse_beyond_what_a_person_had_is_flagged(
    inputs: AnalysisInputs, result: ContinuousTimeResult
) -> None:
    table = result.persons
    assert table is not None
    about = inputs.scores.table.drop_nulls("E").with_columns(
        pl.col("E") - pl.col("E").mean().over("occasion")
    )
    highest = about.group_by("person").agg((pl.col("E") - pl.col("E").mean()).max())
    by_subject = highest.join(inputs.scores.persons.select("person", "subject"), on="person")
    both = table.join(by_subject, on="subject")
    np.testing.assert_allclose(both["farthest_seen"], both["E"], atol=1e-9)
    assert (both["beyond_seen"] == (both["E"] < result.stressor.size)).all()
    assert (~table["beyond_seen"]).sum() == result.stressor.reached


def test_it_is_a_file_of_its_own_and_not_in_the_figures(result: ContinuousTimeResult) -> None:
    assert result.files()[PERSONS_FILE].personal
    assert "persons" not in result.to_dict()


def test_without_factors_all_respond_alike(inputs: AnalysisInputs) -> None:
    plain = compute(inputs, ContinuousTimeSettings())
    assert plain.persons is None
    assert not plain.files()
