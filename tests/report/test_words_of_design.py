"""What the opening says of the time that nobody was asked about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from salutogen.report.words_of_design import design_in_words, little_was_asked
from salutogen.study import Study, read_study
from tests.study.small_study import changed


def asked_every(time: str) -> Study:
    """A study that looks back seven days at occasions so far apart."""
    return read_study(changed({"occasions": {"every": time, "count": 9}}))


def told(changes: dict[str, Any]) -> str:
    context: Any = SimpleNamespace(study=read_study(changed(changes)))
    return design_in_words(context)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"occasions": {"every": "3 months", "count": 9}},
            "looks back on 7.7 % of the time between planned occasions",
        ),
        ({"instruments/general/recall": "6 weeks"}, "describe different stretches of time"),
    ],
)
def test_what_was_not_asked_is_in_the_opening(changes: dict[str, Any], said: str) -> None:
    text = told(changes)
    assert text.startswith("What was asked limits this. 'general' ")
    assert said in text


def test_nothing_is_said_where_answers_look_back_on_all() -> None:
    assert "limits" not in told({"occasions": {"every": "7 days", "count": 9}})
    assert not little_was_asked(asked_every("7 days"))
    assert little_was_asked(asked_every("3 months"))
