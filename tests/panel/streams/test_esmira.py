"""Files of ESMira: milliseconds in UTC, the zone in a column, no rows for what was missed."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from tests.panel.streams.small_stream import beeps, read

MILLISECONDS = "milliseconds since 1970-01-01"


def test_what_was_missed_comes_from_the_plan_and_unasked_answers_are_told_apart() -> None:
    frame = beeps()

    def moment(column: str) -> pl.Expr:
        there = pl.col(column).str.to_datetime().dt.replace_time_zone("Europe/Berlin")
        return there.dt.epoch("ms")

    place = pl.int_range(pl.len())
    written = frame.select(
        "visit", "stress", "sad", "angry", "glad",
        userId=pl.col("id"),
        eventType=pl.when(place == 3).then(pl.lit("joined")).otherwise(pl.lit("questionnaire")),
        timezone=pl.lit("Europe/Berlin"),
        lastInvitation=pl.when(place == 1).then(0).otherwise(moment("sent")),
        responseTime=moment("done"),
    )  # fmt: skip
    changes = {
        "sources/beeps/person": "userId",
        "sources/beeps/only": {"column": "eventType", "code": "questionnaire"},
        "sources/beeps/zone": {"column": "timezone"},
        "sources/beeps/scheduled": None,
        "sources/beeps/started": None,
        "sources/beeps/sent": {"column": "lastInvitation", "unit": MILLISECONDS},
        "sources/beeps/answered": {"column": "responseTime", "unit": MILLISECONDS},
    }
    found = read(changes, written).momentary
    assert found is not None
    mine = found.prompts.head(9)
    assert mine["state"].to_list() == [
        "answered", "unscheduled", "missed", "answered", "missed",
        "answered", "answered", "answered", "answered",
    ]  # fmt: skip
    assert mine["rebuilt"].to_list() == [False, False, True, False, True, *[False] * 4]
    assert mine["scheduled"][0] == datetime(2024, 3, 4, 9, tzinfo=UTC)
