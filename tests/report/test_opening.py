"""The opening of the page, whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from salutogen.report.opening import summarise
from tests.report.test_attempts import context_of


def test_what_two_steps_say_alike_is_told_once(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    once = summarise(context)
    twice = summarise(replace(context, outcomes=(*context.outcomes, *context.outcomes)))
    assert once.clauses
    assert len(set(once.clauses)) == len(once.clauses)
    assert (twice.clauses, twice.answer) == (once.clauses, once.answer)
