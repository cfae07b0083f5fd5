"""Times by two clocks: the moment, and the day where the person was; mixtures are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from salutogen.errors import PanelError
from salutogen.findings import Finding, Findings
from salutogen.panel import read_panel
from salutogen.panel.times import TIMES, Clock, no_times, to_days
from salutogen.study.format import TimeColumn
from tests.panel.small_studies import (
    answers,
    by_occasion,
    by_person,
    make_study,
    wide_instruments,
    widen,
)

ZONES = (
    "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Pacific/Kiritimati", "Etc/GMT+12",
    "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "UTC",
)  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# Nights in which clocks change stand among any other.
NIGHTS = (date(2024, 3, 10), date(2024, 3, 31), date(2024, 4, 7), date(2024, 10, 27))


def read(
    cells: Any, unit: str = "datetime", given: str | None = None, zone: str | None = None
) -> tuple[pl.DataFrame, list[Finding]]:
    """Times of a column, and what was said."""
    raw = cells if isinstance(cells, pl.Series) else pl.Series(cells)
    findings = Findings()
    plan = TimeColumn.model_validate({"column": "t", "unit": unit, "format": given, "zone": zone})
    times = to_days(raw, plan, column="t", label="a.csv", findings=findings)
    assert times.dtype == TIMES
    return times.struct.unnest(), list(findings)


def codes(found: list[Finding]) -> list[str]:
    return [one.code for one in found]


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """A moment in some zone, often in a night in which its clocks change."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    day = draw(st.sampled_from(NIGHTS) | st.dates(date(1995, 1, 1), date(2040, 1, 1)))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = draw(st.integers(-1440, 2880))
    return (start + timedelta(minutes=minutes, seconds=7)).astimezone(zone)


def written(moment: datetime, style: str) -> str:
    text = moment.isoformat()
    if style == "space":
        text = text.replace("T", " ", 1)
    if style == "basic":
        text = moment.strftime("%Y-%m-%dT%H:%M:%S%z")
    if style == "minus sign":
        text = text[:10] + text[10:].replace("-", "\u2212")
    if style == "named":
        text = f"{text}[{moment.tzinfo}]"
    return text


@given(
    cells=st.lists(moments(), min_size=1, max_size=12),
    style=st.sampled_from(["iso", "space", "basic", "minus sign", "named"]),
)
def test_zoned_stamps_keep_the_moment_and_the_own_day(cells: list[datetime], style: str) -> None:
    times, found = read([written(cell, style) for cell in cells])
    assert not found
    assert times["time"].to_list() == pytest.approx(
        [(cell - EPOCH) / DAY for cell in cells], abs=1e-9
    )
    assert times["local_time"].floor().to_list() == [
        cell.date().toordinal() - date(1970, 1, 1).toordinal() for cell in cells
    ]
    assert set(times["clock"]) <= {Clock.ZONED, Clock.UTC}


@given(
    zone=st.sampled_from(ZONES),
    cells=st.lists(moments(), min_size=1, max_size=8),
    unit=st.sampled_from(["ms", "us", "ns"]),
)
def test_a_typed_column_with_a_zone_is_read_as_its_text(
    zone: str, cells: list[datetime], unit: Any
) -> None:
    there = [cell.astimezone(ZoneInfo(zone)) for cell in cells]
    typed = pl.Series(there, dtype=pl.Datetime(unit, zone))
    columns = ["time", "local_time"]
    as_text = read([cell.isoformat() for cell in there])[0].select(columns)
    assert read(typed)[0].select(columns).equals(as_text)
    assert set(read(typed)[0]["clock"]) == {Clock.UTC if zone == "UTC" else Clock.ZONED}


@pytest.mark.parametrize(
    ("cells", "unit", "clock"),
    [
        (["2024-03-04", "2024-03-05", None], "date", Clock.DAY),
        (["2024-03-04", "2024-03-05"], "datetime", Clock.DAY),
        (["2024-03-04 00:00:00", "2024-03-05"], "datetime", Clock.DAY),
        (["2024-03-04T00:00+02:00", "2024-03-05T00:00-08:00"], "datetime", Clock.DAY),
        (["2024-03-04 00:00", "2024-03-05 14:00"], "datetime", Clock.LOCAL),
        (["2024-03-04T23:30:00Z", "2024-03-05 14:00+00:00"], "datetime", Clock.UTC),
        (["2024-03-04T23:30:00Z", "2024-03-05 14:00+01"], "datetime", Clock.ZONED),
        ([19786, 19787], "days since 1970-01-01", Clock.DAY),
        ([19786.5, 19787], "days since 1970-01-01", Clock.LOCAL),
        ([1709596800], "seconds since 1970-01-01", Clock.DAY),
        ([1709596801], "seconds since 1970-01-01", Clock.UTC),
        ([0, 7], "days", Clock.COUNTED),
        ([date(2024, 3, 4)], "days", Clock.DAY),
        ([datetime(2024, 3, 4)], "days", Clock.DAY),
        ([datetime(2024, 3, 4, 9)], "days", Clock.LOCAL),
    ],
)
def test_what_is_known_of_a_time(cells: list[Any], unit: str, clock: Clock) -> None:
    times, found = read(cells, unit)
    assert not found
    assert set(times["clock"].drop_nulls()) == {clock}
    assert times["clock"].null_count() == times["time"].null_count() == cells.count(None)


@pytest.mark.parametrize(
    ("cells", "given", "local", "moment"),
    [
        (["04.03.2024 00:30 +0200"], "%d.%m.%Y %H:%M %z", 0.5 / 24, -1.5 / 24),
        (["04.03.2024 12:30 AM -08:00"], "%d.%m.%Y %I:%M %p %z", 0.5 / 24, 8.5 / 24),
        (["Mon Mar 04 00:30:00 +0200 2024"], "%a %b %d %H:%M:%S %z %Y", -1.5 / 24, -1.5 / 24),
    ],
)
def test_an_announced_format_may_hold_the_offset(
    cells: list[str], given: str, local: float, moment: float
) -> None:
    times, found = read(cells, given=given)
    assert not found
    day = date(2024, 3, 4).toordinal() - date(1970, 1, 1).toordinal()
    assert times["local_time"].to_list() == pytest.approx([day + local], abs=1e-9)
    assert times["time"].to_list() == pytest.approx([day + moment], abs=1e-9)


@given(
    zone=st.sampled_from(ZONES),
    cells=st.lists(moments(), min_size=1, max_size=8),
    kind=st.sampled_from(["text", "seconds", "typed", "wall"]),
)
def test_a_place_gives_times_in_utc_and_without_offset_their_day(
    zone: str, cells: list[datetime], kind: str
) -> None:
    there = [cell.astimezone(ZoneInfo(zone)).replace(fold=0) for cell in cells]  # the earlier one
    moment = [cell.astimezone(UTC) for cell in there]
    given: dict[str, Any] = {
        "text": [cell.isoformat() for cell in moment],
        "seconds": [int(cell.timestamp()) for cell in moment],
        "typed": moment,
        "wall": [cell.replace(tzinfo=None).isoformat() for cell in there],
    }
    unit = "seconds since 1970-01-01" if kind == "seconds" else "datetime"
    times, found = read(given[kind], unit, zone=zone)
    assert not found
    expected, _ = read([cell.isoformat() for cell in there])
    columns = ["time", "local_time"]
    assert times.select(columns).equals(expected.select(columns))
    assert set(times["clock"]) == {Clock.ZONED}


def test_the_hour_that_clocks_leave_out_counts_as_if_they_were_not_put_forward() -> None:
    times, _ = read(["2024-03-31T02:30", "2024-03-31T03:30"], zone="Europe/Berlin")
    assert times["time"].to_list() == [19813 + 1.5 / 24] * 2


def test_the_place_leaves_offsets_and_mere_days_alone() -> None:
    for cells, unit in ((["2024-03-04T09:00+13:00"], "datetime"), (["2024-03-04"], "date")):
        assert read(cells, unit, zone="Europe/Berlin")[0].equals(read(cells, unit)[0])
    times, (told,) = read(["2024-03-04T23:30Z"], "date", zone="Europe/Berlin")
    assert times["local_time"].to_list() == [19787]
    assert (told.code, "UTC" in told.text) == ("time-of-day-left-out", False)


def test_an_unknown_place_is_refused() -> None:
    assert codes(read(["2024-03-04T23:30Z"], zone="Europe/Berlinn")[1]) == ["unknown-zone"]


@pytest.mark.parametrize("unit", ["date", "datetime"])
def test_stamps_with_and_without_zone_are_refused(unit: str) -> None:
    cells = ["2024-03-04T09:00+13:00", None, "2024-03-05T09:00", "2024-03-06T00:30+02:00"]
    (found,) = [one for one in read(cells, unit)[1] if one.code == "zoned-and-local-times"]
    assert found.severity == "refusal"
    assert (found.evidence.file, found.evidence.column) == ("a.csv", "t")
    assert (found.evidence.rows, found.evidence.n_rows) == ((3,), 1)
    assert "2 times with an offset" in found.text
    assert "'2024-03-05T09:00', row 3" in found.text


def test_days_among_moments_are_refused_or_count_as_days() -> None:
    cells = ["2024-03-04T14:00", "2024-03-05", "2024-03-06T09:30"]
    times, (found,) = read(cells)
    assert (found.code, found.severity) == ("dates-and-date-times", "refusal")
    assert found.evidence.rows == (2,)
    times, (told,) = read(cells, "date")
    assert (told.code, told.severity, told.evidence.rows) == (
        "time-of-day-left-out",
        "note",
        (1, 3),
    )
    assert times["time"].to_list() == times["local_time"].to_list() == [19786, 19787, 19788]
    assert set(times["clock"]) == {Clock.DAY}


def test_days_of_stamps_in_utc_are_said_to_be_those_of_utc() -> None:
    for cells in (["2024-03-04T23:30Z"], [datetime(2024, 3, 4, 23, 30, tzinfo=UTC)]):
        times, (told,) = read(cells, "date")
        assert times["local_time"].to_list() == [19786]
        assert "those of UTC" in told.text
    times, (told,) = read(["2024-03-04T23:30-08:00"], "date")
    assert times["local_time"].to_list() == [19786]
    assert "UTC" not in told.text


@pytest.mark.parametrize(
    "cell", ["2024-03-04T09:00+25:00", "2024-03-04T09:00+02:75", "2024-03-04Z"]
)
def test_offsets_that_no_place_has_cannot_be_read(cell: str) -> None:
    assert codes(read([cell, "2024-03-04T09:00+02:00"])[1])[0] == "mixed-date-formats"


EAST = timezone(timedelta(hours=13))


@pytest.mark.parametrize("frame", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize(
    ("second", "code"),
    [
        (datetime(2024, 3, 11, 9), "zoned-and-local-times"),
        (date(2024, 3, 11), "dates-and-date-times"),
        (datetime(2024, 3, 11, 0, 30, tzinfo=timezone(timedelta(hours=2))), None),
    ],
)
def test_objects_in_a_frame_are_not_moved_to_one_zone(
    frame: str, second: Any, code: str | None
) -> None:
    """A column of Python objects keeps each object's own clock."""
    cells = [datetime(2024, 3, 4, 9, tzinfo=EAST), second, None]
    study = make_study({"answers": by_occasion(time={"column": "day", "unit": "datetime"})})
    if frame == "pandas":
        native: Any = answers(1).to_pandas().assign(day=pd.Series(cells, dtype=object))
    else:
        texts = [None if cell is None else str(cell) for cell in cells]
        native = answers(1).with_columns(day=pl.Series(texts))
        native = native.to_arrow() if frame == "arrow" else native
    if code is None:
        days = read_panel(study, native).rows["local_time"].floor().to_list()
        assert days == [19786, 19793, None]
        return
    with pytest.raises(PanelError) as refused:
        read_panel(study, native)
    assert code in {one.code for one in refused.value.findings}


def test_columns_of_different_kinds_in_one_file() -> None:
    """In a file with one row per person each occasion has a column of times of its own."""
    frame = widen(answers(2))
    plan = {"answers": by_person(time={"column": "day_w{occasion}", "unit": "datetime"})}
    study = make_study(plan, wide_instruments())
    for cells, said in (
        (
            ["2024-03-04T09:00+01:00", "2024-03-11T09:00", "2024-03-18T09:00"],
            "zoned-and-local-times",
        ),
        (["2024-03-04T09:00", "2024-03-11", "2024-03-18"], "times-of-day-in-part"),
    ):
        columns = {f"day_w{place}": [cell] * 2 for place, cell in enumerate(cells, 1)}
        timed = frame.with_columns(pl.Series(name, values) for name, values in columns.items())
        if said == "times-of-day-in-part":
            assert said in {one.code for one in read_panel(study, timed).findings}
            continue
        with pytest.raises(PanelError) as refused:
            read_panel(study, timed)
        assert said in {one.code for one in refused.value.findings}
        assert refused.value.findings[0].evidence.file is not None


def test_a_blank_column_of_times_is_said() -> None:
    frame = answers(2).with_columns(day=pl.lit(None, dtype=pl.String))
    (told,) = [one for one in read_panel(make_study(), frame).findings if one.code == "time-blank"]
    assert (told.severity, told.evidence.column) == ("warning", "day")


def test_dates_of_a_spreadsheet_are_days(tmp_path: Path) -> None:
    """Spreadsheets give dates as date-times at midnight, among dates that were typed as text."""
    times, found = read(["2024-03-04 00:00:00", "2024-03-05", "2024-03-06 00:00:00"])
    assert not found
    assert times["time"].to_list() == [19786, 19787, 19788]


def test_unknown_times() -> None:
    assert no_times(3).struct.field("time").to_list() == [None] * 3


@pytest.mark.parametrize("zone", [{"column": "tz"}, ["Europe/Berlin", "Asia/Tokyo"]])
def test_a_zone_for_each_person_is_refused_with_a_way_out(zone: Any) -> None:
    with pytest.raises(ValidationError, match=r"one zone is expected.*with its offset"):
        TimeColumn.model_validate({"column": "t", "unit": "datetime", "zone": zone})
