"""Shifts of the lost, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.attrition.analysis import AttritionResult, compute
from salutogen.analyses.attrition.figures import ABOVE, BELOW, NO_CLAIM, stretches
from salutogen.analyses.attrition.records import Told
from salutogen.analyses.attrition.tipping import CHANGE_OF_SR
from salutogen.analyses.attrition.words import end_words, interval, turns, unclaimed_words
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import FactorsResult
from tests.analyses.attrition.asking import codes, seen, settings, with_neighbours
from tests.analyses.attrition.lossy import lossy, lossy_inputs
from tests.analyses.inputs import inputs_of


def test_shifts_move_estimates_by_the_share_that_was_lost(
    lost_inputs: AnalysisInputs, lost_result: AttritionResult
) -> None:
    there = seen(lost_inputs)
    last = 5 - np.argmax(there[:, ::-1], axis=1)
    gone = last[:, None] < np.arange(6)
    change, factor = lost_result.tipping
    assert change.claim == CHANGE_OF_SR
    assert change.weight_of_lost == pytest.approx(gone[:, 4:].mean() - gone[:, :2].mean())
    # A factor's coefficient moves by that of the share of occasions lost on the factor.
    optimism = lost_inputs.scores.persons["optimism"].to_numpy()
    slope = np.polyfit(optimism, gone[:, 1:].mean(axis=1), 1)[0]
    assert factor.weight_of_lost == pytest.approx(slope)
    for one in lost_result.tipping:
        rows = {row["delta_sd"]: row for row in one.curve.rows(named=True)}
        sd = rows[1.0]["delta"]
        assert sd == pytest.approx(np.nanstd(lost_inputs.views.wide("SR").values, ddof=1))
        moved = rows[1.0]["estimate"] - rows[0.0]["estimate"]
        assert moved == pytest.approx(sd * one.weight_of_lost)
        assert rows[0.0]["low"] == pytest.approx(one.at_zero.interval[0])


def test_the_tipping_point_parts_shifts_that_hold_zero_from_those_that_do_not(
    lost_result: AttritionResult,
) -> None:
    change = lost_result.tipping[0]
    assert change.at_zero.sign == 0
    assert change.tips_at_sd is not None
    rows = change.curve.with_columns(told=(pl.col("low") > 0) | (pl.col("high") < 0))
    near = rows.filter(pl.col("delta_sd").abs() < abs(change.tips_at_sd))
    assert not near["told"].any()
    same_side = rows.filter((pl.col("delta_sd") * change.tips_at_sd > 0) & pl.col("told"))
    assert same_side["delta_sd"].abs().min() >= abs(change.tips_at_sd)
    assert "holds 0 already" in turns(change).worded(str)
    assert "no shift of the lost by up to 3 SDs" in turns(lost_result.tipping[1]).worded(str)


@pytest.mark.parametrize(
    ("interval", "tips", "words"),
    [
        ((0.1, 0.5), -0.4, "come to hold 0 if the unseen SR of the lost was 1.20 points"),
        ((0.1, 0.5), None, "no shift of the lost by up to 3 SDs in either direction"),
        ((-0.1, 0.5), 0.4, "holds 0 already; it would leave it out"),
        ((-0.1, 0.5), None, "holds 0 already, and no shift"),
        (None, None, "error is not known"),
    ],
)
def test_what_turns_a_claim_is_said_for_every_case(
    lost_result: AttritionResult,
    interval: tuple[float, float] | None,
    tips: float | None,
    words: str,
) -> None:
    made = replace(
        lost_result.tipping[0],
        at_zero=Told(estimate=0.3, se=0.1, interval=interval),
        tips_at=None if tips is None else 3 * tips,
        tips_at_sd=tips,
    )
    assert words in turns(made).worded(str)
    if tips is not None:
        assert ("higher (worse)" if tips > 0 else "lower (better)") in turns(made).worded(str)


def test_a_claim_that_a_small_shift_undoes_is_warned_of() -> None:
    """Those present seem to improve; expected to fare as they did, the lost undo it soon."""
    inputs = lossy_inputs(n=400, chance=-1.2, by_problems=0.3)
    table = inputs.scores.table
    late = table["occasion_index"].cast(pl.Float64) / 5
    better = table.with_columns(P=(pl.col("P") - 1.1 * late).clip(0))
    found = compute(inputs_of(replace(inputs.scores, table=better)), settings())
    change = found.tipping[0]
    assert change.at_zero.sign == -1
    assert change.tips_at_sd is not None
    assert 0 < change.tips_at_sd < 0.5
    assert "attrition-claim-turns-early" in codes(found.findings)


def test_only_what_is_claimed_among_the_factors_can_turn() -> None:
    """One page gives one answer: of twelve factors of chance some intervals leave out 0."""
    scores = lossy(n=300, seed=8)
    rng = np.random.default_rng(1)
    names = tuple(f"chance_{number}" for number in range(12))
    made = scores.persons.with_columns(pl.Series(name, rng.normal(size=300)) for name in names)
    scores = replace(scores, persons=made, factors_baseline=("optimism", *names))
    inputs = with_neighbours(inputs_of(scores))
    found = compute(inputs, settings(background=[], factors=["optimism"]))
    factors = cast(FactorsResult, inputs.before["factors"])
    claimed = {item.name: item.claimed for item in factors.factors}
    turned = [one for one in found.tipping if one.factor is not None]
    assert {one.factor: one.claimed for one in turned} == claimed
    assert claimed["optimism"]
    chance = [one for one in turned if one.at_zero.sign and not one.is_claim]
    assert chance
    for one in turned:
        drawn = {bar[0] for bar in stretches(one)}
        assert (drawn == {NO_CLAIM}) is not one.is_claim
    told = unclaimed_words(found)
    assert all(str(one.factor) in told for one in chance)
    assert "optimism" not in told
    assert "nothing to turn" in turns(chance[0]).worded(str)
    assert found.tipping[0].claimed is None
    kept = tuple(one for one in found.tipping if one.is_claim)
    assert unclaimed_words(replace(found, tipping=kept)) == ""


@pytest.mark.parametrize("place", [0, 1])
def test_bars_end_where_the_interval_turns(lost_result: AttritionResult, place: int) -> None:
    """Bars agree with the curve at each of its shifts, and end at the turns themselves."""
    one = lost_result.tipping[place]
    bars = stretches(one)
    assert [bar[1] for bar in bars[1:]] == list(one.turns_at_sd)
    if one.tips_at_sd is not None:
        assert one.tips_at_sd in one.turns_at_sd
    for row in one.curve.rows(named=True):
        (verdict,) = {bar[0] for bar in bars if bar[1] <= row["delta_sd"] <= bar[2]}
        assert (verdict == ABOVE) == (row["low"] > 0)
        assert (verdict == BELOW) == (row["high"] < 0)


def test_what_weights_move_is_claimed_with_its_error(lost_result: AttritionResult) -> None:
    end = next(one for one in lost_result.contrasts if (one.score, one.what) == ("SR", "end"))
    assert end.moved is not None
    assert end.moved.sign == 1
    assert "those present have it lower than everyone would" in end_words(lost_result)
    assert interval(end.moved) in end_words(lost_result)
    unsure = replace(end, moved=replace(end.moved, interval=(-0.1, 0.2)))
    assert "is not told" in end_words(replace(lost_result, contrasts=(unsure,)))
