"""Dated events and answers meet on the day where the person was, in every layout and file type."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

import salutogen as sg
from salutogen.analyses.trajectories.anchors.dated_events import dated_grid
from salutogen.analyses.trajectories.anchors.events import EventGrid
from salutogen.analyses.trajectories.anchors.settings import EventSettings
from salutogen.findings import Finding
from salutogen.scores import score
from tests.panel.small_studies import lengthen
from tests.panel.test_typed_files import write_xlsx

WEEKS = 5
START = date(2024, 3, 4)
# What the clock on the wall shows when a person answers, and its offset from UTC.
STAMPS = {"south": "09:00:00+13:00", "berlin": "00:30:00+02:00", "coast": "18:00:00-08:00"}
LABELS = [str(week) for week in range(1, WEEKS + 1)]


def day_of(week: int, more: int = 0) -> date:
    return START + timedelta(days=7 * (week - 1) + more)


def answers(times: dict[str, list[Any]]) -> pl.DataFrame:
    """Weekly answers with the given times by person."""
    rows = [
        {
            "id": who,
            "wave": label,
            "day": when,
            "M_1": week % 3,
            "M_2": 1,
            "E_1": week % 4,
            "E_2": 1,
        }
        for who, given in times.items()
        for week, (label, when) in enumerate(zip(LABELS, given, strict=True))
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def stamped() -> dict[str, list[str]]:
    return {
        who: [f"{day_of(week)}T{clock}" for week in range(1, WEEKS + 1)]
        for who, clock in STAMPS.items()
    }


def register(rows: list[tuple[str, Any, str]]) -> pl.DataFrame:
    who, on, kind = (list(column) for column in zip(*rows, strict=True))
    return pl.DataFrame({"who": who, "on": on, "kind": kind})


def by_day() -> pl.DataFrame:
    """An event on the day of week 3's answers, and one on the day after."""
    return register(
        [
            row
            for who in STAMPS
            for row in ((who, str(day_of(3)), "that day"), (who, str(day_of(3, 1)), "day after"))
        ]
    )


def study(layout: str = "row-per-occasion", unit: str = "datetime", events: str = "date") -> Any:
    per_person = layout == "row-per-person"
    suffix = "_w{occasion}" if per_person else ""
    source: dict[str, Any] = {"layout": layout, "person": "id"}
    if not per_person:
        source["occasion"] = "wave"
    if layout == "row-per-item":
        source |= {"item": "item", "value": "answer"}
    source["time"] = {"column": f"day{suffix}", "unit": unit}
    return sg.read_study(
        {
            "salutogen": 1,
            "title": "Days",
            "occasions": {"every": "7 days", "count": WEEKS},
            "sources": {
                "answers": source,
                "register": {
                    "layout": "row-per-event",
                    "person": "who",
                    "time": {"column": "on", "unit": events},
                    "event": "kind",
                },
            },
            "instruments": {
                "mood": {
                    "columns": f"M_{{1..2}}{suffix}",
                    "answers": "0..3",
                    "measures": "problems",
                    "source": "answers",
                },
                "list": {"columns": f"E_{{1..2}}{suffix}", "answers": "0..5", "source": "answers"},
            },
            "problems": "mood",
            "exposure": {"types": ["list"]},
        }
    )


def placed(plan: Any, data: Any) -> tuple[dict[tuple[str, str], list[int]], list[Finding]]:
    """Weeks at which each person has each event, and what was said."""
    panel = plan.read(data)
    grid, told = dated_grid(panel, score(panel), EventSettings(source="register"))
    return weeks_of(grid, panel.persons["subject"].to_list()), [*panel.findings, *told]


def weeks_of(grid: EventGrid, subjects: list[str]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for person, week, kind in zip(*np.nonzero(grid.happened), strict=True):
        found.setdefault((subjects[person], grid.items[kind]), []).append(int(week) + 1)
    return found


EXPECTED = {
    (who, kind): [week] for who in STAMPS for kind, week in (("that day", 3), ("day after", 4))
}


@pytest.mark.parametrize("layout", ["row-per-occasion", "row-per-person", "row-per-item"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_events_by_day_meet_zoned_answers_of_that_day(
    tmp_path: Path, layout: str, suffix: str
) -> None:
    frame = answers(stamped())
    if layout == "row-per-item":
        frame = lengthen(frame)
    if layout == "row-per-person":
        frame = widened(frame)
    for name, table in (("answers", frame), ("register", by_day())):
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".csv":
            table.write_csv(path)
        elif suffix == ".parquet":
            table.write_parquet(path)
        else:
            write_xlsx(path, table)
    found, told = placed(study(layout), tmp_path)
    assert found == EXPECTED
    assert "event-days-in-utc" not in {one.code for one in told}


def widened(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per person, by hand."""
    rows: dict[str, dict[str, Any]] = {}
    for row in frame.iter_rows(named=True):
        person = rows.setdefault(row["id"], {"id": row["id"]})
        person |= {
            f"{name}_w{row['wave']}": row[name] for name in row if name not in ("id", "wave")
        }
    return pl.DataFrame(list(rows.values()), infer_schema_length=None)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Europe/Berlin", "America/Los_Angeles"])
@pytest.mark.parametrize("typed", ["parquet", "polars", "pandas", "arrow"])
def test_a_typed_column_with_a_zone_is_read_where_it_is(
    tmp_path: Path, zone: str, typed: str
) -> None:
    clock = {"Pacific/Auckland": 9, "Europe/Berlin": 0, "America/Los_Angeles": 18}[zone]
    given = [
        datetime.combine(day_of(week), time(clock, 30), ZoneInfo(zone))
        for week in range(1, WEEKS + 1)
    ]
    frame = answers(dict.fromkeys(STAMPS, given))
    assert frame["day"].dtype == pl.Datetime("us", zone)
    data: Any = {
        "polars": lambda: frame,
        "pandas": frame.to_pandas,
        "arrow": frame.to_arrow,
        "parquet": lambda: tmp_path / "answers.parquet",
    }[typed]()
    if typed == "parquet":
        frame.write_parquet(data)
    found, _ = placed(study(), {"answers": data, "register": by_day()})
    assert found == EXPECTED


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_dates_of_statistics_programs_are_days(tmp_path: Path, suffix: str) -> None:
    dates = {who: [day_of(week) for week in range(1, WEEKS + 1)] for who in STAMPS}
    events = by_day().with_columns(pl.col("on").str.to_date())
    write = pyreadstat.write_sav if suffix == ".sav" else pyreadstat.write_dta
    for name, table in (("answers", answers(dates)), ("register", events)):
        write(table.to_pandas(), str(tmp_path / f"{name}{suffix}"))
    assert placed(study(unit="date"), tmp_path)[0] == EXPECTED


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_moments_of_statistics_programs_belong_to_their_day(tmp_path: Path, suffix: str) -> None:
    """Answers with a time of day, an hour before midnight; events by day."""
    stamps = {
        who: [datetime.combine(day_of(week), time(23, 0)) for week in range(1, WEEKS + 1)]
        for who in STAMPS
    }
    write = pyreadstat.write_sav if suffix == ".sav" else pyreadstat.write_dta
    write(answers(stamps).to_pandas(), str(tmp_path / f"answers{suffix}"))
    data = {"answers": tmp_path / f"answers{suffix}", "register": by_day()}
    assert placed(study(), data)[0] == EXPECTED


def test_a_moment_on_the_day_of_dated_answers_belongs_to_them() -> None:
    dates = {who: [str(day_of(week)) for week in range(1, WEEKS + 1)] for who in STAMPS}
    events = register(
        [
            row
            for who in STAMPS
            for row in (
                (who, f"{day_of(3)}T14:00", "that day"),
                (who, f"{day_of(3, 1)}T00:05", "day after"),
            )
        ]
    )
    data = {"answers": answers(dates), "register": events}
    assert placed(study(unit="date", events="datetime"), data)[0] == EXPECTED
    whole = study(unit="date", events="datetime").read(data)
    grid, _ = dated_grid(whole, score(whole), EventSettings(source="register"))
    assert grid.by_day
    assert set(grid.days_since[np.isfinite(grid.days_since)]) == {0.0, 6.0}


def test_two_moments_are_compared_as_moments() -> None:
    """An event in the afternoon is not covered by the answers of the morning, nor by mere hours."""
    events = register(
        [
            ("south", f"{day_of(3)}T08:59:59+13:00", "before"),
            ("south", f"{day_of(3)}T09:00:00+13:00", "at once"),
            ("south", f"{day_of(3)}T14:00:00+13:00", "after"),
            ("berlin", f"{day_of(3, -1)}T22:29:00+00:00", "before"),
            ("coast", f"{day_of(3, 1)}T02:01:00+00:00", "after"),
        ]
    )
    data = {"answers": answers(stamped()), "register": events}
    found, told = placed(study(events="datetime"), data)
    assert found == {
        ("south", "before"): [3],
        ("south", "at once"): [3],
        ("south", "after"): [4],
        ("berlin", "before"): [3],
        ("coast", "after"): [4],
    }
    assert "event-days-in-utc" not in {one.code for one in told}


def test_moments_with_and_without_zone_are_compared_by_the_clock_on_the_wall() -> None:
    events = register(
        [("berlin", f"{day_of(3)}T00:29", "before"), ("berlin", f"{day_of(3)}T00:31", "after")]
    )
    data = {"answers": answers(stamped()), "register": events}
    found, _ = placed(study(events="datetime"), data)
    assert found == {("berlin", "before"): [3], ("berlin", "after"): [4]}


def test_days_in_utc_are_said_to_be_so() -> None:
    there = {
        who: [str(datetime.fromisoformat(cell).astimezone(UTC)) for cell in cells]
        for who, cells in stamped().items()
    }
    found, told = placed(study(), {"answers": answers(there), "register": by_day()})
    (warned,) = [one for one in told if one.code == "event-days-in-utc"]
    assert warned.severity == "warning"
    assert found["berlin", "that day"] == [4]
    seconds = {
        who: [int(datetime.fromisoformat(cell).timestamp()) for cell in cells]
        for who, cells in there.items()
    }
    data = {"answers": answers(seconds), "register": by_day()}
    same, told = placed(study(unit="seconds since 1970-01-01"), data)
    assert same == found
    assert "event-days-in-utc" in {one.code for one in told}


def test_offsets_of_zero_in_some_columns_are_no_utc() -> None:
    """In London clocks show UTC in winter; the answers of summer say where the person is."""
    offsets = ["+00:00", "+00:00", "+00:00", "+00:00", "+01:00"]
    times = {
        "p": [f"{day_of(week)}T23:30{ahead}" for week, ahead in enumerate(offsets, 1)],
    }
    data = {
        "answers": widened(answers(times)),
        "register": register([("p", str(day_of(3)), "that day")]),
    }
    found, told = placed(study("row-per-person"), data)
    assert found == {("p", "that day"): [3]}
    assert "event-days-in-utc" not in {one.code for one in told}


ZONES = ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kathmandu")


@st.composite
def travels(draw: st.DrawFn) -> tuple[list[datetime], list[date]]:
    """Answers in any zone, perhaps over a change of clocks; and days of events."""
    first = draw(st.sampled_from([date(2024, 3, 4), date(2024, 10, 7), date(2024, 4, 1)]))
    moments = []
    for week in range(WEEKS):
        zone = ZoneInfo(draw(st.sampled_from(ZONES)))
        noon = datetime.combine(first + timedelta(days=7 * week), time(12), zone)
        minutes = draw(st.integers(-4000, 4000))
        moments.append((noon.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(zone))
    days = [first + timedelta(days=draw(st.integers(-5, 40))) for _ in range(4)]
    own = draw(st.sampled_from(moments)).date()  # at least one event on a day with answers
    return moments, [*days, own]


@given(travels())
def test_an_event_belongs_to_the_first_answers_of_its_day_or_later(
    given: tuple[list[datetime], list[date]],
) -> None:
    moments, days = given
    frame = answers({"p": [moment.isoformat() for moment in moments]})
    kinds = {f"k{place}": day for place, day in enumerate(days)}
    events = register([("p", str(day), kind) for kind, day in kinds.items()])
    found, _ = placed(study(), {"answers": frame, "register": events})
    for kind, day in kinds.items():
        later = [
            (one.date(), one, week) for week, one in enumerate(moments, 1) if one.date() >= day
        ]
        assert found.get(("p", kind)) == ([min(later)[2]] if later else None)
