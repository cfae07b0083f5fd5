"""Persons and occasions that several columns make."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import PanelError
from salutogen.panel import read_panel
from salutogen.panel.joined_columns import joined, match_combinations, parts_of
from salutogen.panel.panel import InputFile
from salutogen.panel.readers.source_table import SourceTable
from tests.panel.small_studies import answers, by_occasion, found, make_study


def table(frame: pl.DataFrame) -> SourceTable:
    info = InputFile("answers", "frame", None, frame.height, frame.width)
    return SourceTable(
        name="answers", label="frame", frame=frame, columns=tuple(frame.columns),
        n_rows=frame.height, info=info,
    )  # fmt: skip


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.text("/\\ab ", max_size=4), st.text("/\\ab ", max_size=4)),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_different_persons_never_become_one(pairs: list[tuple[str, str]]) -> None:
    frame = pl.DataFrame(pairs, schema={"site": pl.String, "pid": pl.String}, orient="row")
    texts = joined(table(frame), ["site", "pid"]).to_list()
    for pair, text in zip(pairs, texts, strict=True):
        if any(not part.strip() for part in pair):
            assert text is None
        else:
            assert parts_of(text or "") == pair
    written = {text for text in texts if text is not None}
    assert len(written) == len({pair for pair in pairs if all(part.strip() for part in pair)})


def test_identifiers_of_several_columns_are_kept_to_the_letter() -> None:
    frame = answers(4).with_columns(
        site=pl.Series([site for site in (" 01", "01", "a/b", "a") for _ in range(3)]),
        id=pl.Series([number for number in (7.0, 7.0, 7.0, 8.0) for _ in range(3)]),
    )
    study = make_study({"answers": by_occasion(person=["site", "id"])})
    panel = read_panel(study, frame)
    assert panel.persons["subject"].to_list() == [" 01/7", "01/7", "a\\/b/7", "a/8"]
    assert found(panel) == {"several-columns", "similar-subjects"}


def test_a_row_that_lacks_a_part_is_refused_by_the_column_that_lacks_it() -> None:
    frame = answers(2).with_columns(site=pl.Series(["A", "A", None, "B", "B", "B"]))
    study = make_study({"answers": by_occasion(person=["site", "id"])})
    with pytest.raises(PanelError) as refused:
        read_panel(study, frame)
    finding = refused.value.findings[0]
    assert (finding.code, finding.evidence.column, finding.evidence.rows) == (
        "empty-subject", "site", (3,),
    )  # fmt: skip


def momentary(days: int, prompts: int, persons: int = 3) -> pl.DataFrame:
    labels = tuple(str(number + 1) for number in range(days * prompts))
    frame = answers(persons, labels=labels)
    place = pl.col("wave").cast(pl.Int64) - 1
    return frame.with_columns(date=place // prompts + 5, beep=place % prompts + 1)


@pytest.mark.parametrize(
    "labels, written",
    [
        (tuple(str(number + 1) for number in range(12)), None),
        (tuple(f"{day}/{beep}" for day in (5, 6, 7) for beep in (1, 2, 3, 4)), None),
        (tuple(f"{day}-0{beep}" for day in (5, 6, 7) for beep in (1, 2, 3, 4)), None),
        (tuple(f"{day} {beep}" for day in (5, 6, 7) for beep in (1, 2, 3, 4)), pl.String),
    ],
)
def test_day_and_prompt_make_the_occasion(labels: tuple[str, ...], written: Any) -> None:
    frame = momentary(3, 4)
    expected = read_panel(make_study(labels=tuple(map(str, range(1, 13)))), frame)
    if written is not None:
        frame = frame.with_columns(pl.col("date", "beep").cast(written))
    study = make_study({"answers": by_occasion(occasion=["date", "beep"])}, labels=labels)
    panel = read_panel(study, frame.drop("wave")[::-1])
    by_place = panel.rows.sort("time", "person")["occasion"]
    assert by_place.to_list() == expected.rows.sort("time", "person")["occasion"].to_list()
    assert found(panel) == {"several-columns"}


def test_a_prompt_that_nobody_answered_keeps_its_place() -> None:
    frame = momentary(3, 4).filter(~((pl.col("date") == 6) & (pl.col("beep") == 2)))
    labels = tuple(map(str, range(1, 13)))
    study = make_study({"answers": by_occasion(occasion=["date", "beep"])}, labels=labels)
    expected = read_panel(make_study(labels=labels), frame)
    assert read_panel(study, frame).rows["occasion"].equals(expected.rows["occasion"])


def test_combinations_that_are_not_as_many_as_planned_are_refused() -> None:
    study = make_study({"answers": by_occasion(occasion=["date", "beep"])}, labels=("1", "2"))
    with pytest.raises(PanelError) as refused:
        read_panel(study, momentary(3, 4))
    assert found(refused.value) == {"unplanned-occasion"}


def test_matching_by_hand() -> None:
    counted = tuple(str(number + 1) for number in range(3))
    assert match_combinations(["1/1", "1/2", "2/1"], counted) == [0, 1, 2]
    assert match_combinations(["10/1", "9/1", "9/2"], counted) == [2, 0, 1]
    assert match_combinations(["1/1", "1/x"], ("1/1", "1/2")) == [0, None]
    assert match_combinations(["1/1"], ("a", "b")) == [None]
    assert match_combinations([], counted) == []
