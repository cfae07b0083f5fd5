"""Sentences on comparisons of items: turned, untested, beside a limit; what is left to do."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import polars as pl
import pytest

from salutogen.analyses.coded_names import in_names
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.invariance.analysis import ItemInvariance, compute
from salutogen.analyses.invariance.fit_limits import digits_beside
from salutogen.analyses.invariance.fitted import _PARAMETERS
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.analyses.invariance.words import taken_for, verdict
from salutogen.errors import AnalysisError
from salutogen.findings import Finding
from salutogen.models import InvarianceResult, MeasurementInvariance
from tests.analyses.inputs import shown
from tests.analyses.invariance.studies import answers, item_inputs

LAST = "3"
ENDS = InvarianceSettings(occasions=("1", LAST))


@cache
def alike() -> tuple[AnalysisInputs, ItemInvariance]:
    inputs = item_inputs()
    return inputs, compute(inputs, ENDS)


def refusal(inputs: AnalysisInputs, **settings: Any) -> Finding:
    with pytest.raises(AnalysisError) as caught:
        compute(inputs, InvarianceSettings(**settings))
    (found,) = caught.value.findings
    return found


def test_the_latent_difference_has_its_interval_and_estimates_are_no_interval() -> None:
    _, result = alike()
    told = verdict(result, result.comparisons[0])
    row = result.comparisons[0].score.row(0, named=True)
    assert f"(95 % interval +{row['factor_low']:.2f} to +{row['factor_high']:.2f})" in told
    assert "; if any one item is left free, estimates go from +" in told


def test_an_item_without_a_test_is_named() -> None:
    _, result = alike()
    one = result.comparisons[0]
    assert "could not be tested" not in verdict(result, one)
    lost = pl.col("item") == "P_4"
    items = one.items.with_columns(
        pl.when(lost).then(None).otherwise(name).alias(name)
        for name in ("chi_square", "p", "p_adjusted")
    )
    told = verdict(result, replace(one, items=items))
    assert "adjusted for the items tested" in told
    assert "P_4 could not be tested" in told


@pytest.mark.parametrize(
    ("value", "limit", "digits"),
    [(-0.01003, -0.01, 5), (-0.0104, -0.01, 4), (-0.013, -0.01, 3), (-0.01, -0.01, 3),
     (0.8998, 0.9, 4), (0.0801, 0.08, 4)],
)  # fmt: skip
def test_a_figure_does_not_look_like_the_limit_that_it_passes(
    value: float, limit: float, digits: int
) -> None:
    assert digits_beside(value, limit) == digits
    assert round(value, digits) != limit or value == limit


def test_a_change_that_passes_the_rule_is_told_so_far() -> None:
    _, result = alike()
    one = result.comparisons[0]
    steps = one.steps.with_columns(cfi_change=pl.lit(-0.0103))
    assert "CFI \u22120.0103" in verdict(result, replace(one, steps=steps))


def test_items_that_are_turned_are_said_to_be() -> None:
    frame = answers(bias={2: 0.8}).with_columns(P_3=10 - pl.col("P_3"))
    result = compute(item_inputs(frame, mood={"reverse": ["P_3"], "method": "mean"}), ENDS)
    assert result.turned == ("P_3",)
    assert "P_3 (turned) is answered 0." in str(result.answer())
    assert "points of the mean score higher at 3" in str(result.answer())
    assert "Codes of P_3 are turned" in taken_for(result)
    assert alike()[1].turned == ()


def test_a_model_that_did_not_settle_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = MeasurementInvariance.fit

    def unsettled(model: MeasurementInvariance, data: Any) -> InvarianceResult:
        result = fit(model, data)
        metric = replace(result.fits["metric"], converged=False)
        return replace(result, fits={**result.fits, "metric": metric})

    monkeypatch.setattr(MeasurementInvariance, "fit", unsettled)
    found = refusal(item_inputs(), occasions=("1", LAST))
    assert found.code == "invariance-not-fitted"
    assert "items taken for quantities did not settle" in found.text


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("resid(v3@p1): below zero", "residual of GHQ_03 at 1: below zero"),
        ("resid(v3@p1,v3@p2)", "residuals of GHQ_03 at 1 and at 7"),
        ("v3@p1 and v3@p2", "GHQ_03 at 1 and GHQ_03 at 7"),
        ("resid(v3) [p2]", "residual of GHQ_03 in 7"),
    ],
)
def test_parameters_are_named_as_the_study_names_them(message: str, told: str) -> None:
    assert in_names(message, {"v3": "GHQ_03", "p1": "1", "p2": "7"}, _PARAMETERS) == told


def test_groups_too_small_leave_a_way_that_is_open() -> None:
    few = pl.col("pid").is_in([f"MUC-{1000 + 7 * one}" for one in range(20)])
    frame = answers().with_columns(site=pl.when(few).then(pl.lit("few")).otherwise(pl.lit("many")))
    one = refusal(item_inputs(frame), groups="site", occasions=("1",))
    assert "name a second of the `occasions`" in one.mend
    two = refusal(item_inputs(frame), groups="site", occasions=("1", LAST))
    assert two.mend.startswith("Leave `groups` out, so that occasions alone")
    once = refusal(item_inputs(frame.filter(pl.col("week") == 1)), groups="site")
    assert once.mend == "Name an instrument with fewer items."


def test_an_item_that_never_varies_is_not_mended_by_occasions() -> None:
    flat = answers().with_columns(P_2=pl.lit(4))
    found = refusal(item_inputs(flat), occasions=("1", LAST))
    assert (found.code, "P_2 has one answer at all" in found.text) == (
        "invariance-item-constant", True
    )  # fmt: skip
    assert found.mend.startswith("Name an instrument without the item")
    at_last = pl.when(pl.col("week") == 3).then(pl.lit(4)).otherwise("P_2")
    found = refusal(item_inputs(answers().with_columns(P_2=at_last)), occasions=("1", LAST))
    assert found.mend == "Name other occasions or groups."


def test_the_note_on_models_names_those_that_were_fitted() -> None:
    items = pl.col("^P_.*$")
    inputs = item_inputs(answers().with_columns((items > 4).cast(pl.Int64)))
    (section,), _ = shown(compute(inputs, ENDS), inputs, individuals=True)
    note = section.tables[0].note or ""
    assert "Scalar: equal loadings and thresholds." in note
    assert "Metric" not in note
    assert "Thresholds:" not in note
