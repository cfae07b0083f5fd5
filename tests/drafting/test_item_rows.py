"""Drafts from files with one row per answer, with titles above the names of the columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from salutogen.drafting import draft_file, draft_study
from salutogen.drafting.item_rows import find_item_rows
from salutogen.study import read_study
from tests.drafting.filling import filled
from tests.drafting.small_files import values, weekly

KEYS = ["subject.ID", "beep", "age"]
WIDE = weekly().drop("start")
NAMES = {
    "english": ("pid", "wave", "age", "item", "answer"),
    "german": ("vp_nr", "messzeitpunkt", "alter", "frage", "antwort"),
    "untold": ("person", "week", "age", "what", "how"),
    "coded": ("participant_code", "measurement", "age", "variable", "val"),
    "redcap": ("participant_id", "visit", "age", "field_name", "value"),
}


def long_form(names: tuple[str, ...], wide: pl.DataFrame = WIDE) -> pl.DataFrame:
    """One row for each answer, by person."""
    long = wide.with_row_index("row").unpivot(index=["row", *KEYS], variable_name="item")
    return (
        long.sort("row", maintain_order=True)
        .drop("row")
        .rename(dict(zip([*KEYS, "item", "value"], names, strict=True)))
    )


def answers_of(text: str, data: Any) -> dict[str, pl.DataFrame]:
    study = read_study(json.loads(filled(text)))
    return dict(study.read({"answers": data}).answers)


@pytest.mark.parametrize("names", NAMES.values(), ids=list(NAMES))
def test_rows_of_answers_are_drafted_as_such(names: tuple[str, ...]) -> None:
    frame = long_form(names)
    if names == NAMES["untold"]:
        frame = frame.drop(names[2])  # no name tells the item: two columns are left
    draft = draft_study(frame, "long.csv")
    source = values(draft)["sources"]["answers"]
    assert source["layout"] == "row-per-item"
    assert [source[key] for key in ("person", "occasion", "item", "value")] == [
        names[0], names[1], names[3], names[4],
    ]  # fmt: skip
    expected = answers_of(draft_study(WIDE, "wide.csv").text, WIDE)
    found = answers_of(draft.text, frame)
    assert found.keys() == expected.keys() == {"ghq-12", "ev"}
    assert all(found[name].equals(expected[name]) for name in found)
    assert [one.column for one in draft.background] == [
        name for name in (names[2],) if name in frame.columns
    ]


def test_persons_whose_number_is_unique_only_within_a_site() -> None:
    number = pl.col("subject.ID").str.slice(1).cast(pl.Int64)
    wide = WIDE.with_columns(
        site=pl.when(number < 10).then(pl.lit("A")).otherwise(pl.lit("B")),
        pid=(number % 10).cast(pl.String),
    ).drop("subject.ID", "age")
    frame = wide.unpivot(index=["site", "pid", "beep"], variable_name="frage", value_name="antwort")
    draft = draft_study(frame, "long.csv")
    source = values(draft)["sources"]["answers"]
    assert (source["layout"], source["person"]) == ("row-per-item", ["site", "pid"])
    found, expected = answers_of(draft.text, frame), answers_of(draft_study(WIDE, "w").text, WIDE)
    assert all(found[name].equals(expected[name]) for name in expected)


def test_numbers_of_questions_are_no_persons() -> None:
    frame = long_form(("pid", "wave", "age", "question_id", "response")).with_columns(
        pl.col("question_id").rank("dense").cast(pl.String)
    )
    source = values(draft_study(frame, "long.csv"))["sources"]["answers"]
    assert source["layout"] == "row-per-item"
    assert (source["person"], source["item"]) == ("pid", "question_id")


def test_a_file_in_the_order_of_its_items_is_read_whole() -> None:
    by_item = long_form(NAMES["english"]).sort("item", maintain_order=True)
    found = find_item_rows(by_item)
    assert found is not None
    assert found.wide.width == 3 + 20
    assert found.wide.height == WIDE.height


@pytest.mark.parametrize(
    "frame",
    [
        WIDE,
        weekly(item=["a", "b", "c", "d"] * 20, answer=["1", "2", "3", "4"] * 20),
        weekly().with_columns(code=pl.lit("x"), value=pl.lit(1)),
    ],
    ids=["occasions", "an item beside others", "a constant"],
)
def test_rows_of_occasions_stay_what_they_are(frame: pl.DataFrame) -> None:
    assert find_item_rows(frame) is None
    assert values(draft_study(frame, "wide.csv"))["sources"]["answers"]["layout"] == (
        "row-per-occasion"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "titles",
    [
        ["Export of the study, 3 May 2024", ""],
        ["Answers"],
        ["sep=DELIMITER", "Study on hassles"],
        ["A long title of many words with blanks in between", "made by hand"],
        ["Title" + "DELIMITER" * 4, "3 May" + "DELIMITER" * 4],
    ],
)
def test_titles_above_are_skipped(tmp_path: Path, titles: list[str], delimiter: str) -> None:
    """In rows of answers and in rows of events; what is drafted reads the file."""
    frame = long_form(NAMES["english"])
    above = "\n".join(titles).replace("DELIMITER", delimiter)
    path = tmp_path / "long.csv"
    path.write_text(f"{above}\n{frame.write_csv(separator=delimiter)}")
    draft = draft_file(path)
    assert values(draft)["sources"]["answers"]["layout"] == "row-per-item"
    expected = answers_of(draft_study(frame, "long.csv").text, frame)
    found = answers_of(draft.text, path)
    assert all(found[name].equals(expected[name]) for name in expected)
    events = pl.DataFrame({
        "pid": ["a", "a", "b", "b", "c"] * 6,
        "date": [f"2024-05-{day + 1:02}" for day in range(30)],
        "event": ["loss", "move", "illness"] * 10,
        "severity": ["3", "1", "2", "4", "4"] * 6,
    })  # fmt: skip
    path.write_text(f"{above}\n{events.write_csv(separator=delimiter)}")
    text = draft_file(path).text
    assert f"skip_rows: {len(titles)}" in text
    assert "layout: row-per-event" in text
