"""Prompts as a study file describes them: clocks, states, their place in the plan."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.panel.momentary import DTYPES, Momentary
from tests.panel.streams.small_stream import beeps, codes, read, without_answers


def stream(changes=None, frame=None) -> Momentary:
    panel = read(changes, frame)
    assert panel.momentary is not None
    return panel.momentary


def states(found: Momentary) -> dict[str, int]:
    return dict(found.prompts["state"].cast(pl.String).value_counts().iter_rows())


def test_every_prompt_has_its_place_and_its_clock() -> None:
    panel = read()
    assert panel.momentary is not None
    prompts = panel.momentary.prompts
    assert panel.findings == ()
    assert dict(prompts.schema) == {**DTYPES, "occasion": pl.Enum(["a", "b"])}
    assert prompts.height == 3 * 2 * 8
    first = prompts.row(0, named=True)
    assert first["scheduled"] == datetime(2024, 3, 4, 9, 0, tzinfo=UTC), "ten in Berlin, winter"
    assert first["local"] == datetime(2024, 3, 4, 10, 12)
    after = prompts.filter((pl.col("person") == 0) & (pl.col("occasion") == "b"))
    assert after["scheduled"][0] == datetime(2024, 4, 1, 8, 0, tzinfo=UTC), "summer"
    assert after["prompt"].to_list() == list(range(1, 9))
    assert after["day"].to_list() == [1, 1, 1, 1, 2, 2, 2, 2]
    assert after["beep"].to_list() == [1, 2, 3, 4] * 2
    assert after["hours"].to_list() == [0, 3, 6, 9, 24, 27, 30, 33]


def test_roles_are_scored() -> None:
    found = stream()
    row = found.prompts.row(1, named=True)
    answers = {name: frame.row(1) for name, frame in found.answers.items()}
    assert answers == {"event": (0,), "na": (3, 3), "pa": (5,)}
    assert (row["stressor"], row["negative"], row["positive"]) == (0.0, 3.0, 5.0)
    assert row["appraisal"] is None
    assert found.has("negative")
    assert not found.has("appraisal")


def test_each_prompt_is_in_exactly_one_state() -> None:
    frame = without_answers(beeps(), pl.int_range(pl.len()) == 0)
    at = pl.int_range(pl.len())
    frame = frame.with_columns(
        done=pl.when(at != 1).then("done"),  # begun, not finished
        glad=pl.when(at != 2).then("glad"),  # finished, but an item left out
        due=pl.when(at != 4).then("due"),  # nobody asked
    )
    unsent = without_answers(frame, at == 3).with_columns(sent=pl.when(at != 3).then("sent"))
    found = stream(frame=unsent)
    assert found.prompts["state"].head(5).to_list() == [
        "missed",
        "partial",
        "partial",
        "not sent",
        "unscheduled",
    ]
    assert states(found)["answered"] == 43
    assert found.prompts["beep"][4] is None


def test_prompts_without_a_row_are_rebuilt_at_their_place() -> None:
    frame = beeps().filter(pl.int_range(pl.len()) % 3 != 0)
    panel = read(frame=frame)
    assert panel.momentary is not None
    prompts = panel.momentary.prompts
    (told,) = panel.findings
    assert told.code == "prompts-rebuilt"
    assert told.evidence.numbers["prompts"] == 16
    assert told.evidence.numbers["persons"] == 3
    assert prompts.height == 48
    rebuilt = prompts.filter("rebuilt")
    assert rebuilt["state"].unique().to_list() == ["missed"]
    assert rebuilt["data_row"].unique().to_list() == [0]
    first = rebuilt.row(0, named=True)
    assert (first["day"], first["beep"]) == (1, 1)
    assert first["scheduled"] == datetime(2024, 3, 4, 9, 30, tzinfo=UTC), "the middle of 9 to 12"


@pytest.mark.parametrize("numbered", ["burst", "day", "no"])
def test_the_same_prompts_are_rebuilt_by_number_and_by_time(numbered: str) -> None:
    frame = beeps().filter(pl.int_range(pl.len()) % 5 != 2)
    if numbered == "day":
        frame = frame.with_columns((pl.col("no") - 1) % 4 + 1)
    prompt = None if numbered == "no" else "no"
    found = stream({"sources/beeps/prompt": prompt} if prompt else {}, frame)
    rebuilt = found.prompts.filter("rebuilt").select("person", "occasion", "day", "beep")
    gone = [place for place in range(48) if place % 5 == 2]
    expected = [(p // 16, "ab"[p % 16 // 8], p % 8 // 4 + 1, p % 4 + 1) for p in gone]
    assert rebuilt.rows() == expected


def test_missed_prompts_without_a_time_have_the_place_that_is_left() -> None:
    """Some exports list what was missed by a name alone; nothing counts twice."""
    frame = beeps().with_columns(code=pl.format("c{}", pl.int_range(pl.len())))
    frame = without_answers(frame, pl.int_range(pl.len()) == 1).with_columns(
        pl.when(pl.int_range(pl.len()) != 1).then(pl.col(name)).alias(name)
        for name in ("due", "sent")
    )
    changes = {"sources/beeps/prompt": "code", "sources/beeps/sent": None}
    found = stream(changes, frame)
    assert found.prompts.height == 48
    assert states(found) == {"answered": 47, "missed": 1}
    assert found.prompts.filter("rebuilt").select("day", "beep").rows() == [(1, 2)]


def test_numbers_of_the_day_are_told_apart_by_the_persons_own_day() -> None:
    """At half past three and at half past two by the wall in Los Angeles a UTC day changes."""
    frame = beeps().with_columns(
        due=pl.when(pl.col("no") == 4).then(pl.lit("2024-03-04T16:30:00"))
        .when(pl.col("no") == 8).then(pl.lit("2024-03-05T15:30:00"))
        .otherwise("due"),
        no=(pl.col("no") - 1) % 4 + 1,
    ).filter(pl.col("visit") == "a")  # fmt: skip
    changes = {"sources/beeps/prompt": "no", "sources/beeps/zone": "America/Los_Angeles"}
    changes["occasions/burst"] = {"days": 2, "prompts_per_day": 4}
    mine = stream(changes, frame).prompts.filter(pl.col("person") == 0)
    assert mine.height == 8
    assert not mine["rebuilt"].any()


def test_without_hours_the_time_of_rebuilt_prompts_is_not_known() -> None:
    changes = {"occasions/burst": {"days": 2, "prompts_per_day": 4}}
    found = stream(changes, beeps().filter(pl.int_range(pl.len()) != 1))
    (row,) = found.prompts.filter("rebuilt").rows(named=True)
    assert row["scheduled"] is None
    assert (row["day"], row["beep"]) == (1, 4), "which of the day it was is not known either"


def test_who_came_and_has_no_prompt_missed_them_all() -> None:
    frame = beeps().filter(~((pl.col("id") == "p2") & (pl.col("visit") == "b")))
    panel = read(frame=frame)
    assert panel.momentary is not None
    mine = panel.momentary.prompts.filter((pl.col("person") == 1) & (pl.col("occasion") == "b"))
    assert mine["state"].to_list() == ["missed"] * 8
    assert mine["beep"].to_list() == [1, 2, 3, 4] * 2
    assert panel.findings[0].evidence.numbers["empty"] == 1


def test_a_burst_of_which_nobody_has_a_row_was_not_done_yet() -> None:
    panel = read(frame=beeps().filter(pl.col("visit") == "a"))
    assert panel.momentary is not None
    assert panel.momentary.prompts.height == 24
    assert codes(panel) == ["burst-without-prompts"]


def test_a_stream_may_run_through_without_bursts() -> None:
    changes = {"occasions/burst": None, "sources/beeps/burst": None}
    found = stream(changes)
    mine = found.prompts.filter(pl.col("person") == 0)
    assert mine["occasion"].null_count() == 16
    assert mine["prompt"].to_list() == list(range(1, 17))
    assert mine["day"].to_list()[-1] == 30, "the fourth of March to the second of April"


@pytest.mark.parametrize(
    ("unit", "moment"),
    [
        ("seconds since 1970-01-01", 1709542800),
        ("milliseconds since 1970-01-01", 1709542800000),
        ("local seconds since 1970-01-01", 1709546400),
    ],
)
def test_clocks_of_other_programs(unit: str, moment: int) -> None:
    """Ten o'clock in Berlin on 2024-03-04, as servers and m-Path write it; 0 is never."""
    times = {what: {"column": what, "unit": unit} for what in ("scheduled", "answered")}
    changes = {f"sources/beeps/{what}": given for what, given in times.items()}
    changes |= {"sources/beeps/sent": None, "sources/beeps/started": None}
    changes["occasions/burst"] = None
    changes["sources/beeps/zone"] = {"column": "offset", "unit": "seconds"}
    frame = (
        beeps()
        .head(2)
        .with_columns(
            scheduled=pl.Series([moment, 0]),
            answered=pl.Series([moment, moment]),
            offset=pl.lit(3600),
        )
    )
    found = stream(changes, frame)
    assert found.prompts["time"][0] == datetime(2024, 3, 4, 9, tzinfo=UTC)
    assert found.prompts["local"][0] == datetime(2024, 3, 4, 10)
    assert found.prompts["zone"][0] == "UTC+01:00"
    assert found.prompts["state"].to_list() == ["answered", "unscheduled"]


def test_zones_stand_in_a_column() -> None:
    frame = beeps().with_columns(
        where=pl.when(pl.col("id") == "p1")
        .then(pl.lit("America/New_York"))
        .otherwise(pl.lit("Europe/Berlin"))
    )
    found = stream({"sources/beeps/zone": {"column": "where"}}, frame)
    assert found.prompts["scheduled"][0] == datetime(2024, 3, 4, 15, tzinfo=UTC)
    assert found.prompts["local"][0] == datetime(2024, 3, 4, 10, 12)
    wrong = frame.with_columns(where=pl.lit("Berlin"))
    with pytest.raises(PanelError) as refused:
        read({"sources/beeps/zone": {"column": "where"}}, wrong)
    (told,) = refused.value.findings
    assert told.code == "prompt-zone-not-read"
    assert "'Berlin' in row 1" in told.text


def test_only_rows_of_one_kind_are_prompts() -> None:
    frame = beeps().with_columns(form=pl.lit("main"))
    other = frame.head(3).with_columns(form=pl.lit("evening"))
    changes = {"sources/beeps/only": {"column": "form", "code": "main"}}
    assert stream(changes, pl.concat([frame, other])).prompts.height == 48
    changes["sources/beeps/only"]["code"] = "morning"
    with pytest.raises(PanelError, match="is 'morning'; it holds 'main'"):
        read(changes, frame)
