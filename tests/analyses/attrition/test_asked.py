"""What loss is asked to go with, and what cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.attrition.analysis import AttritionResult, compute
from salutogen.analyses.attrition.tipping import BY_PRESENT
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.page.hidden_findings import told_without_persons
from tests.analyses.attrition.asking import codes, seen, settings
from tests.analyses.attrition.lossy import lossy, lossy_inputs
from tests.analyses.inputs import audience_of, inputs_of
from tests.analyses.times_of_factors import with_times
from tests.norm.cohorts import simulated


def test_nobody_lost_is_a_note_and_nothing_is_weighted() -> None:
    found = compute(inputs_of(simulated(80, 4, missing=0.0)), settings())
    assert codes(found.findings) == ["attrition-nobody-lost"]
    assert found.weights is None
    assert not found.hazard.height
    assert found.tipping == ()
    assert all(one.weighted is None for one in found.contrasts)
    assert found.files() == {}
    assert "Nobody was lost" in found.answer().worded(str)


def test_few_lost_have_no_weights_but_shifts_of_them_are_followed() -> None:
    scores = simulated(120, 4, missing=0.0)
    table = scores.table.filter(~((pl.col("person") < 7) & (pl.col("occasion_index") > 1)))
    found = compute(inputs_of(replace(scores, table=table)), settings())
    assert found.n_lost == 7
    assert "attrition-few-lost" in codes(found.findings)
    assert "7 persons are lost" in next(iter(found.findings)).text
    assert found.weights is None
    assert [one.expected_by for one in found.tipping] == [BY_PRESENT]
    assert "not known without weights" in found.answer().worded(str)


def test_with_few_lost_the_model_has_few_terms() -> None:
    scores = simulated(200, 4, missing=0.0)
    gone = (pl.col("person") % 10 == 0) & (pl.col("occasion_index") > pl.col("person") % 3)
    found = compute(inputs_of(replace(scores, table=scores.table.filter(~gone))), settings())
    assert found.n_lost == 20
    assert found.hazard["term"].to_list() == ["problems P", "exposure E"]
    assert "attrition-predictors-left-out" in codes(found.findings)
    assert found.weights is not None
    assert "optimism" in found.weights.balance["variable"].to_list()


def test_a_predictor_that_parts_the_lost_from_the_others_is_left_out() -> None:
    scores = lossy(n=200)
    last = scores.table.group_by("person").agg(pl.col("occasion_index").max()).sort("person")
    flag = (last["occasion_index"] < 5).cast(pl.Float64).alias("knows")
    persons = scores.persons.with_columns(
        flag, same=pl.col("optimism") * 2 + 1, flat=pl.lit(1.0),
        rarely=pl.when(pl.col("person") < 20).then(1.0),
    )  # fmt: skip
    names = ("knows", "optimism", "same", "flat", "rarely")
    made = replace(scores, persons=persons, factors_baseline=names)
    found = compute(inputs_of(made), settings(background=[]))
    assert found.hazard["term"].to_list() == ["problems P", "exposure E", "optimism"]
    told = [one.text for one in found.findings if one.code == "attrition-predictor-not-used"]
    assert len(told) == 3
    assert any("flat does not vary" in text for text in told)
    assert any("rarely is known" in text for text in told)
    assert any("knows and same" in text for text in told)


def test_a_factor_that_only_those_have_who_stayed_tells_nothing_of_loss() -> None:
    inputs = lossy_inputs(n=200)
    last = inputs.scores.table["time"].max()
    asked = settings(background=[], factors=["optimism"])
    early = compute(with_times(inputs, baseline={"optimism": np.full(200, 1.0)}), asked)
    assert "optimism" in early.hazard["term"].to_list()
    late = compute(with_times(inputs, baseline={"optimism": np.full(200, last)}), asked)
    assert "optimism" not in late.hazard["term"].to_list()
    (told,) = [one for one in late.findings if one.code == "attrition-predictor-not-used"]
    assert "only those who stay can have it so late" in told.text
    # Of a few it is as if they had none.
    some = np.where(np.arange(200) < 12, last, 1.0)
    filled = compute(with_times(inputs, baseline={"optimism": some}), asked)
    assert "optimism" in filled.hazard["term"].to_list()
    assert "attrition-values-filled" in codes(filled.findings)


def test_missing_values_of_a_predictor_are_filled_and_told() -> None:
    scores = lossy(n=200)
    persons = scores.persons.with_columns(
        age=pl.when(pl.col("person") >= 10).then(pl.col("age")),
    )
    found = compute(inputs_of(replace(scores, persons=persons)), settings())
    assert "age" in found.hazard["term"].to_list()
    (told,) = [one for one in found.findings if one.code == "attrition-values-filled"]
    assert told.evidence.numbers["n"] == 10


def test_SR_can_stand_in_the_place_of_P_and_E(lost_inputs: AnalysisInputs) -> None:
    found = compute(lost_inputs, settings(scores=["SR"], factors=[], background=["arm"]))
    assert found.hazard["term"].to_list() == ["SR", "arm: programme"]


def test_an_earlier_end_loses_fewer(
    lost_inputs: AnalysisInputs, lost_result: AttritionResult
) -> None:
    found = compute(lost_inputs, settings(end="T3"))
    last = 5 - np.argmax(seen(lost_inputs)[:, ::-1], axis=1)
    assert found.n_lost == np.count_nonzero(last < 3) < lost_result.n_lost
    assert found.occasions["occasion"].to_list() == ["T0", "T1", "T2", "T3"]


def test_nothing_after_the_end_is_claimed_of(lost_inputs: AnalysisInputs) -> None:
    """Weights know of no loss after the end, so that no mean may rest on later occasions."""
    found = compute(lost_inputs, settings(end="T3"))
    SR = np.where(np.arange(6) <= 3, lost_inputs.views.wide("SR").values, np.nan)
    means = np.nanmean(SR[:, :4], axis=0)
    change = next(one for one in found.contrasts if (one.score, one.what) == ("SR", "change"))
    assert (change.begins, change.ends) == ("T0 to T1", "T2 to T3")
    assert change.unweighted.estimate == pytest.approx(means[2:].mean() - means[:2].mean())
    assert change.by_model is None
    # Of factors neither: the coefficient over occasions up to the end, by numpy.
    (factor,) = found.factors
    person, occasion = np.nonzero(np.isfinite(SR[:, 1:]))
    optimism = lost_inputs.scores.persons["optimism"].to_numpy()
    slope = np.polyfit(optimism[person], SR[person, occasion + 1], 1)[0]
    assert factor.two_step.unweighted.estimate == pytest.approx(slope)
    # Without two windows up to the end, single occasions are compared.
    early = compute(lost_inputs, settings(end="T1"))
    assert {(one.begins, one.ends) for one in early.contrasts} == {("T0", "T1")}


def test_a_mend_can_be_followed() -> None:
    """Of few who are lost what is said hangs on their share; a mend names what is not done yet."""
    scores = simulated(40, 4, missing=0.0)
    table = scores.table.filter(~((pl.col("person") < 7) & (pl.col("occasion_index") > 1)))
    found = compute(inputs_of(replace(scores, table=table)), settings())
    (few,) = [one for one in found.findings if one.code == "attrition-few-lost"]
    assert "may move means" in few.text
    assert "Nothing has to be done" not in few.mend
    inputs = lossy_inputs(n=400, by_problems=1.5)
    for truncate in (0.0, 0.1):
        told = compute(inputs, settings(truncate=truncate)).findings
        mends = [one.mend for one in told if one.code == "attrition-not-balanced"]
        assert mends or not truncate
        assert all(("`truncate`" in mend) == (truncate > 0) for mend in mends)
    with pytest.raises(AnalysisError) as caught:
        compute(inputs, settings(end="T0"))
    assert "later occasion" in caught.value.findings[0].mend


@pytest.mark.parametrize(("n", "lost", "moves"), [(32, 4, True), (32, 1, True), (80, 4, True),
                                                  (100, 4, False), (160, 9, True)])  # fmt: skip
def test_every_page_gives_the_same_advice_on_loss(n: int, lost: int, moves: bool) -> None:
    scores = simulated(n, 4, missing=0.0)
    gone = (pl.col("person") < lost) & (pl.col("occasion_index") > 1)
    inputs = inputs_of(replace(scores, table=scores.table.filter(~gone)))
    found = compute(inputs, settings())
    (few,) = [one for one in found.findings if one.code == "attrition-few-lost"]
    hidden = told_without_persons(few, audience_of(inputs.scores, individuals=False))
    assert ("may move means" in few.text) == moves == ("may move means" in hidden.text)
    assert few.mend == hidden.mend
    assert ("hardly" in few.mend) != moves
    assert lost >= 5 or f"{lost} person" not in hidden.text


def test_without_scores_there_is_room_for_factors() -> None:
    scores = simulated(200, 4, missing=0.0)
    gone = (pl.col("person") % 10 == 0) & (pl.col("occasion_index") > pl.col("person") % 3)
    inputs = inputs_of(replace(scores, table=scores.table.filter(~gone)))
    found = compute(inputs, settings(scores=[], background=[]))
    assert found.hazard["term"].to_list() == ["optimism"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"scores": ["P", "E", "SR"]}, "attrition-scores-collinear"),
        ({"factors": ["optimsm"]}, "attrition-predictor-unknown"),
        ({"background": ["agee"]}, "attrition-predictor-unknown"),
        ({"end": "T9"}, "attrition-end-unknown"),
        ({"end": "T0"}, "attrition-single-occasion"),
        ({"scores": [], "factors": [], "background": []}, "attrition-no-predictors"),
        ({"scores": [], "numerator": "baseline"}, "attrition-no-predictors"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    lost_inputs: AnalysisInputs, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(lost_inputs, settings(**given))
    assert code in codes(caught.value.findings)


def test_a_single_occasion_is_refused() -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(inputs_of(simulated(60, 1)), settings())
    assert codes(caught.value.findings) == ["attrition-single-occasion"]


def test_an_end_with_hardly_anybody_is_warned_of() -> None:
    scores = simulated(100, 4, missing=0.0)
    late = (pl.col("occasion_index") == 3) & (pl.col("person") > 5)
    found = compute(inputs_of(replace(scores, table=scores.table.filter(~late))), settings())
    assert "attrition-end-of-few" in codes(found.findings)


def test_weights_that_leave_few_are_warned_of() -> None:
    found = compute(lossy_inputs(n=400, by_problems=3.0, chance=-1.5), settings(truncate=0.0))
    assert "attrition-weights-extreme" in codes(found.findings)


def test_baseline_in_the_numerator_is_told_to_leave_baseline_unbalanced() -> None:
    inputs = lossy_inputs(n=400, by_problems=1.5)
    found = compute(inputs, settings(numerator="baseline"))
    told = [one.text for one in found.findings if one.code == "attrition-not-balanced"]
    assert any("on purpose" in text for text in told)
