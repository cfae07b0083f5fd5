"""The drawing of the paths: names fit into their boxes, and each has one of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from salutogen.analyses.mechanism.path_figure import LINE, path_figure
from salutogen.analyses.titles import titles_of
from tests.analyses.mechanism.worlds import result, study


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Mastery", ["Mastery"]),
        ("Support by friends and family", ["Support by friends and", "family"]),
        ("A very long title that goes on and on for more than a line", None),
        ("x" * 80, None),
    ],
)
def test_a_long_name_has_two_lines_and_shows_that_there_is_more(
    title: str, lines: list[str] | None
) -> None:
    chart = path_figure(replace(result(), mechanism_title=title)).chart
    (box,) = (row for row in chart["layer"][0]["data"]["values"] if row["at"] == "occasion T1")
    told = box["name"].split("\n")
    assert len(told) <= 2
    assert all(len(line) <= LINE for line in told)
    assert told == lines if lines else told[-1].endswith("…")
    assert box["bottom"] < box["y"] < box["name_y"] < box["top"]


def test_a_factor_called_as_a_score_of_ours_is_told_from_it() -> None:
    inputs = study()
    assert titles_of(inputs, ("SR", "optimism"), scores=False) == {
        "SR": "SR (factor)", "optimism": "optimism",
    }  # fmt: skip
    assert titles_of(inputs, ("SR", "factor:SR")) == {"SR": "SR", "factor:SR": "SR (factor)"}
