"""Times of sources with a clock of their own: of each layout, by row and by person."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from salutogen.panel import Panel, read_panel
from salutogen.panel.times import Clock
from tests.panel.small_studies import answers, by_occasion, found, instrument, make_study

ENTRIES = [
    instrument("mood", "M_{1..4}", "0..3"),
    instrument("events", "E_{1..3}", "0..5", "exposure"),
]
LAB = {"file": "lab", "person": "id", "time": {"column": "visit", "unit": "days"}}


def _read(lab: dict[str, Any], columns: dict[str, list[Any]], **measured: Any) -> Panel:
    """Three persons at three weeks, and a laboratory with a time of its own."""
    entry = instrument("blood", "B", "0..99", "physiology", source="lab", **measured)
    study = make_study({"lab": LAB | lab, "answers": by_occasion()}, [entry, *ENTRIES])
    return read_panel(study, {"answers": answers(3), "lab": pl.DataFrame(columns)})


def test_a_row_per_person_keeps_its_day() -> None:
    columns = {"id": ["p02", "p00", "p01"], "visit": [3.0, 9.0, None], "B": [1, 2, 3]}
    panel = _read({"layout": "row-per-person"}, columns, measured="baseline")
    by_subject = dict(zip(panel.persons["subject"], panel.times["blood"]["time"], strict=True))
    assert by_subject == {"p00": 9.0, "p01": None, "p02": 3.0}
    assert panel.times["blood"]["clock"].to_list() == [Clock.COUNTED, None, Clock.COUNTED]


@pytest.mark.parametrize("layout", ["row-per-occasion", "row-per-item"])
def test_the_first_answer_of_a_person_has_the_time_of_its_row(layout: str) -> None:
    wide = layout == "row-per-occasion"
    columns = {
        "id": ["p00", "p00", "p01", "p02", "p02"],
        "wave": ["1", "2", "1", "2", "1"],
        "visit": [1.0, 8.0, 2.0, 9.0, 4.0],
        # The first visit of p00 gave no blood, and the rows of p02 are not in order.
        "B": [None, 5, 6, 8, 8],
    }
    lab: dict[str, Any] = {"layout": layout, "occasion": "wave"}
    if not wide:
        columns["answer"], columns["item"] = columns.pop("B"), ["B"] * 5
        lab |= {"item": "item", "value": "answer"}
    panel = _read(lab, columns, measured="baseline")
    assert panel.times["blood"]["time"].to_list() == [8.0, 2.0, 4.0]


def test_the_latest_item_says_when_a_form_was_complete() -> None:
    entry = instrument(
        "blood", "B_{1..2}", "0..99", "physiology", source="lab", measured="baseline"
    )
    lab = LAB | {"layout": "row-per-occasion", "occasion": "wave"}
    study = make_study({"answers": by_occasion(), "lab": lab}, [entry, *ENTRIES])
    columns = {
        "id": ["p00", "p00", "p01", "p02"], "wave": ["1", "2", "1", "1"],
        "visit": [1.0, 8.0, 2.0, 3.0], "B_1": [4, None, 4, None], "B_2": [None, 5, 6, 7],
    }  # fmt: skip
    panel = read_panel(study, {"answers": answers(3), "lab": pl.DataFrame(columns)})
    assert panel.times["blood"]["time"].to_list() == [8.0, 2.0, 3.0]


def test_files_of_occasions_keep_the_days_of_each() -> None:
    entry = instrument("blood", "B", "0..99", "physiology", source="lab", measured="baseline")
    lab = {
        "person": "id", "layout": "row-per-person", "files": {"1": "one", "2": "two"},
        "time": {"column": "visit", "unit": "days"},
    }  # fmt: skip
    study = make_study({"answers": by_occasion(), "lab": lab}, [entry, *ENTRIES])
    one = pl.DataFrame({"id": ["p00", "p01"], "visit": [1.0, 2.0], "B": [None, 5]})
    two = pl.DataFrame({"id": ["p00", "p02"], "visit": [8.0, 9.0], "B": [6, 7]})
    panel = read_panel(study, {"answers": answers(3), "lab": {"1": one, "2": two}})
    assert panel.times["blood"]["time"].to_list() == [8.0, 2.0, 9.0]


def test_repeated_answers_keep_their_visits_and_rows_the_time_of_problems() -> None:
    columns = {
        "id": ["p00", "p00", "p01", "p02"], "wave": ["1", "3", "1", "2"],
        "visit": [40.0, 41.0, 42.0, None], "B": [1, 2, 3, 4],
    }  # fmt: skip
    panel = _read({"layout": "row-per-occasion", "occasion": "wave"}, columns)
    assert panel.rows["time"].to_list() == [0.0, 7.0, 14.0] * 3
    own = panel.times["blood"]["time"]
    assert own.len() == panel.n_rows
    assert own.drop_nulls().to_list() == [40.0, 41.0, 42.0]
    assert own.is_not_null().arg_true().to_list() == [0, 2, 3]


def test_persons_without_an_occasion_take_their_times_with_them() -> None:
    columns = {"id": ["a", "p00", "p01", "p02"], "visit": [9.0, 1.0, 2.0, 3.0], "B": [1, 2, 3, 4]}
    panel = _read({"layout": "row-per-person"}, columns, measured="baseline")
    assert panel.persons["subject"].to_list() == ["p00", "p01", "p02"]
    assert panel.times["blood"]["time"].to_list() == [1.0, 2.0, 3.0]


def test_times_are_kept_only_where_they_say_something_else() -> None:
    columns = {"id": ["p00", "p00"], "wave": ["1", "2"], "visit": [0.0, 7.0], "B": [1, 2]}
    panel = _read({"layout": "row-per-occasion", "occasion": "wave"}, columns)
    assert panel.times == {}
    bare = {"file": "lab", "person": "id", "layout": "row-per-person"}
    entry = instrument("blood", "B", "0..99", "physiology", source="lab", measured="baseline")
    study = make_study({"answers": by_occasion(), "lab": bare}, [entry, *ENTRIES])
    lab = pl.DataFrame({"id": ["p00"], "B": [1]})
    assert read_panel(study, {"answers": answers(3), "lab": lab}).times == {}


def test_dates_beside_days_from_a_start_are_left_out_and_told() -> None:
    columns = {"id": ["p00", "p01"], "visit": ["2020-01-01", "2020-01-02"], "B": [1, 2]}
    lab = {"layout": "row-per-person", "time": {"column": "visit", "unit": "date"}}
    panel = _read(lab, columns, measured="baseline")
    assert panel.times == {}
    assert "own-times-not-comparable" in found(panel)
