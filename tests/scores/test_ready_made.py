"""Ready-made scores as exposure and as problems: taken as they are, whatever is asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.findings import Finding
from salutogen.scores import Scores, rescore, score
from salutogen.study import AnswerRange, Instrument
from salutogen.study.instruments.totals import as_total
from tests.scores.factory import build_panel, build_study, checklist, instrument

SCORES = ("count", "frequency", "severity", "relative")


def _total(name: str, measures: str = "exposure", **changes: Any) -> Instrument:
    changes = {"answers": None, "measures": measures} | changes
    return as_total(instrument(name, [name.upper()], **changes))


def _scored(
    load: list[float | None], *, load_as: Instrument | None = None, mood: Any = None, **plan: Any
) -> Scores:
    """Scores of persons with a sum of exposure; problems rise from person to person."""
    study = build_study(
        [
            mood or _total("mood", "problems", answers=AnswerRange(0, 500)),
            load_as or _total("load"),
        ],
        problems="mood",
        exposure={"types": ["load"], "combine": "sum"} | plan,
    )
    P = [[float(place)] for place in range(len(load))]
    return score(build_panel(study, {"mood": P, "load": [[value] for value in load]}))


def _said(scores: Scores, code: str) -> list[Finding]:
    return [one for one in scores.findings if one.code == code]


@settings(max_examples=30, deadline=None)
@given(
    load=st.lists(
        st.one_of(st.none(), st.floats(-50, 500).map(lambda value: round(value, 2))),
        min_size=3,
        max_size=12,
    ).filter(lambda values: len({value for value in values if value is not None}) > 1),
    kind=st.sampled_from(SCORES),
    threshold=st.one_of(st.none(), st.integers(0, 5)),
)
def test_exposure_is_the_value_whatever_is_asked(load: Any, kind: str, threshold: Any) -> None:
    scores = _scored(load, score=kind, threshold=threshold)
    for column in ("E", "E_load", "E_low", "E_high"):
        assert scores.table[column].to_list() == load
    assert not scores.table["E_skipped"].any()
    assert scores.table["P"].to_list() == [float(place) for place in range(len(load))]
    assert bool(_said(scores, "total-taken-as-given")) is (kind in ("count", "relative"))


def test_the_note_says_what_was_asked() -> None:
    (one,) = _said(_scored([0, 3, 5, 9], score="count"), "total-taken-as-given")
    assert "score: count" in one.text
    (one,) = _said(_scored([0, 3, 5, 9], score="count", threshold=2), "total-taken-as-given")
    assert "threshold: 2" in one.text


def test_a_total_is_no_item() -> None:
    n = 60
    load = np.linspace(0, 30, n).tolist()
    scores = _scored(load, score="severity")
    assert scores.item_quality.height == 0
    codes = {one.code for one in scores.findings}
    assert not codes & {
        "item-close-to-problems",
        "item-never-happened",
        "severity-carries-appraisal",
    }
    by_scale = {one.scale: one for one in scores.reliability}
    for name in ("P", "E_load"):
        assert by_scale[name].alpha is None
        assert by_scale[name].omega is None
        assert "eady-made score" in by_scale[name].note
    assert not {"E_load_count", "E_load_severity"} & set(scores.alternatives.columns)


def test_an_item_that_is_close_to_problems_is_told() -> None:
    load = np.repeat(np.arange(6.0), 10).tolist()
    scores = _scored(load, load_as=checklist("load", ["LOAD"]), score="severity")
    assert _said(scores, "item-close-to-problems")


def test_measures_say_that_nothing_was_scored() -> None:
    ranged = _total("load", answers=AnswerRange(10, 90))
    scores = _scored([10.0, 35.5, 90.0], load_as=ranged, score="count")
    for name, ends in {"P": (0, 500), "E_load": (10, 90), "E": (10, 90)}.items():
        measure = scores.measures[name]
        assert measure.method == "total"
        assert (measure.minimum, measure.maximum) == ends


def test_a_total_of_wellbeing_is_turned_round() -> None:
    well = _total("mood", "wellbeing", answers=AnswerRange(0, 100), higher="better")
    scores = _scored([1.0, 4.0, 2.5], mood=well, score="severity")
    assert scores.table["P"].to_list() == [100.0, 99.0, 98.0]
    assert scores.measures["P"].method == "total, turned round"


def test_a_code_of_nothing_outside_the_range_is_zero() -> None:
    outside = _total("load", answers=AnswerRange(1, 60), did_not_occur=-9.0)
    assert _scored([-9.0, 1.0, 30.0], load_as=outside).table["E"].to_list() == [0.0, 1.0, 30.0]
    within = _total("load", answers=AnswerRange(1, 60), did_not_occur=1.0)
    assert _scored([1.0, 2.0, 30.0], load_as=within).table["E"].to_list() == [1.0, 2.0, 30.0]


def test_an_absent_total_is_no_zero() -> None:
    scores = _scored([None, 2.0, 30.0, None, 5.0])
    assert scores.table["E"].to_list() == [None, 2.0, 30.0, None, 5.0]
    (one,) = _said(scores, "exposure-absent")
    assert one.evidence.rows == (1, 4)


@pytest.mark.parametrize("kind", ["count", "severity", "frequency"])
def test_scoring_anew_leaves_a_total_alone(kind: Any) -> None:
    rng = np.random.default_rng(4)
    load, hassles = rng.poisson(6, 30).astype(float), rng.integers(0, 6, (30, 5)).astype(float)
    study = build_study(
        [_total("mood", "problems"), _total("load"), checklist("hassles", list("abcde"))],
        problems="mood",
        exposure={"types": ["load", "hassles"], "combine": "sum", "score": "severity"},
    )
    answers = {
        "mood": rng.normal(size=(30, 1)).tolist(),
        "load": load[:, None].tolist(),
        "hassles": hassles.tolist(),
    }
    again = rescore(score(build_panel(study, answers)), score=kind)
    other = (hassles > 0).sum(axis=1) if kind == "count" else hassles.sum(axis=1)
    assert again.table["E_load"].to_list() == load.tolist()
    assert again.table["E"].to_list() == pytest.approx((load + other).tolist())
    assert again.measures["E_load"].method == "total"


@pytest.mark.parametrize(
    ("values", "kind", "told"),
    [
        ([0, 1, 2, 3, 4, 5], "count", True),
        ([0, 1, 0, 1, 1, 0], "count", False),
        ([0, 3, 0, 3, 3, 0], "count", False),
        ([0, 1, 2, 3, 4, 5], "severity", False),
    ],
)
def test_counting_one_item_is_told_where_answers_differ(values: Any, kind: str, told: bool) -> None:
    item = checklist("load", ["LOAD"])
    scores = _scored([float(value) for value in values], load_as=item, score=kind)
    said = _said(scores, "one-item-counted")
    assert bool(said) is told
    if told:
        assert "5 answers of 6" in said[0].text
        assert "total: true" in said[0].mend
        assert scores.table["E"].to_list() == [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
