"""Dated events: read by person and day, persons without answers left out, bad cells refused."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import salutogen as sg
from salutogen.errors import PanelError, StudyError
from salutogen.panel import Panel

PLAN: dict[str, Any] = {
    "salutogen": 1,
    "title": "Events with dates",
    "occasions": {"every": "30 days", "count": 3},
    "sources": {
        "answers": {
            "person": "id",
            "occasion": "visit",
            "time": {"column": "day", "unit": "date"},
        },
        "register": {
            "layout": "row-per-event",
            "person": "who",
            "time": {"column": "on", "unit": "date"},
            "event": "kind",
            "rating": "burden",
        },
    },
    "instruments": {
        "mood": {"columns": "M_{1..2}", "answers": "0..3", "measures": "problems"},
        "list": {"columns": "E_{1..2}", "answers": "0..5", "recall": "30 days"},
    },
    "problems": "mood",
    "exposure": {"types": ["list"]},
}


def answers() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"id": who, "visit": str(visit), "day": f"2024-0{visit}-10"}
            | {"M_1": "1", "M_2": "2", "E_1": str(visit), "E_2": "0"}
            for who in ("b", "a")
            for visit in (1, 2, 3)
        ]
    )


def read(events: dict[str, list[str | None]], **changed: Any) -> Panel:
    sources = {**PLAN["sources"], "register": PLAN["sources"]["register"] | changed}
    study = sg.read_study({**PLAN, "sources": sources})
    return study.read({"answers": answers(), "register": pl.DataFrame(events)})


def test_events_are_kept_by_person_and_day() -> None:
    panel = read(
        {
            "who": ["a", "b", "a", "stranger", "a", "a", "b", ""],
            "on": [
                "2024-02-20",
                "2024-01-15",
                "2024-02-01",
                "2024-02-01",
                None,
                "2024-02-01",
                "2024-02-02",
                "",
            ],
            "kind": ["loss", "move", "loss", "loss", "move", "loss", " ", ""],
            "burden": ["5", None, "3", "2", "4", "3", "1", ""],
        }
    )
    assert panel.persons["subject"].to_list() == ["b", "a"]
    found = panel.events["register"]
    assert found.select("person", "event", "rating", "data_row").rows() == [
        (0, "move", None, 2),
        (1, "loss", 3.0, 3),
        (1, "loss", 5.0, 1),
    ]
    assert found["day"].cast(pl.Int32).cast(pl.Date).dt.to_string().to_list() == [
        "2024-01-15",
        "2024-02-01",
        "2024-02-20",
    ]
    told = {item.code: item.evidence for item in panel.findings}
    assert told["event-of-unknown-person"].rows == (4,)
    assert told["event-without-date"].rows == (5,)
    assert told["event-twice"].rows == (6,)
    assert told["event-without-kind"].rows == (7,)
    assert "persons-in-one-source" not in told
    assert {entry.source for entry in panel.inputs} == {"answers", "register"}


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"on": ["2024-02-20", "20.2.2024"]}, "mixed-date-formats", "on"),
        ({"burden": ["5", "much"]}, "event-rating-not-a-number", "burden"),
        ({"kind": ["loss", "#REF!"]}, "error-cell", "kind"),
        ({"who": ["a", None]}, "empty-subject", "who"),
    ],
)
def test_bad_cells_are_refused_with_row_and_column(
    cells: dict[str, list[str | None]], code: str, column: str
) -> None:
    good: dict[str, list[str | None]] = {
        "who": ["a", "b"],
        "on": ["2024-02-20", "2024-02-21"],
        "kind": ["loss", "move"],
        "burden": ["5", "2"],
    }
    with pytest.raises(PanelError) as caught:
        read(good | cells)
    (found,) = [item for item in caught.value.findings if item.code == code]
    assert found.evidence.column == column
    assert found.evidence.rows == (2,)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(PanelError, match=r"no column 'kind'.*Did you mean 'knd'"):
        read({"who": ["a"], "on": ["2024-02-20"], "knd": ["loss"], "burden": ["5"]})


def test_a_rating_may_be_left_out() -> None:
    panel = read({"who": ["a"], "on": ["2024-02-20"], "kind": ["loss"]}, rating=None)
    assert panel.events["register"]["rating"].to_list() == [None]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"event": None}, "`event`"),
        ({"time": None}, "`time`"),
    ],
)
def test_the_layout_needs_event_and_time(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        read({"who": [], "on": [], "kind": [], "burden": []}, **changed)


def test_instruments_cannot_come_from_events() -> None:
    mood = {**PLAN["instruments"]["mood"], "source": "register"}
    with pytest.raises(StudyError, match="dated events and no answers"):
        sg.read_study({**PLAN, "instruments": {**PLAN["instruments"], "mood": mood}})
