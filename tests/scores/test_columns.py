"""Every column of the scores is declared once, and says what it may tell of persons."""

from __future__ import annotations

import polars as pl
import pytest

from salutogen.columns import Column, Kind, columns_of, declared
from salutogen.panel import read_panel
from salutogen.scores import ScaleReliability, Scores, score
from salutogen.scores.exposure_quality import EXPOSURE_QUALITY_COLUMNS, ITEM_QUALITY_COLUMNS
from salutogen.scores.flow import FLOW_COLUMNS
from salutogen.scores.scores import ALTERNATIVE_COLUMNS, SCORE_COLUMNS
from tests.panel.small_studies import answers, make_study

PROBLEMS = {"instruments": ["mood"], "combine": "single"}
STUDY = make_study(problems=PROBLEMS, exposure={"types": ["events"], "score": "severity"})


@pytest.fixture(scope="module")
def scores() -> Scores:
    return score(read_panel(STUDY, answers(20)))


def undeclared(frame: pl.DataFrame, columns: tuple[Column, ...]) -> list[str]:
    return [name for name in frame.columns if declared(name, columns) is None]


def test_every_column_is_declared(scores: Scores) -> None:
    assert undeclared(scores.table, SCORE_COLUMNS) == []
    assert undeclared(scores.alternatives, ALTERNATIVE_COLUMNS) == []
    assert scores.flow.columns == [column.name for column in FLOW_COLUMNS]
    assert scores.exposure_quality.columns == [one.name for one in EXPOSURE_QUALITY_COLUMNS]
    assert scores.item_quality.columns == [one.name for one in ITEM_QUALITY_COLUMNS]


def test_each_type_has_its_own_declaration(scores: Scores) -> None:
    found = {name: declared(name, SCORE_COLUMNS) for name in scores.table.columns}
    by_type = found["E_events"]
    assert by_type is not None
    assert by_type.name == "E_<type>"
    assert {name for name, one in found.items() if one and one.kind is Kind.IDENTIFIER} == {
        "person"
    }
    assert {name for name, one in found.items() if one and one.kind is Kind.PERSON} >= {"E", "P"}


def test_a_reliability_is_a_record_with_its_schema(scores: Scores) -> None:
    first = scores.reliability[0]
    assert list(first.to_dict()) == [column.name for column in columns_of(ScaleReliability)]
    assert ScaleReliability.schema()["properties"]["omega"]["type"] == ["number", "null"]


def test_scores_are_named_in_two_lines(scores: Scores) -> None:
    said = repr(scores)
    assert len(said) < 240
    assert "60 rows, 60 with P and E; P: sum; E: composite" in said
