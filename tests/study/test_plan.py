from __future__ import annotations

import errno
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from salutogen.errors import StudyError
from salutogen.study import read_study
from salutogen.study.plan import departures, differences, plan_path, write_plan
from salutogen.study.templates import read_template
from tests.study.small_study import VALID, codes

TEXT = read_template("weekly")


@pytest.fixture
def frozen(tmp_path):
    """A study file with its plan frozen beside it."""
    path = tmp_path / "study.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert write_plan(read_study(path), on=date(2026, 3, 1)) == tmp_path / "study.plan.json"
    return path


def test_the_plan_holds_date_version_hash_and_plan(frozen):
    content = json.loads(plan_path(frozen).read_text("utf-8"))
    assert content["date"] == "2026-03-01"
    assert content["sha256"] == read_study(frozen).hash
    assert content["plan"]["norm"]["shape"] == "test"
    assert [path.name for path in frozen.parent.iterdir() if path.name.startswith(".")] == []


def test_the_same_plan_is_no_departure_and_neither_are_comments(frozen):
    assert departures(read_study(frozen)) == ()
    frozen.write_text("# a comment\n" + TEXT, encoding="utf-8")
    assert departures(read_study(frozen)) == ()


@pytest.mark.parametrize(
    "old, new, key, exploratory",
    [
        ("shape: test", "shape: linear", "norm.shape", "SR"),
        ("width: 3", "width: 2", "resilience.windows.width", "window"),
        ("score: severity", "score: count", "exposure.score", "all scores"),
        ("individuals: hide", "individuals: show", "report.individuals", ""),
        ("factors: [optimism]", "factors: []", "factors", "factors"),
    ],
)
def test_departures_say_what_is_exploratory(frozen, old, new, key, exploratory):
    assert old in TEXT
    frozen.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    (found,) = departures(read_study(frozen))
    assert found.code == "departed-from-plan"
    assert found.evidence.numbers["key"] == key
    assert exploratory in found.evidence.numbers["exploratory"]
    assert "2026-03-01" in found.text
    assert found.evidence.line == 1 + TEXT[: TEXT.index(old)].count("\n")


def test_an_added_analysis_is_exploratory_by_itself(frozen):
    frozen.write_text(TEXT.replace("analyses: []", "analyses: [{step: growth, k: 3}]"), "utf-8")
    (found,) = departures(read_study(frozen))
    assert found.evidence.numbers["key"] == "analyses.growth"
    assert "not planned" in found.evidence.numbers["exploratory"]


def test_the_order_of_analyses_does_not_matter():
    one, two = {"step": "a"}, {"step": "b", "name": "c"}
    assert differences({"analyses": [one, two]}, {"analyses": [two, one]}) == ()


def test_a_plan_that_was_tampered_with_is_told(frozen):
    path = plan_path(frozen)
    text = path.read_text("utf-8").replace('"shape": "test"', '"shape": "linear"')
    path.write_text(text, encoding="utf-8")
    assert codes(departures(read_study(frozen))) == ["plan-tampered", "departed-from-plan"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"plan": 1, "sha256": "", "date": ""}', "\xff"]
)
def test_an_unreadable_plan_is_told(frozen, content):
    plan_path(frozen).write_bytes(content.encode("latin-1"))
    assert codes(departures(read_study(frozen))) == ["plan-unreadable"]


def test_a_study_without_a_file_has_no_plan():
    study = read_study(VALID)
    assert departures(study) == ()
    with pytest.raises(StudyError):
        write_plan(study)


def test_a_read_only_folder_is_refused_in_words(frozen, monkeypatch):
    """Nothing can be written there, and what was not written cannot be deleted either."""

    def refuse(self: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(self))

    study = read_study(frozen)
    for name in ("write_text", "replace", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(StudyError) as refused:
        write_plan(study)
    assert [item.code for item in refused.value.findings] == ["plan-not-written"]
    assert "Read-only file system" in refused.value.findings[0].text
