"""Where persons are hidden, no two counts of those who were lost tell of few by subtraction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.attrition.analysis import AttritionResult, compute
from salutogen.analyses.attrition.weights import _in_steps
from salutogen.analyses.contract import AnalysisInputs
from salutogen.context import RunContext
from salutogen.page.audience import Audience
from salutogen.pipeline.hidden_figures import HiddenFigures
from tests.analyses.attrition.asking import WINDOWS, settings, with_neighbours
from tests.analyses.inputs import audience_of, inputs_of, shown
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


@pytest.mark.parametrize(("n", "n_persons"), [(11, 60), (23, 60), (54, 60), (123, 300)])
def test_balance_fits_several_numbers_of_persons(n: int, n_persons: int) -> None:
    """Even for somebody who knows how many of everyone have what it is of."""
    audience = Audience(individuals=False, n_persons=n_persons, seed=1)
    alike = [one for one in range(5, n_persons - 4) if audience.told_size(one) == audience.told(n)]
    alone, everything = {True: 0, False: 0}, 0
    for known in range(10, n_persons - 9, 5):
        whole = np.r_[np.ones(known), np.zeros(n_persons - known)]
        cases = [(k, size) for size in alike for k in range(max(0, size - n_persons + known),
                                                           min(size, known) + 1)]  # fmt: skip
        everything += len(cases)
        exact = [(k / size - whole.mean()) / whole.std(ddof=1) for k, size in cases]
        table = pl.DataFrame({"before": exact, "after": exact})
        for coarse in (True, False):
            told = _in_steps(table, n, audience)["before"] if coarse else table["before"]
            kinds = (told / 0.02).round().to_list()
            behind: dict[float, set[int]] = {}
            for kind, (_, size) in zip(kinds, cases, strict=True):
                behind.setdefault(kind, set()).add(size)
            alone[coarse] += sum(len(behind[kind]) < 2 for kind in kinds)
    assert alone[True] <= 0.08 * everything
    assert alone[True] <= 0.2 * alone[False] or n > 100


def test_balance_of_shown_persons_is_exact() -> None:
    table = pl.DataFrame({"before": [0.0123], "after": [-0.0321]})
    assert _in_steps(table, 12, Audience(individuals=True, n_persons=60, seed=1)) is table


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


def _after_windows(leavers: int, *, individuals: bool) -> AttritionResult:
    scores = simulated(60, 6, missing=0.0, resilience=WINDOWS)
    kept = (pl.col("person") >= leavers) | (pl.col("occasion_index") < 3)
    inputs = inputs_of(replace(scores, table=scores.table.filter(kept)))
    run = RunContext(seed=1, audience=audience_of(scores, individuals=individuals))
    return compute(with_neighbours(replace(inputs, run=run)), settings())


@pytest.mark.parametrize("leavers", [1, 4])
def test_means_of_all_but_few_are_not_told_beside_the_model_of_everyone(leavers: int) -> None:
    exact = _after_windows(leavers, individuals=True)
    own = next(one for one in exact.contrasts if (one.score, one.what) == ("SR", "change"))
    assert own.by_model is not None  # the two are told side by side
    hidden = _after_windows(leavers, individuals=False)
    assert hidden.contrasts == ()
    assert "Mean SR at the end" not in str(hidden.answer())
    audience = Audience(individuals=False, n_persons=60, seed=1)
    assert "attrition-contrasts" not in {
        table.name for section in hidden.sections(audience) for table in section.tables
    }


@pytest.mark.parametrize("leavers", [0, 12])
def test_mean_SR_of_everyone_or_of_several_fewer_is_told(leavers: int) -> None:
    hidden = _after_windows(leavers, individuals=False)
    exact = _after_windows(leavers, individuals=True)
    assert hidden.contrasts[0].score == "SR"
    pairs = zip(hidden.contrasts, exact.contrasts, strict=True)
    ends = [pair for pair in pairs if pair[0].what == "end"]
    changes = [[one.to_dict() for one in of.contrasts if one.what != "end"]
               for of in (hidden, exact)]  # fmt: skip
    assert changes[0] == changes[1]
    assert [told.score for told, _ in ends] == ["SR", "P"]
    for told, own in ends:
        estimate = told.unweighted.estimate
        tenths = estimate / 0.1  # the step of a mean of about 50 persons with an SD of 2 or 3
        assert tenths == pytest.approx(round(tenths), abs=1e-9)
        assert own.unweighted.estimate != estimate
        assert estimate == pytest.approx(own.unweighted.estimate, abs=0.3)
        assert told.unweighted.interval is not None
        assert np.mean(told.unweighted.interval) == pytest.approx(estimate), "one number"
        assert told.unweighted.se == own.unweighted.se
