"""Background that must not change, and times in every unit."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.findings import Finding
from salutogen.panel import Panel, read_panel
from tests.panel.small_studies import (
    answers,
    by_occasion,
    by_person,
    found,
    instrument,
    make_study,
    wide_instruments,
    widen,
)

BACKGROUND = {
    "age": {"column": "age"},
    "sex": {"column": "sex", "kind": "category"},
}
ENTRIES = [
    instrument("mood", "M_{1..4}", "0..3"),
    instrument("events", "E_{1..3}", "0..5", "exposure"),
]


def _described(**columns: list[Any]) -> Panel:
    frame = answers(2).with_columns(
        age=pl.Series(columns.get("age", [30] * 3 + [41] * 3)),
        sex=pl.Series(columns.get("sex", ["f"] * 3 + ["m"] * 3)),
        H=pl.Series(columns.get("H", [2] * 3 + [5] * 3)),
    )
    entries = [*ENTRIES, instrument("hope", "H", "0..9", "resource", measured="baseline")]
    return read_panel(make_study(instruments=entries, background=BACKGROUND), frame)


def _said(panel: Panel, code: str) -> Finding:
    (finding,) = [finding for finding in panel.findings if finding.code == code]
    return finding


def test_one_value_for_each_person() -> None:
    panel = _described()
    assert panel.persons.drop("person").rows() == [("p00", 30.0, "f"), ("p01", 41.0, "m")]
    assert panel.baseline["hope"]["H"].to_list() == [2, 5]
    assert not panel.findings


def test_blank_background_is_filled_from_the_persons_other_rows() -> None:
    panel = _described(sex=["", "f", " ", None, None, None], age=[None, 30, 30, 41, 41, 41])
    assert panel.persons["sex"].to_list() == ["f", None]
    assert panel.persons["age"].to_list() == [30, 41]
    assert not panel.findings


@pytest.mark.parametrize(
    "columns, column, row",
    [
        ({"sex": ["f", "f", "m", "m", "m", "m"]}, "sex", 3),
        ({"age": [30, 30, 30, 41, 45, 45]}, "age", 5),
        ({"age": [30, 29, 29, 41, 41, 41]}, "age", 2),
        ({"H": [2, 2, 2, 5, 5, 6]}, "H", 6),
    ],
)
def test_two_values_for_one_person(columns: Any, column: str, row: int) -> None:
    panel = _described(**columns)
    finding = _said(panel, "two-values-for-one-person")
    assert finding.evidence.column == column
    assert row in finding.evidence.rows
    assert finding.evidence.numbers == {"persons": 1}
    assert panel.persons["sex"].to_list() == ["f", "m"]
    assert panel.persons["age"].to_list() == [30, 41]
    assert panel.baseline["hope"]["H"].to_list() == [2, 5]


@pytest.mark.parametrize(
    ("labels", "codes", "kept"),
    [
        (["m", "m", "m", "M", "M", "M"], {"categories-alike"}, ["m", "M"]),
        (["m", "m", "m", " m", " m", " m"], {"categories-with-spaces"}, ["m", "m"]),
        (
            ["M", "M", "M", " m", "m ", "m"],
            {"categories-alike", "categories-with-spaces"},
            ["M", "m"],
        ),
        (["caf\u00e9"] * 3 + ["cafe\u0301"] * 3, {"categories-alike"}, ["caf\u00e9", "cafe\u0301"]),
        (["a\u200bb"] * 3 + ["ab"] * 3, {"categories-alike"}, ["a\u200bb", "ab"]),
        (["a  b"] * 3 + ["a b"] * 3, {"categories-alike"}, ["a  b", "a b"]),
        ([" m"] * 3 + ["f"] * 3, set(), ["m", "f"]),
    ],
)
def test_labels_that_look_alike_are_told(labels: Any, codes: set[str], kept: list[str]) -> None:
    panel = _described(sex=labels)
    assert {one.code for one in panel.findings} == codes
    assert panel.persons["sex"].to_list() == kept
    if "categories-alike" in codes:
        told = _said(panel, "categories-alike")
        assert (told.evidence.column, told.severity) == ("sex", "warning")
        assert all(repr(one) in told.text for one in kept)


def test_an_age_may_grow_with_time() -> None:
    assert not _described(age=[30, 30, 31, 41, 41, 42]).findings


def test_text_in_a_background_number_is_refused() -> None:
    with pytest.raises(PanelError) as refused:
        _described(age=["30", "30", "thirty", "41", "41", "41"])
    (finding,) = refused.value.findings
    assert (finding.code, finding.evidence.rows) == ("background-not-a-number", (3,))


def test_the_arm_is_a_background_column() -> None:
    study = make_study(arms={"column": "group", "control": "0"})
    panel = read_panel(study, answers(2).with_columns(group=pl.Series([0] * 3 + [1] * 3)))
    assert panel.persons["arm"].to_list() == ["0", "1"]


def _timed(values: list[Any], time: dict[str, Any], labels: Any = ("1", "2", "3")) -> Panel:
    study = make_study({"answers": by_occasion(time={"column": "day"} | time)}, labels=labels)
    return read_panel(study, answers(1).with_columns(day=pl.Series(values)))


@pytest.mark.parametrize(
    "unit, values, days",
    [
        ("days", [0.0, 7.0, 14.5], [0, 7, 14.5]),
        ("weeks", [0, 1, 2], [0, 7, 14]),
        ("hours", [0, 168, 336], [0, 7, 14]),
        ("minutes", [0, 10080, 20160], [0, 7, 14]),
        ("months", [0, 1, 12], [0, 30.4375, 365.25]),
        ("years", [0, 1, 2], [0, 365.25, 730.5]),
        ("days since 1970-01-01", [18383, 18390, 18397], [18383, 18390, 18397]),
        ("seconds since 1970-01-01", [1588291200, 1588896000, 1589500800], [18383, 18390, 18397]),
        ("date", ["2020-05-01", "2020-05-08", "2020-05-15"], [18383, 18390, 18397]),
        ("datetime", ["2020-05-01T12:00:00", "2020-05-08 06:00", "2020-05-15T00:00:00.5"],
         [18383.5, 18390.25, 18397 + 0.5 / 86400]),
        ("datetime", ["2020-05-01T12:00:00+02:00", "2020-05-08T00:00:00Z", "2020-05-15T01:00-0300"],
         [18383 + 10 / 24, 18390, 18397 + 4 / 24]),
    ],
)  # fmt: skip
def test_every_unit_becomes_days(unit: str, values: list[Any], days: list[float]) -> None:
    panel = _timed(values, {"unit": unit})
    assert panel.rows["time"].to_list() == pytest.approx(days, abs=1e-9)


def test_dates_in_an_announced_format() -> None:
    values = ["03.04.2020", "10.04.2020", "17.04.2020"]
    panel = _timed(values, {"unit": "date", "format": "%d.%m.%Y"})
    assert panel.rows["time"].to_list() == [18355, 18362, 18369]


def test_mixed_and_unannounced_dates_are_refused() -> None:
    with pytest.raises(PanelError) as refused:
        _timed(["2020-05-01", "05/08/2020", "2020-05-15"], {"unit": "date"})
    (finding,) = refused.value.findings
    assert (finding.code, finding.evidence.rows) == ("mixed-date-formats", (2,))
    with pytest.raises(PanelError) as refused:
        _timed(["03.04.2020", "10.04.2020", "17.04.2020"], {"unit": "date"})
    (finding,) = refused.value.findings
    assert finding.code == "unreadable-dates"
    assert "%d.%m.%Y" in finding.text


def test_times_that_go_backwards() -> None:
    panel = _timed([0, 14, 7], {"unit": "days"})
    finding = _said(panel, "time-backwards")
    assert finding.evidence.rows == (3,)
    assert finding.evidence.numbers["largest_step_back_days"] == 7


@pytest.mark.parametrize(
    "values, said",
    [
        ([0, 7 * 86400, 14 * 86400], "seconds for days"),
        ([0, 168, 336], "hours for days"),
        ([0, 1, 2], "weeks for days"),
    ],
)
def test_a_wrong_unit_shows_in_the_gaps(values: list[float], said: str) -> None:
    assert said in _said(_timed(values, {"unit": "days"}), "time-unit").text


def test_gaps_longer_than_a_lifetime_without_planned_times() -> None:
    study = make_study({"answers": by_occasion()}, every=float("nan"))
    frame = answers(1).with_columns(pl.col("day") * 86400)
    assert "lifetime" in _said(read_panel(study, frame), "time-unit").text


def test_odd_dates_and_missing_times() -> None:
    panel = _timed([0, 18390, 18397], {"unit": "days since 1970-01-01"})
    assert _said(panel, "odd-date").evidence.rows == (1,)
    panel = _timed([0, None, 14], {"unit": "days"})
    assert _said(panel, "time-missing").evidence.rows == (2,)
    assert panel.rows["time"].to_list() == [0, None, 14]


def test_rows_of_refused_times_are_rows_of_the_file() -> None:
    frame = answers(2).with_columns(day=pl.Series(["0", "x", "14", "0", "7", "14"]))
    with pytest.raises(PanelError) as refused:
        read_panel(make_study(), frame.reverse())
    assert refused.value.findings[0].evidence.rows == (5,)


def test_wide_background_and_times() -> None:
    frame = widen(answers(2)).with_columns(age=pl.Series([30, 41]), sex=pl.Series(["f", "m"]))
    study = make_study({"answers": by_person()}, wide_instruments(), background=BACKGROUND)
    panel = read_panel(study, frame)
    assert panel.persons["age"].to_list() == [30, 41]
    assert panel.rows["time"].to_list() == [0, 7, 14] * 2
    assert found(panel) == set()
