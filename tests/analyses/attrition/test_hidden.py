"""Where persons are hidden, no two counts of those who were lost tell of few by subtraction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.attrition.analysis import AttritionResult, compute
from salutogen.analyses.contract import AnalysisInputs
from salutogen.page.audience import Audience
from salutogen.pipeline.hidden_figures import HiddenFigures
from tests.analyses.attrition.asking import settings
from tests.analyses.inputs import inputs_of, shown
from tests.norm.cohorts import simulated

# Of 160 five are lost after T0, twenty after T2 and two after T4; three miss T1.
LOST_AFTER = np.repeat([5, 0, 2, 4], [133, 5, 20, 2])
TOLD = [160, None, 155, None, None, 135]


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    scores = simulated(160, 6, missing=0.0)
    table = scores.table
    person, occasion = (table[name].to_numpy() for name in ("person", "occasion_index"))
    kept = (occasion <= LOST_AFTER[person]) & ~((person < 3) & (occasion == 1))
    return inputs_of(replace(scores, table=table.filter(pl.Series(kept))))


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> AttritionResult:
    return compute(inputs, settings())


def test_counts_of_the_page_differ_by_none_or_by_five(
    inputs: AnalysisInputs, result: AttritionResult
) -> None:
    assert result.occasions["n_followed"].to_list() == [160, 155, 155, 135, 135, 133]
    (section,), _ = shown(result, inputs, individuals=False)
    table = next(one.frame for one in section.tables if one.name == "attrition-occasions")
    assert "n_seen" not in table.columns
    assert table["n_followed"].to_list() == TOLD
    assert table["still"].is_null().to_list() == [cell is None for cell in TOLD]
    words = " ".join(str(one) for one in section.paragraphs)
    assert "Of 160 persons, 25 were last seen" in words


def test_points_beside_a_withheld_one_are_not_joined(
    inputs: AnalysisInputs, result: AttritionResult
) -> None:
    drawn = {}
    for individuals in (True, False):
        (section,), _ = shown(result, inputs, individuals=individuals)
        drawn[individuals] = next(
            one for one in section.figures if one.name == "attrition-still-observed"
        )
    assert "line" in str(drawn[True].chart["layer"][0]["mark"])
    assert "line" not in [layer["mark"]["type"] for layer in drawn[False].chart["layer"]]
    assert "occasions T1, T3 and T4" in drawn[False].description
    assert "Not told" not in drawn[True].description


def test_the_picture_of_balance_has_the_steps_of_its_table(
    inputs: AnalysisInputs, result: AttritionResult
) -> None:
    (section,), _ = shown(result, inputs, individuals=False)
    drawn = next(one for one in section.figures if one.name == "attrition-balance")
    steps = drawn.data["apart"].drop_nulls().to_numpy() / 0.02
    assert steps.size
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)


def test_balance_is_drawn_on_a_scale_on_which_small_differences_look_small(
    inputs: AnalysisInputs, result: AttritionResult
) -> None:
    (section,), _ = shown(result, inputs, individuals=True)
    drawn = next(one for one in section.figures if one.name == "attrition-balance")
    lines, _, points = drawn.chart["layer"]
    assert [row["at"] for row in lines["data"]["values"]] == [-0.1, 0.1]
    low, high = points["encoding"]["x"]["scale"]["domain"]
    largest = drawn.data["apart"].abs().to_numpy().max()
    assert low == -high
    assert high >= max(0.25, largest)


def test_results_hide_what_the_page_hides(result: AttritionResult) -> None:
    audience = Audience(individuals=False, n_persons=160, seed=1)
    hide = HiddenFigures(audience)
    told = hide.of(result.to_dict(), AttritionResult.schema(), "attrition")
    assert (told["n"], told["n_lost"], told["n_left"], told["n_end"]) == (160, 25, 135, 135)
    rows = told["occasions"]
    assert rows["n_followed"].to_list() == TOLD
    assert rows["n_seen"].null_count() == rows.height
    balance = told["weights"]["balance"]
    for name in ("before", "after"):  # so coarse that many whole numbers of persons fit
        steps = balance[name].drop_nulls().to_numpy() / 0.02
        assert steps.size
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    # Seen at an earlier end are a few less than those who were not lost before it.
    gap = replace(result, n_end=131)
    assert hide.of(gap.to_dict(), AttritionResult.schema(), "attrition")["n_end"] is None
