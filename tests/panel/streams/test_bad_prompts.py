"""Bad input of a stream: one clear finding or refusal each, the rest goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.findings import Finding
from salutogen.panel import Panel
from tests.panel.streams.small_stream import beeps, codes, read, without_answers

PLACE = pl.int_range(pl.len())


def the(code: str, panel: Panel) -> Finding:
    (found,) = [one for one in panel.findings if one.code == code]
    return found


def refusal(changes=None, frame=None) -> Finding:
    with pytest.raises(PanelError) as refused:
        read(changes, frame)
    (found,) = refused.value.findings
    return found


def shifted(column: str, place: int, by: timedelta) -> pl.Expr:
    """A written time of one row, moved."""
    moved = (pl.col(column).str.to_datetime() + by).dt.strftime("%Y-%m-%dT%H:%M:%S")
    return pl.when(place == PLACE).then(moved).otherwise(pl.col(column)).alias(column)


def test_equal_rows_are_one() -> None:
    frame = pl.concat([beeps(), beeps().head(2)])
    panel = read(frame=frame)
    assert codes(panel) == ["prompt-twice"]
    assert the("prompt-twice", panel).evidence.rows == (49, 50)
    assert panel.momentary is not None
    assert panel.momentary.prompts.height == 48


def test_two_answers_to_one_prompt_are_refused() -> None:
    again = beeps().slice(4, 1).with_columns(sad=pl.lit(7, dtype=pl.Int64))
    told = refusal(frame=pl.concat([beeps(), again]))
    assert told.code == "prompts-differ"
    assert told.evidence.file == "frame 'beeps'"
    assert told.evidence.rows == (5, 49)


@pytest.mark.parametrize(("taken", "sad"), [("first", 3), ("last", 7)])
def test_the_study_file_may_say_which_answer_counts(taken: str, sad: int) -> None:
    again = beeps().slice(1, 1).with_columns(sad=pl.lit(7, dtype=pl.Int64))
    panel = read({"sources/beeps/duplicates": taken}, pl.concat([beeps(), again]))
    assert f"the {taken} answer was taken" in the("prompt-answered-again", panel).text
    assert panel.momentary is not None
    assert panel.momentary.prompts.height == 48
    assert panel.momentary.answers["na"]["sad"][1] == sad


def test_a_second_row_without_answers_is_left_out() -> None:
    again = without_answers(beeps().slice(4, 1), pl.lit(value=True))
    panel = read(frame=pl.concat([beeps(), again]))
    assert codes(panel) == ["prompt-again-without-answers"]
    assert panel.momentary is not None
    assert panel.momentary.prompts["state"].unique().to_list() == ["answered"]


def test_clocks_that_jump() -> None:
    frame = beeps().with_columns(shifted("opened", 3, timedelta(hours=-1)))
    told = the("prompt-clock-jumps", read(frame=frame))
    assert told.evidence.rows == (4,)
    assert told.evidence.n_rows == 1


def test_two_zones_in_a_day_are_told_and_hours_stay_true() -> None:
    where = pl.when(PLACE < 2).then(pl.lit("Europe/Berlin")).otherwise(pl.lit("Europe/London"))
    panel = read({"sources/beeps/zone": {"column": "where"}}, beeps().with_columns(where=where))
    told = the("two-zones-in-a-day", panel)
    assert (told.evidence.n_rows, told.evidence.rows) == (1, (1,))
    assert panel.momentary is not None
    assert panel.momentary.prompts["hours"].to_list()[:4] == [0, 3, 7, 10]


def test_a_night_with_a_change_of_clocks_has_its_own_length() -> None:
    """Clocks were put forward at two on 2024-03-31 in Berlin."""
    days = timedelta(days=26, hours=16)
    frame = (
        beeps()
        .filter(pl.col("visit") == "a")
        .with_columns(
            (pl.col(name).str.to_datetime() + days).dt.strftime("%Y-%m-%dT%H:%M:%S")
            for name in ("due", "sent", "opened", "done")
        )
    )
    panel = read({"occasions/burst": {"days": 3, "prompts_per_day": 2}}, frame)
    assert panel.momentary is not None
    mine = panel.momentary.prompts.filter((pl.col("person") == 0) & (pl.col("state") == "answered"))
    assert mine["local"].to_list()[:2] == [
        datetime(2024, 3, 31, 2, 12),
        datetime(2024, 3, 31, 5, 12),
    ]
    assert mine["hours"].to_list()[:3] == [0, 2, 5], "three hours by the clock, two in truth"
    assert the("prompt-at-no-time", panel).evidence.rows[0] == 1
    assert the("clocks-changed-in-a-day", panel).evidence.n_rows == 3


def test_prompts_answered_after_the_next_was_sent() -> None:
    frame = beeps().with_columns(
        shifted("opened", 2, timedelta(hours=4)), shifted("done", 2, timedelta(hours=4))
    )
    panel = read(frame=frame)
    assert codes(panel) == ["prompt-answered-late"]
    assert the("prompt-answered-late", panel).evidence.rows == (3,)
    assert panel.momentary is not None
    assert panel.momentary.prompts["beep"].to_list()[:4] == [1, 2, 3, 4], "places stay"


def test_answers_from_before_the_study() -> None:
    names = ("due", "sent", "opened", "done")
    frame = beeps().with_columns(shifted(name, 0, timedelta(days=-3)) for name in names)
    told = the("prompt-before-study", read({"occasions/burst/days": 5}, frame))
    assert told.evidence.rows == (1,)


def test_persons_who_missed_everything() -> None:
    panel = read(frame=without_answers(beeps(), pl.col("id") == "p3"))
    assert codes(panel) == ["all-prompts-missed"]
    assert the("all-prompts-missed", panel).evidence.numbers["persons"] == 1


def test_nobody_answered() -> None:
    panel = read(frame=without_answers(beeps(), pl.lit(value=True)))
    assert codes(panel) == ["stream-without-answers"]


def test_items_that_never_change() -> None:
    told = the("momentary-item-constant", read(frame=beeps().with_columns(glad=pl.lit(4))))
    assert told.evidence.column == "glad"


def test_persons_who_are_not_in_the_study() -> None:
    stranger = beeps().head(3).with_columns(id=pl.lit("p9"))
    panel = read(frame=pl.concat([beeps(), stranger]))
    told = the("prompt-of-unknown-person", panel)
    assert (told.evidence.n_rows, told.evidence.rows) == (3, (49, 50, 51))
    assert panel.n_persons == 3


def test_bursts_that_are_not_planned() -> None:
    frame = beeps().with_columns(visit=pl.when(PLACE == 7).then(pl.lit("c")).otherwise("visit"))
    told = refusal(frame=frame)
    assert told.code == "prompt-of-unknown-burst"
    assert "'c'" in told.text
    assert told.evidence.rows == (8,)
    blank = beeps().with_columns(visit=pl.when(PLACE != 7).then("visit"))
    assert "names no burst" in refusal(frame=blank).text.replace("name no", "names no")


def test_more_prompts_than_planned_are_kept_and_told() -> None:
    panel = read({"occasions/burst": {"days": 2, "prompts_per_day": 3}})
    assert the("more-prompts-than-planned", panel).evidence.n_rows == 12
    assert panel.momentary is not None
    assert panel.momentary.prompts.height == 48


def test_days_alone_are_no_times_of_prompts() -> None:
    frame = beeps().with_columns(pl.col("due").str.slice(0, 10))
    told = refusal(frame=frame)
    assert (told.code, told.evidence.column) == ("prompt-without-time-of-day", "due")


def test_without_a_zone_the_clock_on_the_wall_is_taken() -> None:
    panel = read({"sources/beeps/zone": None})
    assert codes(panel) == ["prompt-zone-unknown"]
    assert panel.momentary is not None
    assert panel.momentary.prompts["local"][0] == datetime(2024, 3, 4, 10, 12)


def test_impossible_answers_are_refused_with_row_and_column() -> None:
    frame = beeps().with_columns(sad=pl.when(PLACE == 9).then(9).otherwise("sad"))
    told = refusal(frame=frame)
    assert (told.evidence.column, told.evidence.rows) == ("sad", (10,))


def test_dates_that_no_study_has() -> None:
    names = ("due", "sent", "opened", "done")
    frame = beeps().with_columns(shifted(name, 0, timedelta(days=-20_000)) for name in names)
    assert "prompt-odd-date" in codes(read({"occasions/burst": None}, frame))
