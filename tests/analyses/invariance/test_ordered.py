"""Items with ordered categories: when they are taken as such, seeded shifts, none, refusals."""

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
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.analyses.invariance.words import verdict
from salutogen.models import OrderedInvariance
from salutogen.models.ordered.one_factor import search
from tests.analyses.inputs import shown
from tests.analyses.invariance.studies import ITEMS, answers, codes, item_inputs, plan, refused

LAST = "3"
NAMES = tuple(f"P_{item + 1}" for item in range(ITEMS))


def crowded(*, steps: int = 4, **parts: Any) -> pl.DataFrame:
    """Answers from 0, most of them 0: quantities cut where few persons are."""
    bounds = 4.5 + 1.2 * np.arange(steps - 1)
    items = answers(**{"n": 500, "rise": 0.4, **parts}).with_columns(pl.col("^P_.*$").cast(float))
    return items.with_columns(
        pl.sum_horizontal(*((pl.col(name) > one).cast(pl.Int64) for one in bounds)).alias(name)
        for name in NAMES
    )


@cache
def biased() -> tuple[AnalysisInputs, ItemInvariance]:
    """The third item is answered higher at the last occasion, the fifth at the second site."""
    inputs = item_inputs(crowded(n=700, bias={2: 1.0}, of_site={4: 1.2}))
    return inputs, compute(inputs, InvarianceSettings(groups="site", occasions=("1", LAST)))


def test_items_that_shift_are_found_and_no_others() -> None:
    inputs, result = biased()
    over, between = result.comparisons
    assert result.ordered
    assert over.called == ("P_3",)
    assert between.called == ("P_5",)
    assert over.steps["step"].to_list() == ["configural", "thresholds", "metric", "scalar"]
    assert over.established != "scalar"
    assert {"invariance-items-called", "invariance-not-held"} <= codes(result)
    assert "invariance-answers-crowd" not in codes(result)
    frame = inputs.panel.answers["mood"].with_columns(
        inputs.panel.rows["person"], inputs.panel.rows["occasion"]
    )
    plain = crowded(n=700, of_site={4: 1.2})
    shift = frame.filter(occasion=2)["P_3"].mean() - plain.filter(week=3)["P_3"].mean()
    row = over.shifts.filter(item="P_3").row(0, named=True)
    assert row["shift_low"] < shift < row["shift_high"]


def test_the_score_changes_by_the_factor_and_by_the_item() -> None:
    over = biased()[1].comparisons[0]
    row = over.score.row(0, named=True)
    assert row["total"] == pytest.approx(row["factor"] + row["items"], abs=1e-9)
    means = dict(zip(over.persons["place"], over.persons["mean"], strict=True))
    assert row["total"] == pytest.approx(means[LAST] - means["1"], abs=0.15)
    assert row["items_low"] > 0


def test_words_are_those_of_ordered_answers() -> None:
    inputs, result = biased()
    (section,), _ = shown(result, inputs, individuals=True)
    told = " ".join(str(one) for one in section.paragraphs)
    assert "Answers are taken for ordered categories, because items have at most 4" in told
    assert "equal thresholds CFI" in told
    assert "intercepts of latent responses" in told
    assert "left out pair by pair" in told
    assert "Answers are taken for quantities" not in told
    assert "likelihood" not in told
    assert "diagonally weighted least squares" in str(result.methods())
    notes = " ".join(table.note or "" for table in section.tables)
    assert "loadings and thresholds of its own" in notes
    assert "P_3 +" in section.figures[0].description


def test_figures_are_those_of_the_model_used_alone() -> None:
    inputs, result = biased()
    panel = inputs.panel
    frame = panel.answers["mood"].with_columns(panel.rows["person"], panel.rows["occasion"])
    model = OrderedInvariance(items=NAMES, person="person", occasion="occasion")
    alone = model.fit(frame.filter(pl.col("occasion") != 1))
    over = result.comparisons[0]
    for name in ("chi_square", "cfi", "rmsea", "difference"):
        known = alone.steps[name].drop_nulls()
        np.testing.assert_allclose(over.steps[name].drop_nulls(), known, rtol=1e-6)
    np.testing.assert_allclose(over.items["p"], alone.items["p_value"], rtol=1e-5)
    np.testing.assert_allclose(over.shifts["shift"], alone.shifts["shift"], atol=1e-6)


def test_crowded_answers_that_measure_alike_are_not_called_though_the_mean_rises() -> None:
    inputs = item_inputs(crowded())
    result = compute(inputs, InvarianceSettings(occasions=("1", LAST)))
    over = result.comparisons[0]
    assert result.crowded
    assert over.called == ()
    assert over.established == "scalar"
    assert "measure alike over 1 and 3" in str(result.answer())
    assert over.score["items"].to_list() == [0.0]


@pytest.mark.parametrize(
    ("frame", "ordered", "why"),
    [
        (crowded(), True, "items have at most 4 different ones"),
        (crowded(steps=7), True, "half or more of those to an item are at one end"),
        (answers(), False, "an item has 10 different ones"),
    ],
)
def test_what_answers_are_taken_for(frame: pl.DataFrame, ordered: bool, why: str) -> None:
    settings = InvarianceSettings(occasions=("1", LAST))
    result = compute(item_inputs(frame), settings)
    assert (result.ordered, result.comparisons[0].ordered) == (ordered, ordered)
    assert why in result.why


def test_the_study_file_decides() -> None:
    inputs = item_inputs(crowded())
    plain = compute(inputs, InvarianceSettings(items="continuous", occasions=("1", LAST)))
    assert not plain.ordered
    assert plain.why == "the study file says so"
    assert "invariance-answers-crowd" in codes(plain)
    assert plain.comparisons[0].steps["step"].to_list() == ["configural", "metric", "scalar"]


def test_with_too_few_persons_for_thresholds_answers_are_quantities() -> None:
    """Two occasions of six items: 55 parameters of four categories, 43 of quantities."""
    inputs = item_inputs(crowded(n=100, missing=0.0))
    result = compute(inputs, InvarianceSettings(occasions=("1", LAST)))
    assert not result.ordered
    assert "invariance-taken-as-quantities" in codes(result)
    told = refused(inputs, items="ordered", occasions=("1", LAST))
    assert "55 parameters" in told["invariance-too-few-persons"]


def rarely(item: str) -> pl.DataFrame:
    """Answers to an item of which the highest is given by four persons at the last occasion."""
    kept = (pl.col("week") == 3) & (pl.col("pid").is_in([f"MUC-{1000 + 7 * n}" for n in range(4)]))
    high = pl.when(kept).then(3).otherwise(pl.col(item).clip(0, 2))
    return crowded().with_columns(high.alias(item))


def test_answers_that_one_place_lacks_and_another_has_are_not_joined() -> None:
    frame = crowded().with_columns(
        pl.when((pl.col("week") == 1) & (pl.col(name) == 3)).then(2)
        .when((pl.col("week") == 3) & (pl.col(name) == 2)).then(3).otherwise(name).alias(name)
        for name in NAMES
    )  # fmt: skip
    inputs = item_inputs(frame)
    told = refused(inputs, items="ordered", occasions=("1", LAST))
    assert set(told) == {"invariance-categories-unfit"}
    assert "P_1 (2: hardly at 3, but at 1)" in told["invariance-categories-unfit"]
    result = compute(inputs, InvarianceSettings(occasions=("1", LAST)))
    assert not result.ordered
    assert not result.comparisons[0].joined.height
    texts = {item.code: item.text for item in result.findings}
    assert "answers are taken for quantities" in texts["invariance-categories-apart"]
    assert "invariance-taken-as-quantities" not in texts
    mends = {item.code: item.mend for item in result.findings}
    assert "items: ordered" not in mends["invariance-answers-crowd"]  # it would be refused
    assert "thresholds cannot be compared between answers that some places have" in result.why
    assert "Items of mood measure" not in str(result.answer())


def test_a_comparison_of_quantities_that_lack_answers_is_not_settled() -> None:
    _, result = biased()
    one = replace(result.comparisons[0], established="scalar", apart=("P_2 (3: hardly at 1)",))
    told = verdict(result, one)
    assert told.startswith("Whether items of mood measure alike over 1 and 3 is not settled")
    assert "hardly at another (P_2 (3: hardly at 1))" in told
    assert "Items of mood measure" not in told


def test_answers_are_named_as_they_were_given() -> None:
    frame = rarely("P_2").with_columns(P_2=3 - pl.col("P_2"))
    mood = {"reverse": ["P_2"], "answers": "0..3"}
    result = compute(item_inputs(frame, mood=mood), InvarianceSettings(occasions=("1", LAST)))
    assert result.comparisons[0].joined.filter(item="P_2")["answers"].to_list() == ["0 and 1"]
    better = rarely("P_2").with_columns(pl.col("^P_.*$") * -1 + 3)
    mood = {"higher": "better", "answers": "0..3"}
    result = compute(item_inputs(better, mood=mood), InvarianceSettings(occasions=("1", LAST)))
    text = {item.code: item.text for item in result.findings}["invariance-categories-joined"]
    assert "P_2 (0 and 1)" in text


def test_rare_categories_are_joined_and_told() -> None:
    inputs = item_inputs(rarely("P_2"))
    result = compute(inputs, InvarianceSettings(occasions=("1", LAST)))
    text = {item.code: item.text for item in result.findings}["invariance-categories-joined"]
    assert "P_2 (2 and 3)" in text
    assert result.comparisons[0].joined.filter(item="P_2")["answers"].to_list() == ["2 and 3"]
    assert "measure alike" in str(result.answer())
    assert "Of rare answers that count as one" in str(result.answer())
    (section,), _ = shown(result, inputs, individuals=True)
    assert section.tables[-1].name == "invariance-categories-occasions"


def test_an_item_without_two_categories_is_refused_or_taken_for_a_quantity() -> None:
    frame = crowded()
    early, late = (
        pl.col("pid").is_in([f"MUC-{1000 + 7 * one}" for one in range(first, first + 4)])
        for first in (0, 2)
    )
    kept = ((pl.col("week") == 1) & early) | ((pl.col("week") == 3) & late)
    few = frame.with_columns(P_2=pl.when(kept).then(pl.lit(1)).otherwise(pl.lit(0)))
    inputs = item_inputs(few)
    told = refused(inputs, items="ordered", occasions=("1", LAST))
    assert set(told) == {"invariance-categories-unfit"}
    assert "P_2: no two categories" in told["invariance-categories-unfit"]
    result = compute(inputs, InvarianceSettings(occasions=("1", LAST)))
    assert not result.ordered
    assert "invariance-taken-as-quantities" in codes(result)


def test_quantities_are_no_categories() -> None:
    wide = answers(highest=30).filter(pl.col("week") != 2)
    told = refused(item_inputs(wide, highest=30), items="ordered")
    assert set(told) == {"invariance-categories-unfit"}
    assert "different answers: these are quantities" in told["invariance-categories-unfit"]


def test_items_that_go_together_perfectly_are_no_categories_either() -> None:
    copied = crowded().with_columns(P_2=pl.col("P_1"))
    inputs = item_inputs(copied)
    settings = {"occasions": ("1", LAST)}
    told = refused(inputs, items="ordered", **settings)
    assert "P_1 at 1 and P_2 at 1 go together perfectly" in told["invariance-not-fitted"]
    assert set(refused(inputs, **settings)) == {"invariance-not-fitted"}


def test_a_model_that_is_not_found_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = item_inputs(crowded())
    monkeypatch.setattr(search, "MOST_STEPS", 2)
    told = refused(inputs, items="ordered", occasions=("1", LAST))
    assert "the search for a model of ordered items did not settle" in told["invariance-not-fitted"]
    result = compute(inputs, InvarianceSettings(occasions=("1", LAST)))
    assert not result.ordered
    texts = {item.code: item.text for item in result.findings}
    assert "no model of ordered categories" in texts["invariance-taken-as-quantities"]
    assert "invariance-not-fitted" not in texts


def test_of_three_categories_thresholds_and_loadings_are_one_step() -> None:
    inputs = item_inputs(crowded(steps=3))
    result = compute(inputs, InvarianceSettings(occasions=("1", LAST)))
    assert result.comparisons[0].steps["step"].to_list() == ["configural", "metric", "scalar"]
    (section,), _ = shown(result, inputs, individuals=True)
    assert any("only where an item has four categories" in str(one) for one in section.paragraphs)
    two = compute(item_inputs(crowded(steps=2)), InvarianceSettings(occasions=("1", LAST)))
    assert two.comparisons[0].steps["step"].to_list() == ["configural", "scalar"]
    assert "equal loadings and thresholds CFI" in str(two.answer())


def test_the_page_shows_all_to_every_audience() -> None:
    inputs, result = biased()
    for individuals in (True, False):
        (section,), told = shown(result, inputs, individuals=individuals)
        assert not told
        assert len(section.figures) == 2


def test_a_run_that_hides_persons_tells_all_of_it() -> None:
    steps = [{"step": "invariance", "groups": "site", "items": "ordered",
              "occasions": ["1", LAST]}]  # fmt: skip
    study = sg.read_study(plan(analyses=steps, individuals="hide"))
    results = sg.run(study, {"answers": crowded(bias={2: 1.0})})
    told = results.to_dict()["steps"]["invariance"]
    over, between = told["comparisons"]
    assert told["ordered"] is True
    assert over["called"] == ["P_3"]
    assert over["persons"][0]["n"] == 500
    assert between["score"][0]["total"] is not None
