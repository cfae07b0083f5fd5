"""Unlikely dates and ages are named with their rows, and nothing is changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.findings import Finding
from salutogen.panel import Panel, read_panel
from tests.panel.small_studies import answers, by_occasion, instrument, make_study
from tests.panel.test_row_per_event import read as read_events


def read(cells: list[Any], unit: str = "date", persons: int = 4) -> Panel:
    study = make_study({"answers": by_occasion(time={"column": "day", "unit": unit})})
    return read_panel(study, answers(persons).with_columns(day=pl.Series(cells)))


def days(persons: int = 4, every: int = 7, apart: int = 0) -> list[str]:
    """Three dates each; persons enter the study `apart` days after one another."""
    start = date(2024, 1, 1)
    return [
        str(start + timedelta(days=apart * person + every * wave))
        for person in range(persons)
        for wave in range(3)
    ]


def told(panel: Panel, code: str) -> list[Finding]:
    return [one for one in panel.findings if one.code == code]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("2100-01-01", "after 2099"),
        ("2204-01-15", "after 2099"),
        ("1904-01-01", "before 1990"),
        ("2042-01-15", "more than 10 years from most others"),
        ("1998-01-15", "more than 10 years from most others"),
    ],
)
def test_unlikely_dates_name_their_rows(cell: str, words: str) -> None:
    panel = read([*days()[:5], cell, *days()[6:]])
    (found,) = told(panel, "odd-date")
    assert (found.severity, found.evidence.rows, found.evidence.n_rows) == ("warning", (6,), 1)
    assert words in found.text
    assert cell in found.text
    assert panel.rows["time"][5] == (date.fromisoformat(cell) - date(1970, 1, 1)).days


@pytest.mark.parametrize("apart", [0, 30, 900])
def test_likely_dates_are_not_named(apart: int) -> None:
    """Also where persons enter a study over thirty years."""
    cells = [
        cell.replace("2024", "1991", 1) if apart == 900 else cell for cell in days(12, 7, apart)
    ]
    assert not told(read(sorted(cells), persons=12), "odd-date")


def test_a_number_beyond_a_lifetime() -> None:
    panel = read([0, 7, 14, 0, 7, 99_999, 0, 7, 14, 0, 7, 14], "days")
    (found,) = told(panel, "odd-date")
    assert found.evidence.rows == (6,)
    assert "from day 99999 to day 99999" in found.text


@pytest.mark.parametrize(("code", "odd"), [(999, True), (-999, True), (300, False), (-20, False)])
def test_a_code_for_missing_among_counted_days(code: int, odd: bool) -> None:
    panel = read([0, 7, 14, 0, 7, 14, 0, 7, code, 0, 7, 14], "days")
    found = told(panel, "odd-date")
    assert [one.evidence.rows for one in found] == [(9,)] * odd
    assert all("more than 365 days from most others" in one.text for one in found)


@pytest.mark.parametrize(
    ("cell", "odd"), [("2100-02-20", True), ("1066-10-14", True), ("1970-05-01", False)]
)
def test_dates_of_events_may_be_long_before_the_study(cell: str, odd: bool) -> None:
    panel = read_events(
        {"who": ["a", "b"], "on": ["2024-02-20", cell], "kind": ["loss"] * 2, "burden": ["1"] * 2}
    )
    found = told(panel, "odd-date")
    assert [one.evidence.rows for one in found] == [(2,)] * odd
    assert all(one.evidence.column == "on" for one in found)
    assert panel.events["register"].height == 2


@pytest.mark.parametrize(
    ("age", "odd"), [(-999, True), (-1, True), (121, True), (1985, True), (0, False), (120, False)]
)
def test_ages_that_no_person_has(age: int, odd: bool) -> None:
    frame = answers(3).with_columns(years=pl.Series(np.repeat([30, age, 41], 3)))
    study = make_study(background={"age": {"column": "years"}})
    panel = read_panel(study, frame)
    assert panel.persons["age"].to_list() == [30, age, 41]
    found = told(panel, "odd-age")
    assert [one.evidence.rows for one in found] == [(4, 5, 6)] * odd
    assert all(f"from {age} to {age}" in one.text for one in found)


def test_other_numbers_of_a_person_may_be_anything() -> None:
    frame = answers(2).with_columns(income=pl.lit(-999), wage=pl.lit(4000))
    study = make_study(background={name: {"column": name} for name in ("income", "wage")})
    assert not told(read_panel(study, frame), "odd-age")


def test_dates_and_counted_days_of_two_sources_are_refused() -> None:
    """Where the first source lacks a person's time the second is taken: it must count alike."""
    sources = {
        "answers": by_occasion(time={"column": "day", "unit": "date"}),
        "more": by_occasion(file="more", time={"column": "day", "unit": "days"}),
    }
    frame = answers(2)
    dated = frame.with_columns(day=pl.Series([*days(2)[:5], None]))
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure", source="more"),
    ]
    study = make_study(sources, entries)
    with pytest.raises(PanelError) as refused:
        read_panel(study, {"answers": dated, "more": frame})
    (found,) = refused.value.findings
    assert found.code == "times-from-two-starts"
    assert found.evidence.numbers == {"n_with": 5, "n_without": 1}
