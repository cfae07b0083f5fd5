"""Ready-made scores in the study file: one column, no items, a range of its own."""

from __future__ import annotations

from typing import Any

import pytest

from salutogen.study import AnswerRange, read_study
from salutogen.study.instruments.registry import registered_names, shipped
from salutogen.study.outline import outline
from tests.study.small_study import changed, codes, refused

GENERAL = {"columns": "GE_SUM", "recall": "7 days", "total": True}


def with_total(**given: Any) -> dict[str, Any]:
    """The valid study whose exposure is a ready-made score."""
    return changed({"instruments/general": GENERAL | given})


def test_a_total_is_scored_as_given_whatever_is_asked() -> None:
    study = read_study(with_total(answers="0..55"))
    assert study.instruments["general"].total is True
    assert study.asked_score("general") == "severity"
    assert study.exposure_score("general") == "total"
    assert "E: general (ready-made score)" in " ".join(outline(study))
    assert "total-without-range" not in codes(study.findings)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"columns": "GE_SUM"}, None),
        ({"columns": "GE_SUM", "total": False}, False),
        ({"columns": "GE_{01..11}"}, False),
        ({"columns": "GE_SUM", "form": "tick-list"}, False),
        ({"columns": "GE_SUM", "recode": {"no": 0, "yes": 1}}, False),
    ],
)
def test_only_one_undeclared_column_is_left_to_the_answers(given: Any, known: Any) -> None:
    study = read_study(changed({"instruments/general": {"recall": "7 days", **given}}))
    assert study.instruments["general"].total is known


def test_the_range_of_a_score_without_one_is_asked() -> None:
    for given in ({}, {"total": None}):
        study = read_study(with_total(**given))
        (asked,) = [one for one in study.findings if one.code == "total-without-range"]
        assert "'general'" in asked.text
        assert "999" in asked.text
        assert "answers:" in asked.mend
    assert "total-without-range" not in codes(read_study(with_total(answers="0..9")).findings)
    several = changed({"instruments/general": {"columns": "GE_{01..11}", "recall": "7 days"}})
    assert "total-without-range" not in codes(read_study(several).findings)


@pytest.mark.parametrize("name", registered_names())
def test_a_total_of_a_registered_instrument_has_the_range_of_its_scoring(name: str) -> None:
    entry = shipped(name)
    study = read_study(
        changed({"instruments/score": {"columns": "SCORE", "total": True, "instrument": name}})
    )
    one = study.instruments["score"]
    assert (one.registered, one.measures, one.higher) == (name, entry.measures, entry.higher)
    assert (one.items, one.reverse, one.subscales, one.scorings) == (("SCORE",), set(), {}, {})
    assert one.form == "explicit"
    assert entry.title in one.origin
    if entry.items is None:
        assert one.answers is None
        return
    rule = entry.scorings[entry.default_scoring]
    whole = range(int(entry.answers.minimum), int(entry.answers.maximum) + 1)
    values = [(rule.recode or {}).get(float(code), float(code)) for code in whole]
    items = len(entry.scored or range(entry.items))
    ends = [rule.multiply * sum([end] * items) for end in (min(values), max(values))]
    if rule.method == "mean":
        ends = [end / items for end in ends]
    assert one.answers == AnswerRange(*ends)


def test_known_totals() -> None:
    for name, ends in {"phq-9": (0, 27), "gad-7": (0, 21), "who-5": (0, 100)}.items():
        study = read_study(changed({f"instruments/{name}": {"columns": "X", "total": True}}))
        assert study.instruments[name].answers == AnswerRange(*ends)


def test_one_column_of_a_registered_scale_is_refused_with_the_key_that_mends_it() -> None:
    (one,) = refused(changed({"instruments/phq-9": {"columns": "PHQ_SUM"}}))
    assert one.code == "item-number-differs"
    assert "total: true" in one.mend


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"columns": "GE_{01..11}"}, "total-of-columns"),
        ({"reverse": [1]}, "total-has-no-items"),
        ({"subscales": {"a": [1]}}, "total-has-no-items"),
        ({"scoring": "bimodal"}, "total-has-no-items"),
        ({"form": "tick-list"}, "total-has-no-items"),
    ],
)
def test_what_has_no_meaning_for_a_total_is_refused(given: Any, code: str) -> None:
    found = refused(with_total(answers="0..55", **given))
    assert codes(found) == [code]
    assert "'general'" in found[0].text


def test_a_scoring_of_problems_cannot_be_applied_to_a_total() -> None:
    study = changed(
        {
            "instruments/ghq-12": {"columns": "GHQ", "total": True},
            "problems": {"instruments": ["ghq-12"], "scoring": "bimodal"},
        }
    )
    assert read_study(study).instruments["ghq-12"].scorings == {}
