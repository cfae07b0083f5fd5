"""Whether items measure alike: seeded shifts, none, scores turned round, refusals, the page."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.invariance.analysis import ItemInvariance, compute
from salutogen.analyses.invariance.fitted import Comparison
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.analyses.invariance.signs import signs_of
from salutogen.analyses.invariance.words import verdict
from salutogen.models import MeasurementInvariance
from tests.analyses.inputs import shown
from tests.analyses.invariance.studies import (
    ITEMS,
    LOADINGS,
    answers,
    codes,
    item_inputs,
    plan,
    refused,
)

LAST = "3"
SHIFT, OF_SITE = 0.6, 0.8


@cache
def biased() -> tuple[AnalysisInputs, ItemInvariance]:
    """The third item is answered higher at the last occasion, the fifth at the second site."""
    inputs = item_inputs(answers(bias={2: SHIFT}, of_site={4: OF_SITE}))
    return inputs, compute(inputs, InvarianceSettings(groups="site"))


def test_an_item_that_shifts_over_time_is_found_and_no_other() -> None:
    over = biased()[1].comparisons[0]
    assert over.called == ("P_3",)
    assert over.established == "metric"
    assert over.steps["holds"].to_list() == [None, True, False]
    row = over.shifts.filter(item="P_3", place=LAST).row(0, named=True)
    assert row["shift_low"] < SHIFT < row["shift_high"]
    assert row["shift"] == pytest.approx(SHIFT, abs=0.15)


def test_the_score_changes_by_the_latent_mean_and_by_the_item() -> None:
    over = biased()[1].comparisons[0]
    row = over.score.filter(place=LAST).row(0, named=True)
    latent = 0.6 * LOADINGS.sum()
    assert row["factor_low"] < latent < row["factor_high"]
    assert row["items_low"] < SHIFT < row["items_high"]
    assert row["total"] == pytest.approx(row["factor"] + row["items"], abs=1e-9)
    means = dict(zip(over.persons["place"], over.persons["mean"], strict=True))
    assert row["total"] == pytest.approx(means[LAST] - means["1"], abs=0.2)
    assert row["items_sd"] == pytest.approx(row["items"] / over.persons["sd"][0])


def test_an_item_that_differs_between_groups_is_found_and_no_other() -> None:
    result = biased()[1]
    between = result.comparisons[1]
    assert (between.by, between.at, between.places) == ("site", "1", ("north", "south"))
    assert between.called == ("P_5",)
    row = between.score.row(0, named=True)
    assert row["items_low"] < OF_SITE < row["items_high"]
    assert row["factor_low"] < 0 < row["factor_high"]
    told = str(result.answer())
    assert "P_5" in told
    assert "in the groups of site (north and south, at 1)" in told
    assert {"invariance-items-called", "invariance-not-held"} <= codes(result)


def test_figures_are_those_of_the_model_used_alone() -> None:
    inputs, result = biased()
    panel = inputs.panel
    frame = panel.answers["mood"].with_columns(panel.rows["person"], panel.rows["occasion"])
    names = tuple(f"P_{item + 1}" for item in range(ITEMS))
    alone = MeasurementInvariance(
        items=names, person="person", occasion="occasion", standard_errors="robust"
    ).fit(frame)
    over = result.comparisons[0]
    for ours, theirs in (("chi_square", "chi_square"), ("cfi", "cfi"), ("rmsea", "rmsea"),
                         ("difference", "difference")):  # fmt: skip
        known = alone.steps[theirs].drop_nulls()
        np.testing.assert_allclose(over.steps[ours].drop_nulls(), known, rtol=1e-6)
    np.testing.assert_allclose(over.items["p"], alone.items["p_value"], rtol=1e-5)
    np.testing.assert_allclose(over.shifts["shift"], alone.shifts["shift"], atol=1e-6)


def test_items_that_measure_alike_are_not_called_though_the_mean_rises() -> None:
    result = compute(item_inputs(), InvarianceSettings())
    over = result.comparisons[0]
    assert over.called == ()
    assert over.established == "scalar"
    assert over.one_factor
    assert not codes(result)
    assert over.score["items"].to_list() == [0.0, 0.0]
    row = over.score.filter(place=LAST).row(0, named=True)
    assert row["factor_low"] < 0.6 * LOADINGS.sum() < row["factor_high"]
    told = str(result.answer())
    assert "measure alike over 1, 2 and 3" in told
    assert "No single item is shown to be answered differently" in told


def test_a_scale_where_higher_is_better_is_turned_and_a_mean_is_in_its_points() -> None:
    frame = answers(bias={2: SHIFT})
    turned = frame.with_columns(pl.col("^P_.*$") * -1 + 10)
    plain = compute(item_inputs(frame), InvarianceSettings()).comparisons[0]
    mood = {"higher": "better", "method": "mean"}
    found = compute(item_inputs(turned, mood=mood), InvarianceSettings()).comparisons[0]
    assert found.called == ("P_3",)
    np.testing.assert_allclose(ITEMS * found.score["total"], plain.score["total"], rtol=1e-6)
    np.testing.assert_allclose(
        ITEMS * found.shifts["shift_se"], plain.shifts["shift_se"], rtol=1e-5
    )


def test_answers_that_crowd_at_one_end_are_doubted() -> None:
    items = pl.col("^P_.*$")
    floor = answers(rise=0.1).with_columns((items - 4).clip(0))
    settings = InvarianceSettings(items="continuous")
    result = compute(item_inputs(floor), settings)
    assert result.at_one_end > 0.5
    assert "invariance-answers-crowd" in codes(result)
    assert "Answers are taken for quantities" in str(result.answer())
    few = compute(item_inputs(answers(highest=3, rise=0.0), highest=3), settings)
    assert few.categories <= 4
    assert not few.crowded
    assert "invariance-answers-crowd" not in codes(few)


def test_as_many_occasions_as_persons_allow() -> None:
    result = compute(item_inputs(answers(n=200)), InvarianceSettings())
    assert result.comparisons[0].places == ("1", "3")
    assert "invariance-occasions-chosen" in codes(result)
    named = compute(item_inputs(answers(n=200)), InvarianceSettings(occasions=("3", "1")))
    assert named.comparisons[0].places == ("3", "1")
    back = named.comparisons[0].score["total"].item()
    assert back == pytest.approx(-result.comparisons[0].score["total"].item(), rel=0.05)
    assert "invariance-occasions-chosen" not in codes(named)


def test_groups_of_few_are_left_out_or_refused() -> None:
    frame = answers()
    few = pl.col("pid").is_in([f"MUC-{1000 + 7 * one}" for one in range(20)])
    two = frame.with_columns(site=pl.when(few).then(pl.lit("few")).otherwise(pl.lit("many")))
    found = refused(item_inputs(two), groups="site", occasions=("1",))
    assert set(found) == {"invariance-groups-too-small"}
    three = frame.with_columns(site=pl.when(few).then(pl.lit("few")).otherwise("site"))
    settings = InvarianceSettings(groups="site", occasions=("1",))
    result = compute(item_inputs(three), settings)
    assert result.comparisons[0].places == ("north", "south")
    assert result.comparisons[0].n == 380
    assert "invariance-groups-left-out" in codes(result)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"instrument": "modo"}, "invariance-instrument-unknown"),
        ({"instrument": "events"}, "invariance-of-events"),
        ({"occasions": ("1", "7")}, "invariance-occasion-unknown"),
        ({"occasions": ("2",)}, "invariance-one-occasion"),
        ({"groups": "place"}, "invariance-groups-unknown"),
    ],
)
def test_what_cannot_be_asked_is_refused(settings: dict[str, Any], code: str) -> None:
    assert set(refused(biased()[0], **settings)) == {code}


def test_one_occasion_that_was_named_is_told_as_such() -> None:
    told = refused(item_inputs(), occasions=("2",))
    assert "names 2 alone" in told["invariance-one-occasion"]


def test_a_step_that_one_rule_alone_denies_is_not_settled() -> None:
    _, result = biased()
    fair = result.comparisons[1]
    row = pl.col("step") == "metric"
    change = {"cfi_change": -0.013, "rmsea_change": 0.0, "difference_p": 0.19, "holds": False}
    steps = fair.steps.with_columns(
        pl.when(row).then(pl.lit(value)).otherwise(name).alias(name)
        for name, value in change.items()
    )
    scalar = pl.col("step") == "scalar"
    steps = steps.with_columns(
        difference_p=pl.when(scalar).then(0.5).otherwise("difference_p"),
        holds=pl.when(scalar).then(pl.lit(value=True)).otherwise("holds"),
    )
    one = replace(fair, steps=steps, established="configural", called=())
    signs = signs_of(one)
    assert signs is not None
    assert (signs.equal, signs.against, signs.tested) == ("loadings", ("the rule for CFI",), False)
    told = verdict(result, one)
    assert "have equal loadings in the groups of site" in told
    assert "is not settled" in told
    assert (
        "The rule for CFI speaks against it; the rule for RMSEA, the likelihood ratio (p = .190) "
        "and the tests of single items do not." in told
    )
    assert "can be compared" not in told
    called = replace(one, called=("P_5",))
    assert "Neither means nor associations of the score" in verdict(result, called)
    assert signs_of(replace(one, established="scalar")) is None


def test_a_total_has_no_items() -> None:
    frame = answers(n=60).with_columns(total=pl.sum_horizontal("^P_.*$"))
    mood = {"columns": "total", "total": True, "answers": "0..60", "title": "Mood of the week"}
    told = refused(item_inputs(frame, mood=mood))
    assert set(told) == {"invariance-of-a-total"}
    assert told["invariance-of-a-total"].startswith("Mood of the week is one column")


def test_too_few_persons_and_items_without_variance_are_refused() -> None:
    found = refused(item_inputs(answers(n=60)))
    assert set(found) == {"invariance-too-few-persons"}
    assert (
        "43 parameters; 60 persons answered, 86 are needed" in found["invariance-too-few-persons"]
    )
    frame = answers()
    flat = frame.with_columns(P_2=pl.when(pl.col("week") == 3).then(pl.lit(4)).otherwise("P_2"))
    found = refused(item_inputs(flat))
    assert set(found) == {"invariance-item-constant"}
    assert "P_2 (3)" in found["invariance-item-constant"]


def test_answers_at_one_occasion_are_refused_unless_groups_are_named() -> None:
    one = answers().filter(pl.col("week") == 1)
    assert set(refused(item_inputs(one))) == {"invariance-one-occasion"}
    result = compute(item_inputs(one), InvarianceSettings(groups="site"))
    assert [found.over for found in result.comparisons] == ["groups"]


def test_other_persons_at_each_occasion_cannot_be_compared_over_time() -> None:
    frame = answers().filter((pl.col("week") == 1) == (pl.col("pid") < "MUC-2500"))
    inputs = item_inputs(frame.filter(pl.col("week") != 2))
    assert set(refused(inputs, occasions=("1", "3"))) == {"invariance-answers-apart"}


def test_the_page_hides_nothing_but_small_counts() -> None:
    inputs, result = biased()
    for individuals in (True, False):
        (section,), told = shown(result, inputs, individuals=individuals)
        assert not told
        assert len(section.tables) == 10
        assert len(section.figures) == 2
        assert "P_3 (3) +0." in section.figures[0].description


def test_a_run_that_hides_persons_tells_all_of_it() -> None:
    steps = [{"step": "invariance", "groups": "site"}]
    study = sg.read_study(plan(analyses=steps, individuals="hide"))
    results = sg.run(study, {"answers": answers(n=200, bias={2: SHIFT})})
    over, between = results.to_dict()["steps"]["invariance"]["comparisons"]
    assert over["called"] == ["P_3"]
    assert over["persons"][0]["n"] == 200
    assert between["score"][0]["total"] is not None
    assert isinstance(results.analysis("invariance").comparisons[0], Comparison)


def test_a_left_out_group_of_few_does_not_follow_from_the_others() -> None:
    few = pl.col("pid") == "MUC-1000"
    frame = answers(n=200).with_columns(site=pl.when(few).then(pl.lit("few")).otherwise("site"))
    steps = [{"step": "invariance", "groups": "site"}]
    results = sg.run(sg.read_study(plan(analyses=steps, individuals="hide")), {"answers": frame})
    between = results.analysis("invariance").comparisons[1]
    sizes = between.persons["n"].to_list()
    assert (sum(sizes), sizes[-1], between.n) == (200, 1, 199)
    told = results.to_dict()["steps"]["invariance"]["comparisons"][1]
    counts = [row["n"] for row in told["persons"]]
    assert counts[-1] is None
    assert counts.count(None) >= 2, "the rest of 200 would be the one who is left out"
    assert told["n"] is None
    assert told["per_parameter"] is None
    words = results.analysis("invariance").methods().worded(lambda n: str(getattr(n, "of", n)))
    assert "199" not in words


def test_a_comparison_that_cannot_be_fitted_leaves_the_other() -> None:
    """At the second site two items are answered alike at the first occasion."""
    first = (pl.col("week") == 1) & (pl.col("site") == "south")
    copied = answers().with_columns(P_2=pl.when(first).then("P_1").otherwise("P_2"))
    result = compute(item_inputs(copied), InvarianceSettings(groups="site"))
    assert [one.over for one in result.comparisons] == ["occasions"]
    told = {item.code: item.text for item in result.findings}["invariance-comparison-left-out"]
    assert "P_1" in told
    assert "P_2" in told
    alone = copied.filter(pl.col("week") == 1)
    assert set(refused(item_inputs(alone), groups="site")) == {"invariance-not-fitted"}
