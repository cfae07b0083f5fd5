"""Whatever stands in the answers: scores that keep their promises, or one refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import ScoreError
from salutogen.findings import Finding, Severity
from salutogen.scores import Scores, rescore, score
from salutogen.study import ScoringRule
from tests.scores.factory import build_panel, build_study, checklist, instrument


def block(n: int, items: int, top: int) -> st.SearchStrategy[list[list[float | None]]]:
    answer = st.one_of(st.none(), st.integers(0, top).map(float))
    form = st.one_of(
        st.lists(answer, min_size=items, max_size=items),
        st.lists(st.integers(0, top).map(float), min_size=items, max_size=items),
        st.just([None] * items),
    )
    return st.lists(form, min_size=n, max_size=n)


@st.composite
def panels(draw: st.DrawFn) -> Any:
    persons, occasions = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    n = persons * occasions
    bimodal = ScoringRule(name="bimodal", recode={0: 0, 1: 0, 2: 1, 3: 1})
    instruments = [
        instrument(
            "mood",
            ["m1", "m2", "m3", "m4", "m5"],
            reverse=frozenset(draw(st.sets(st.sampled_from(["m1", "m2"])))),
            higher=draw(st.sampled_from(["worse", "better"])),
            scorings={"bimodal": bimodal},
        ),
        instrument("sleep", ["s1", "s2"]),
        checklist("hassles", ["h1", "h2", "h3", "h4", "h5", "h6"]),
        checklist("events", ["e1", "e2"], form=draw(st.sampled_from(["explicit", "tick-list"]))),
    ]
    combine = draw(st.sampled_from(["single", "sum", "first-component"]))
    names = ["mood"] if combine == "single" else ["mood", "sleep"]
    study = build_study(
        instruments,
        problems={"instruments": names, "combine": combine},
        exposure={
            "types": ["hassles", "events"],
            "score": draw(st.sampled_from(["count", "frequency", "severity", "relative"])),
            "combine": draw(st.sampled_from(["sum", "composite", "separate"])),
            "threshold": draw(st.sampled_from([None, 2.0])),
        },
        labels=[str(number) for number in range(occasions)],
    )
    answers = {
        "mood": draw(block(n, 5, 3)),
        "sleep": draw(block(n, 2, 3)),
        "hassles": draw(block(n, 6, 5)),
        "events": draw(block(n, 2, 5)),
    }
    return build_panel(
        study,
        answers,
        person=[index // occasions for index in range(n)],
        occasion=[index % occasions for index in range(n)],
    )


def check_promises(scores: Scores) -> None:
    table = scores.table
    for column in ("E", "P", "E_hassles", "E_events"):
        assert not table[column].is_nan().any()
    both = table["E"].is_not_null() & table["P"].is_not_null()
    assert table["valid"].to_list() == both.to_list()
    for name in ("P", "E"):
        there = table.filter(table[name].is_not_null())
        value = there[name].to_numpy()
        assert (there[f"{name}_low"].to_numpy() <= value + 1e-9).all()
        assert (there[f"{name}_high"].to_numpy() >= value - 1e-9).all()
    skipped = table["E_skipped"] | table["E"].is_null()
    whole = table.filter(~skipped)
    np.testing.assert_allclose(whole["E_low"], whole["E_high"], atol=1e-12)
    assert scores.flow["valid"].sum() == both.sum()
    assert scores.alternatives.height == table.height
    assert all(one.severity is not Severity.REFUSAL for one in scores.findings)


def attempted(work: Callable[[], Scores]) -> Scores | tuple[Finding, ...]:
    try:
        return work()
    except ScoreError as refused:
        return refused.findings


@settings(max_examples=60)
@given(panels())
def test_scores_or_one_refusal(panel: Any) -> None:
    scores = attempted(lambda: score(panel))
    if not isinstance(scores, Scores):
        assert scores
        assert all(one.severity is Severity.REFUSAL for one in scores)
        return
    check_promises(scores)
    again = attempted(lambda: rescore(scores, score="count", combine="sum"))
    if isinstance(again, Scores):
        check_promises(again)
    else:
        assert {one.code for one in again} == {"exposure-never-varies"}
