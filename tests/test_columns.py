"""Declarations: what a record gives to JSON, to its schema and to the reader of a terminal."""

from __future__ import annotations

import doctest
from collections.abc import Mapping

import jsonschema
import polars as pl
import pytest

import salutogen.columns
from salutogen.columns import (
    Column,
    Kind,
    Record,
    beside,
    columns_of,
    declared,
    figure,
    record,
    rows,
)

LINES = (
    Column(name="window", meaning="Window", kind=Kind.LABEL),
    Column(name="E_<type>", meaning="E"),
)


@record
class Line(Record):
    """A line."""

    slope: float | None = figure("Slope", unit="points of P", sign="higher = steeper")
    F: float = figure("F", key="f")


@record
class Norm(Record):
    """Lines."""

    lines: Mapping[str, Line] = figure("By level")
    best: Line | None = figure("The best")
    table: pl.DataFrame = rows("By window", LINES)
    names: tuple[str, ...] = figure("Names")
    arrays: list[int] = beside(default_factory=list)


def made() -> Norm:
    line = Line(slope=None, F=2.0)
    return Norm(
        lines={"person": line}, best=None, table=pl.DataFrame({"window": [1]}), names=("a",)
    )


def test_plain_data_have_the_names_of_the_declarations() -> None:
    content = made().to_dict()
    assert content["lines"] == {"person": {"slope": None, "f": 2.0}}
    assert "arrays" not in content


def test_the_schema_takes_what_the_record_gives_and_nothing_else() -> None:
    schema = Norm.schema()
    content = {**made().to_dict(), "table": [{"window": 1}]}
    jsonschema.validate(content, schema)
    assert schema["properties"]["lines"]["additionalProperties"]["properties"]["slope"] == {
        "type": ["number", "null"],
        "description": "Slope. higher = steeper",
        "x-unit": "points of P",
    }
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "names": [3]}, schema)


def test_representations_are_short() -> None:
    assert repr(Line(slope=1.23456789, F=1.0)) == "Line(slope=1.2346, F=1)"
    assert len(repr(made())) < 80


def test_own_names_come_before_forms() -> None:
    columns = (*LINES, Column(name="E_sum", meaning="sum"))
    own, form = declared("E_sum", columns), declared("E_x", columns)
    assert own is not None
    assert own.meaning == "sum"
    assert form is not None
    assert form.meaning == "E"
    assert declared("P", columns) is None
    assert [item.name for item in columns_of(Line)] == ["slope", "f"]


def test_examples_are_true() -> None:
    assert doctest.testmod(salutogen.columns).failed == 0


def test_a_notebook_shows_words_and_units() -> None:
    shown = Line(slope=1.25, F=2.0)._repr_html_()
    assert "Slope (points of P)" in shown
    assert "1.25" in shown
    assert "A line" in shown
