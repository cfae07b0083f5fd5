"""A study of two occasions with a burst of two days at each, four prompts a day, three persons."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from salutogen.panel import Panel, read_panel
from salutogen.study import read_study

STUDY: dict[str, Any] = {
    "salutogen": 1,
    "title": "Two bursts",
    "occasions": {
        "labels": ["a", "b"],
        "at": [0, "4 weeks"],
        "burst": {"days": 2, "prompts_per_day": 4, "hours": [9, 21]},
    },
    "sources": {
        "visits": {"person": "id", "occasion": "visit", "time": {"column": "date", "unit": "date"}},
        "beeps": {
            "layout": "row-per-prompt",
            "person": "id",
            "scheduled": {"column": "due"},
            "sent": {"column": "sent"},
            "started": {"column": "opened"},
            "answered": {"column": "done"},
            "zone": "Europe/Berlin",
            "burst": "visit",
        },
    },
    "instruments": {
        "ghq-12": {"columns": "G_{01..12}", "source": "visits"},
        "hassles": {
            "columns": "H_{1..3}", "source": "visits", "answers": "0..5", "recall": "2 weeks",
            "did_not_occur": 0,
        },
        "event": {
            "columns": "stress", "source": "beeps", "instrument": "ema-stressor",
        },
        "na": {"columns": ["sad", "angry"], "source": "beeps", "answers": "1..7",
               "instrument": "ema-negative-affect"},
        "pa": {"columns": ["glad"], "source": "beeps", "answers": "1..7",
               "instrument": "ema-positive-affect"},
    },
    "problems": "ghq-12",
    "exposure": {"types": ["hassles"], "score": "severity"},
    "momentary": {"stressor": "event", "affect": {"negative": "na", "positive": "pa"}},
}  # fmt: skip
PERSONS = ("p1", "p2", "p3")
STARTS = {"a": datetime(2024, 3, 4), "b": datetime(2024, 4, 1)}
HOURS = (10.0, 13.0, 16.0, 19.0)


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """Copy the study with values at paths written with slashes; None takes them out."""
    values = deepcopy(STUDY)
    for path, value in changes.items():
        *parents, last = path.split("/")
        place: Any = values
        for key in parents:
            place = place.setdefault(key, {})
        if value is None:
            place.pop(last)
        else:
            place[last] = value
    return values


def visits() -> pl.DataFrame:
    """Answers at both occasions."""
    rows = []
    for number, person in enumerate(PERSONS):
        for place, (visit, start) in enumerate(STARTS.items()):
            row: dict[str, Any] = {"id": person, "visit": visit, "date": f"{start:%Y-%m-%d}"}
            row |= {f"G_{item:02}": (number + item + place) % 4 for item in range(1, 13)}
            row |= {f"H_{item}": (2 * number + item + place) % 6 for item in range(1, 4)}
            rows.append(row)
    return pl.DataFrame(rows)


def beeps() -> pl.DataFrame:
    """Every prompt of every person, all answered, ten minutes after they were sent."""
    rows = []
    for number, person in enumerate(PERSONS):
        for visit, start in STARTS.items():
            for day in range(2):
                for beep, hour in enumerate(HOURS, start=1):
                    due = start + timedelta(days=day, hours=hour)
                    rows.append(
                        {
                            "id": person,
                            "visit": visit,
                            "no": 4 * day + beep,
                            "due": f"{due:%Y-%m-%dT%H:%M:%S}",
                            "sent": f"{due:%Y-%m-%dT%H:%M:%S}",
                            "opened": f"{due + timedelta(minutes=10):%Y-%m-%dT%H:%M:%S}",
                            "done": f"{due + timedelta(minutes=12):%Y-%m-%dT%H:%M:%S}",
                            "stress": (number + beep) % 2,
                            "sad": 1 + (beep + day) % 7,
                            "angry": 1 + (beep + number) % 7,
                            "glad": 7 - beep,
                        }
                    )
    return pl.DataFrame(rows)


ANSWERS = ("stress", "sad", "angry", "glad")


def without_answers(frame: pl.DataFrame, where: pl.Expr) -> pl.DataFrame:
    """Prompts that were sent and never opened."""
    gone = ("opened", "done", *ANSWERS)
    return frame.with_columns(pl.when(~where).then(pl.col(name)).alias(name) for name in gone)


def read(changes: dict[str, Any] | None = None, frame: pl.DataFrame | None = None) -> Panel:
    """Read the study, changed, with these prompts."""
    study = read_study(changed(changes or {}))
    return read_panel(study, {"visits": visits(), "beeps": beeps() if frame is None else frame})


def codes(panel: Panel) -> list[str]:
    """Codes of the panel's findings."""
    return [one.code for one in panel.findings]
