"""The same person and occasion twice: dropped, merged, settled or refused, and said."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import PanelError
from salutogen.panel import Panel, read_panel
from tests.panel.small_studies import (
    EVENTS,
    MOOD,
    answers,
    by_item,
    by_occasion,
    by_person,
    found,
    instrument,
    lengthen,
    make_study,
    same_panel,
    wide_instruments,
    widen,
)

ITEMS = [*MOOD, *EVENTS]


def with_rows(frame: pl.DataFrame, place: int, **cells: Any) -> pl.DataFrame:
    """The frame with one of its rows once more at its end, some cells changed."""
    again = frame[place].with_columns(
        pl.lit(value).cast(frame[name].dtype).alias(name) for name, value in cells.items()
    )
    return pl.concat([frame, again])


def refused(study: Any, frame: Any) -> Any:
    with pytest.raises(PanelError) as error:
        read_panel(study, frame)
    return error.value.findings[0]


def test_an_empty_repetition_is_dropped_wherever_it_stands() -> None:
    frame = answers()
    blank = dict.fromkeys(ITEMS)
    for given_frame in (
        with_rows(frame, 4, **blank, day=None),
        with_rows(frame, 4, **blank),
        with_rows(frame, 1, **blank, day=None)[[18, *range(18)]],
    ):
        panel = read_panel(make_study(), given_frame)
        assert same_panel(panel, read_panel(make_study(), frame))
        assert found(panel) == {"duplicate-empty"}
    wide = widen(frame)
    blank_wide = {name: None for name in wide.columns if name[0] in "ME"}
    study = make_study({"answers": by_person()}, wide_instruments())
    panel = read_panel(study, with_rows(wide, 2, **blank_wide))
    assert same_panel(panel, read_panel(study, wide))
    assert found(panel) == {"duplicate-empty"}
    long = lengthen(frame)
    study = make_study({"answers": by_item()})
    panel = read_panel(study, with_rows(long, 5, answer=None))
    assert same_panel(panel, read_panel(study, long))
    assert found(panel) == {"duplicate-empty"}


@pytest.mark.parametrize("rule, taken", [("first", 0), ("last", 1)])
def test_first_and_last_are_by_the_order_of_the_file(rule: str, taken: int) -> None:
    frame = answers().with_columns(M_1=pl.lit(1))
    twice = with_rows(frame, 4, M_1=2)
    panel = read_panel(make_study({"answers": by_occasion(duplicates=rule)}), twice)
    assert panel.answers["mood"]["M_1"].to_list()[4] == (1, 2)[taken]
    assert panel.rows["data_row"].to_list()[4] == (5, 19)[taken]
    assert panel.n_rows == 18
    assert found(panel) == {"duplicates-settled"}
    finding = panel.findings[0]
    assert finding.evidence.rows == (5, 19)
    assert finding.evidence.numbers["conflicts"] == 1
    thrice = with_rows(twice, 4, M_1=3)
    panel = read_panel(make_study({"answers": by_occasion(duplicates=rule)}), thrice)
    assert panel.answers["mood"]["M_1"].to_list()[4] == (1, 3)[taken]


def test_what_stands_in_a_row_that_was_dropped_is_nobodys_answer() -> None:
    twice = with_rows(answers(), 4, M_1=99)
    assert refused(make_study(), twice).code == "conflicting-duplicates"
    panel = read_panel(make_study({"answers": by_occasion(duplicates="first")}), twice)
    assert same_panel(panel, read_panel(make_study(), answers()))
    finding = refused(make_study({"answers": by_occasion(duplicates="last")}), twice)
    assert finding.code == "impossible-answer"
    assert finding.evidence.rows == (19,)


def test_the_rule_holds_for_persons_and_answers_too() -> None:
    wide = with_rows(widen(answers()).with_columns(M_1_w2=pl.lit(0)), 2, M_1_w2=3)
    study = make_study({"answers": by_person(duplicates="last")}, wide_instruments())
    panel = read_panel(study, wide)
    assert panel.answers["mood"]["M_1"].to_list()[2 * 3 + 1] == 3
    long = lengthen(answers().with_columns(M_1=pl.lit(1)))
    study = make_study({"answers": by_item(duplicates="last")})
    panel = read_panel(study, with_rows(long, 0, answer=3))
    assert panel.answers["mood"]["M_1"].to_list()[0] == 3
    assert found(panel) == {"duplicates-settled"}


@settings(max_examples=60)
@given(
    owners=st.lists(st.integers(0, 2), min_size=7 * 18, max_size=7 * 18),
    order=st.randoms(use_true_random=False),
)
def test_rows_that_complement_each_other_are_merged(owners: list[int], order: Any) -> None:
    """Each answer is written into one of three rows of its person and occasion."""
    frame = answers()
    parts = []
    for part in range(3):
        own = [
            pl.Series(
                item,
                [
                    value if owners[place * 7 + number] == part else None
                    for place, value in enumerate(frame[item])
                ],
                dtype=frame[item].dtype,
            )
            for number, item in enumerate(ITEMS)
        ]
        parts.append(frame.with_columns(own))
    rows = list(range(18 * 3))
    order.shuffle(rows)
    whole = pl.concat(parts)[rows]
    study = make_study({"answers": by_occasion(duplicates="merge")})
    panel = read_panel(study, whole)
    assert _by_subject(panel).equals(_by_subject(read_panel(make_study(), frame)))


def _by_subject(panel: Panel) -> pl.DataFrame:
    subjects = panel.persons["subject"].gather(panel.rows["person"])
    columns = [column for frame in panel.answers.values() for column in frame.iter_columns()]
    whole = pl.DataFrame([subjects, panel.rows["occasion"], panel.rows["time"], *columns])
    return whole.sort("subject", "occasion")


@pytest.mark.parametrize("name", ["^E$", "*", "^.*$"])
def test_columns_that_are_called_like_a_pattern_are_merged_too(name: str) -> None:
    frame = answers().with_columns(pl.lit("a").alias(name))
    twice = with_rows(frame, 4, **dict.fromkeys(MOOD))
    panel = read_panel(make_study({"answers": by_occasion(duplicates="merge")}), twice)
    assert _by_subject(panel).equals(_by_subject(read_panel(make_study(), frame)))
    blank = with_rows(frame, 4, **dict.fromkeys(ITEMS))
    assert "duplicate-empty" in found(read_panel(make_study(), blank))


def test_rows_that_contradict_are_not_merged() -> None:
    frame = answers().with_columns(M_1=pl.lit(1), M_2=pl.Series([None] * 18, dtype=pl.Int64))
    twice = with_rows(frame, 4, M_1=2, M_2=3)
    finding = refused(make_study({"answers": by_occasion(duplicates="merge")}), twice)
    assert finding.code == "conflicting-duplicates"
    assert "'M_1'" in finding.text
    assert finding.evidence.rows == (5, 19)
    twice = with_rows(frame, 4, M_1=None, M_2=3)
    finding = refused(make_study(), twice)
    assert "duplicates: merge" in finding.mend
    panel = read_panel(make_study({"answers": by_occasion(duplicates="merge")}), twice)
    assert panel.answers["mood"]["M_2"].to_list()[4] == 3
    assert panel.answers["mood"]["M_1"].to_list()[4] == 1


def long_form(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each answer, with the site of its person."""
    return frame.unpivot(
        ITEMS, index=["id", "wave", "day", "site"], variable_name="item", value_name="answer"
    )


def sites(frame: pl.DataFrame) -> pl.DataFrame:
    """Persons who have their number once at each of two sites."""
    number = pl.col("id").str.slice(1).cast(pl.Int64)
    return frame.with_columns(
        site=pl.when(number < 3).then(pl.lit("A")).otherwise(pl.lit("B")),
        id=(number % 3).cast(pl.String),
        stamp=pl.int_range(pl.len()),
    )


@pytest.mark.parametrize("background", [True, False])
def test_the_column_that_separates_persons_is_named(background: bool) -> None:
    plan = {"background": {"site": {"column": "site", "kind": "category"}}} if background else {}
    frame = sites(answers())
    finding = refused(make_study(**plan), frame)
    assert finding.code == "conflicting-duplicates"
    assert "column 'site'" in finding.text
    assert "`person: [site, id]`" in finding.mend
    assert "`occasion: [wave, site]` if they are different occasions" in finding.mend
    by_answer = refused(make_study({"answers": by_item()}), long_form(frame))
    assert "column 'site'" in by_answer.text
    assert "`person: [site, id]`" in by_answer.mend
    study = make_study({"answers": by_occasion(person=["site", "id"])}, **plan)
    panel = read_panel(study, frame)
    assert panel.n_persons == 6
    assert panel.persons["subject"].to_list() == ["A/0", "A/1", "A/2", "B/0", "B/1", "B/2"]
    assert panel.answers["mood"].equals(read_panel(make_study(), answers()).answers["mood"])


def test_no_column_is_named_where_a_form_was_simply_filled_in_twice() -> None:
    frame = answers().with_columns(
        stamp=pl.int_range(18).cast(pl.String), mark=pl.int_range(18) % 4, site=pl.lit("A")
    )
    twice = with_rows(frame, 4, M_1=3 - frame["M_1"][4], stamp="18", mark=3)
    finding = refused(make_study(), twice)
    assert finding.code == "conflicting-duplicates"
    assert "differ in column" not in finding.text


def test_blocks_of_one_file_become_one_row() -> None:
    """A row of baseline and rows of repeating forms, blank where another form stands."""
    frame = answers(3)
    trait = {"age": [30, 40, 50], "T_1": [1, 2, 3]}
    once = frame.select("id").unique(maintain_order=True).with_columns(pl.DataFrame(trait))
    blocks = pl.concat(
        [once, frame.select("id", "wave", *MOOD), frame.select("id", "wave", *EVENTS)],
        how="diagonal",
    )
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure", form="tick-list"),
        instrument("trait", "T_1", "0..4", "trait", measured="baseline"),
    ]
    source = by_occasion(duplicates="merge", time=None)
    study = make_study({"answers": source}, entries, background={"age": {"column": "age"}})
    panel = read_panel(study, blocks)
    plain = read_panel(make_study({"answers": by_occasion(time=None)}), frame)
    assert panel.answers["mood"].equals(plain.answers["mood"])
    assert panel.answers["events"].equals(plain.answers["events"])
    assert panel.persons["age"].to_list() == trait["age"]
    assert panel.baseline["trait"]["T_1"].to_list() == trait["T_1"]
    assert found(panel) == {"duplicates-settled", "rows-without-occasion"}
    named = blocks.with_columns(pl.col("wave").fill_null("baseline"))
    assert read_panel(study, named).answers["mood"].equals(plain.answers["mood"])
    answered = named.with_columns(
        M_1=pl.when(pl.col("wave") == "baseline").then(1).otherwise(pl.col("M_1"))
    )
    assert refused(study, answered).code == "unplanned-occasion"
