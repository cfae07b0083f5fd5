"""A part of the page that fails is missing and told; the run and the rest of the page go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from salutogen.findings import Finding
from salutogen.report import Context
from salutogen.report.attempts import STRICT, attempt
from salutogen.report.opening import summarise
from salutogen.report.sections import backbone
from tests.analyses.small_cohort import results_of


def broken(*given: Any) -> Any:
    raise ZeroDivisionError("MUC-1007 answered 3")


def context_of(folder: Path) -> Context:
    results = results_of(folder)
    return Context.of(
        results.backbone,
        results.context,
        outcomes=results.analyses,
        findings=results.findings,
        provenance=results.provenance,
    )


@pytest.fixture
def forgiving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STRICT, raising=False)


@pytest.mark.usefixtures("forgiving")
def test_what_fails_is_told_without_what_it_said() -> None:
    found: list[Finding] = []
    assert attempt("paragraph", lambda: 5, found) == 5
    assert not found
    assert attempt("paragraph", broken, found) is None
    (told,) = found
    assert told.code == "part-of-page-failed"
    assert told.text.startswith("The paragraph failed (ZeroDivisionError in ")
    assert "MUC" not in str(told.to_dict())


@pytest.mark.usefixtures("forgiving")
def test_ctrl_c_goes_through() -> None:
    def stopped() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt("paragraph", stopped, [])


@pytest.mark.usefixtures("forgiving")
def test_a_failing_section_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_of(tmp_path)
    title = backbone.OPENING[2][0]
    makers = tuple((name, broken if name == title else one) for name, one in backbone.OPENING)
    whole = [*backbone.opening_sections(context)]
    monkeypatch.setattr(backbone, "OPENING", makers)
    made = [*backbone.opening_sections(context)]
    assert [one.title for one in made] == [one.title for one in whole]
    assert [one.code for one in made[2].findings] == ["part-of-page-failed"]
    assert [len(one.figures) for one in made] == [
        0 if place == 2 else len(one.figures) for place, one in enumerate(whole)
    ]


@pytest.mark.usefixtures("forgiving")
def test_a_failing_paragraph_of_the_opening_leaves_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(tmp_path)
    whole = summarise(context)
    monkeypatch.setattr("salutogen.report.opening.line_in_words", broken)
    made = summarise(context)
    assert whole.answer[0].startswith("In short: ")
    assert made.answer == (whole.answer[0], *whole.answer[2:])
    assert made.facts == whole.facts
    assert [one.code for one in made.findings if one not in whole.findings] == [
        "part-of-page-failed"
    ]


def test_the_projects_own_tests_see_what_fails() -> None:
    with pytest.raises(ZeroDivisionError):
        attempt("paragraph", broken, [])
