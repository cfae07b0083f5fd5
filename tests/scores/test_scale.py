"""Scales: keys, recoding, prorating and bounds, against sums done by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.panel import Panel
from salutogen.scores.answers import Form, repeated_form
from salutogen.scores.scale import method_name, scale_faults, score_scale
from salutogen.study import AnswerRange, ScoringRule
from tests.scores.factory import build_panel, build_study, checklist, instrument

SUM = ScoringRule(name="sum")
TWELVE = [f"item {number}" for number in range(1, 13)]


def form_of(rows: list[list[float | None]], **changes: Any) -> Form:
    items = [f"item {number}" for number in range(1, len(rows[0]) + 1)]
    scale = instrument("scale", items, **changes)
    study = build_study(
        [scale, checklist("events", ["event"])], problems="scale", exposure={"types": ["events"]}
    )
    panel: Panel = build_panel(study, {"scale": rows, "events": [[0.0]] * len(rows)})
    return repeated_form(panel, "scale", None)


def test_sum_reverses_as_minimum_plus_maximum_minus_answer() -> None:
    form = form_of([[1, 1, 5], [5, 5, 1]], answers=AnswerRange(1, 5), reverse=frozenset({"item 3"}))
    assert score_scale(form, SUM, prorate=0.8).score.tolist() == [1 + 1 + 1, 5 + 5 + 5]


def test_mean_stays_on_the_scale_of_the_answers() -> None:
    form = form_of([[1, 2, 4], [5, 5, 5]], answers=AnswerRange(1, 5))
    scored = score_scale(form, ScoringRule(name="mean", method="mean"), prorate=0.8)
    assert scored.score.tolist() == [pytest.approx(7 / 3), 5.0]
    assert (scored.minimum, scored.maximum) == (1.0, 5.0)


def test_bimodal_recodes_after_reversing() -> None:
    bimodal = ScoringRule(name="bimodal", recode={0: 0, 1: 0, 2: 1, 3: 1})
    form = form_of([[0, 1, 2, 3], [3, 3, 3, 3]], reverse=frozenset({"item 1"}))
    scored = score_scale(form, bimodal, prorate=0.8)
    assert scored.score.tolist() == [1 + 0 + 1 + 1, 0 + 1 + 1 + 1]
    assert (scored.minimum, scored.maximum) == (0, 4)


def test_factor_multiplies_the_final_score() -> None:
    form = form_of([[5, 5, 5, 5, 5], [0, 1, 2, 3, 4]], answers=AnswerRange(0, 5))
    scored = score_scale(form, ScoringRule(name="percent", multiply=4), prorate=0.8)
    assert scored.score.tolist() == [100, 40]
    assert scored.maximum == 100


def test_one_missing_of_twelve_is_prorated_and_four_are_not() -> None:
    one = [None, *[2.0] * 11]
    four = [*[None] * 4, *[2.0] * 8]
    scored = score_scale(form_of([one, four, [1.0] * 12]), SUM, prorate=0.8)
    np.testing.assert_array_equal(scored.score, [24, np.nan, 12])
    assert scored.prorated.tolist() == [True, False, False]
    assert scored.low.tolist() == [22, 16, 12]
    assert scored.high.tolist() == [25, 28, 12]


def test_exactly_the_share_asked_for_is_enough() -> None:
    scored = score_scale(form_of([[1, 1, 1, 1, None]]), SUM, prorate=0.8)
    assert scored.score.tolist() == [5]


def test_an_absent_form_has_no_score_and_no_bounds() -> None:
    scored = score_scale(form_of([[None, None], [1, 1]]), SUM, prorate=0.0001)
    for values in (scored.score, scored.low, scored.high):
        assert np.isnan(values[0])
    assert not scored.answered[0]


def test_turning_round_swaps_the_bounds() -> None:
    turned = score_scale(
        form_of([[5, 4, None], [0, 0, 0]], answers=AnswerRange(0, 5)), SUM, prorate=0.6
    ).turned()
    assert turned.score.tolist() == [15 - 13.5, 15]
    assert turned.low.tolist() == [1, 15]
    assert turned.high.tolist() == [6, 15]


@pytest.mark.parametrize(
    ("changes", "rule", "code"),
    [
        ({"answers": None, "reverse": frozenset({"item 1"})}, SUM, "range-needed"),
        ({}, ScoringRule(name="bimodal", recode={0: 0, 1: 0, 2: 1}), "recode-incomplete"),
    ],
)
def test_faults_name_what_is_missing(changes: dict[str, Any], rule: ScoringRule, code: str) -> None:
    faults = scale_faults(instrument("scale", ["item 1", "item 2"], **changes), rule)
    assert [fault.code for fault in faults] == [code]


def test_recode_fault_names_the_code() -> None:
    rule = ScoringRule(name="bimodal", recode={0: 0, 1: 0, 2: 1})
    (fault,) = scale_faults(instrument("scale", ["a"]), rule)
    assert fault.evidence.numbers["codes"] == [3.0]


def test_names_of_methods_tell_metrics_apart() -> None:
    bimodal = ScoringRule(name="bimodal", recode={0: 0, 1: 1})
    assert method_name(SUM) == "sum"
    assert method_name(ScoringRule(name="likert")) == "sum"
    assert method_name(bimodal, turned=True) == "sum, bimodal, turned round"


answers = st.lists(
    st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=5, max_size=5),
    min_size=1,
    max_size=6,
)


@given(answers, st.sets(st.integers(1, 5)), st.sampled_from([0.2, 0.6, 0.8, 1.0]))
def test_agrees_with_scoring_row_by_row(
    rows: list[list[int | None]], turned: set[int], share: float
) -> None:
    reverse = frozenset(f"item {number}" for number in turned)
    form = form_of([[*row] for row in rows], reverse=reverse)
    scored = score_scale(form, SUM, prorate=share)
    for index, row in enumerate(rows):
        valid = [
            3 - value if number in turned else value
            for number, value in enumerate(row, start=1)
            if value is not None
        ]
        if valid and len(valid) / 5 >= share - 1e-9:
            assert scored.score[index] == pytest.approx(5 * sum(valid) / len(valid))
            assert scored.low[index] <= scored.score[index] <= scored.high[index]
        else:
            assert np.isnan(scored.score[index])
        if valid:
            assert scored.low[index] == sum(valid)
            assert scored.high[index] == sum(valid) + 3 * (5 - len(valid))
