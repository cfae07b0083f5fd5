"""Wrong columns, cells, ids, occasions and duplicates: refused with place and mend, or said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.findings import Finding, Severity
from salutogen.panel import Panel, Reason, read_panel
from salutogen.panel.numeric import to_numbers
from salutogen.study import Study
from tests.panel.small_studies import (
    MOOD,
    answers,
    by_item,
    by_occasion,
    found,
    instrument,
    lengthen,
    make_study,
)

STUDY = make_study()


def _refused(data: Any, study: Study = STUDY) -> tuple[Finding, ...]:
    with pytest.raises(PanelError) as refused:
        read_panel(study, data)
    assert all(finding.severity is Severity.REFUSAL for finding in refused.value.findings)
    return refused.value.findings


def _put(column: str, **cells: Any) -> pl.DataFrame:
    """Answers as text, with some cells of one column replaced (r1 is data row 1)."""
    frame = answers().with_columns(pl.all().cast(pl.String))
    values = frame[column].to_list()
    for row, value in cells.items():
        values[int(row[1:]) - 1] = value
    return frame.with_columns(pl.Series(column, values, dtype=pl.String))


def _said(panel: Panel, code: str) -> Finding:
    (finding,) = [finding for finding in panel.findings if finding.code == code]
    return finding


@pytest.mark.parametrize("cell", ["abc", "7", "-1", "1e12", "inf", "1.5", "yes", "²", "1,000"])
def test_an_impossible_answer_is_refused_with_its_row(cell: str) -> None:
    (finding,) = _refused(_put("M_3", r5=cell))
    assert finding.code == "impossible-answer"
    assert finding.evidence.rows == (5,)
    assert finding.evidence.column == "M_3"
    assert "(row 5)" in finding.text
    assert "a whole number from 0 to 3" in finding.text
    assert finding.mend


@pytest.mark.parametrize("value", [7, 1e12, float("inf"), -float("inf"), 1.5])
def test_impossible_numbers_of_typed_frames(value: float) -> None:
    column = pl.Series("M_3", [*answers()["M_3"].to_list()[:-1], value], dtype=pl.Float64)
    (finding,) = _refused(answers().with_columns(column))
    assert finding.evidence.rows == (18,)


def test_everything_wrong_is_said_at_once() -> None:
    frame = _put("M_1", r2="x", r4="9").with_columns(
        E_2=pl.Series(["77", *answers()["E_2"].cast(pl.String).to_list()[1:]]),
        id=pl.Series([*answers()["id"].to_list()[:-1], " "]),
        wave=pl.Series(["5", *answers()["wave"].to_list()[1:]]),
        day=pl.Series(["soon", *answers()["day"].cast(pl.String).to_list()[1:]]),
    ).drop("M_4")  # fmt: skip
    findings = _refused(frame)
    assert sorted((finding.code, finding.evidence.column) for finding in findings) == [
        ("column-missing", "M_4"),
        ("empty-subject", "id"),
        ("impossible-answer", "E_2"),
        ("impossible-answer", "M_1"),
        ("time-not-a-number", "day"),
        ("unplanned-occasion", "wave"),
    ]


def test_impossible_answers_become_missing_where_the_study_says_so() -> None:
    study = make_study(invalid="missing")
    panel = read_panel(study, _put("M_3", r5="abc", r6="9", r7="1e300"))
    finding = _said(panel, "impossible-answer-missing")
    assert finding.severity is Severity.WARNING
    assert finding.evidence.rows == (5, 6, 7)
    assert panel.answers["mood"]["M_3"].null_count() == 3
    assert panel.reasons["mood"]["M_3"].to_list()[3:8] == [0, 5, 5, 5, 0]
    assert panel.answers["mood"].schema["M_3"] == pl.Int8


def test_columns_that_are_missing_are_named_once_for_their_instrument() -> None:
    findings = _refused(answers().rename({name: name.lower() for name in MOOD}))
    (finding,) = findings
    assert (finding.code, finding.evidence.column) == ("column-missing", None)
    assert "lacks 4 columns" in finding.text
    assert all(repr(name) in finding.text for name in MOOD)
    assert "Did you mean 'm_1', 'm_2', 'm_3' and 1 more?" in finding.text


def test_what_is_dropped_in_several_columns_is_said_once() -> None:
    frame = answers().with_columns(
        pl.when(pl.int_range(18) % 5 == place).then(pl.lit("missing"))
        .otherwise(pl.col(name).cast(pl.String)).alias(name)
        for place, name in enumerate(MOOD)
    )  # fmt: skip
    panel = read_panel(make_study(invalid="missing"), frame)
    finding = _said(panel, "impossible-answer-missing")
    assert finding.evidence.n_rows == sum(panel.answers["mood"].null_count().row(0)) == 15
    assert "of 72 in 4 columns of 'mood' ('M_1', 'M_2', 'M_3' and others)" in finding.text
    assert finding.evidence.rows == (1, 2, 3, 4, 6, 7, 8, 9, 11, 12)


def test_more_than_ten_rows_are_counted_and_ten_shown() -> None:
    (finding,) = _refused(answers().with_columns(M_1=pl.lit(8)))
    assert finding.evidence.rows == tuple(range(1, 11))
    assert finding.evidence.n_rows == 18


def test_blank_words_are_blanks_and_are_said() -> None:
    panel = read_panel(STUDY, _put("M_3", r1="NA", r2="NaN", r3=" ", r4="", r5="."))
    assert panel.answers["mood"]["M_3"].null_count() == 5
    counted = _said(panel, "blank-words").evidence.numbers
    assert {word: counted[word] for word in (".", "NA", "NaN")} == {".": 1, "NA": 1, "NaN": 1}
    frame = answers().with_columns(M_3=pl.Series([float("nan"), *[1.0] * 17]))
    assert read_panel(STUDY, frame).answers["mood"]["M_3"].null_count() == 1


def test_blank_words_stand_in_a_column_of_any_name() -> None:
    for name in ("count", "literal", "word"):
        read = to_numbers(pl.Series(name, ["1", "NA", "na", "NA"]))
        assert read.blank_words == {"NA": 2, "na": 1}
        assert read.values.to_list() == [1, None, None, None]


def test_blank_words_of_many_columns_are_said_once() -> None:
    frame = answers().with_columns(
        pl.Series(name, ["NA", "#NULL!", *answers()[name].cast(pl.String)[2:]])
        for name in ("M_1", "M_2", "M_3", "M_4", "E_2")
    )
    told = [one for one in read_panel(STUDY, frame).findings if one.code == "blank-words"]
    assert len(told) == 1
    assert "In 5 columns ('M_1', 'M_2', 'M_3' and others)" in told[0].text
    assert "'#NULL!' (5), 'NA' (5)" in told[0].text
    assert told[0].evidence.n_rows == 10


def test_numbers_written_in_other_ways() -> None:
    panel = read_panel(STUDY, _put("M_3", r1=" 2", r2="2.0", r3="+2", r4="02", r5="2e0", r6="2."))
    assert panel.answers["mood"]["M_3"].to_list()[:6] == [2] * 6
    assert not panel.findings


def test_a_scale_without_range_takes_plausible_numbers_only() -> None:
    entries = [
        instrument("mood", "M_{1..4}", None),
        instrument("events", "E_{1..3}", "0..5", "exposure"),
    ]
    study = make_study(instruments=entries)
    panel = read_panel(study, _put("M_3", r1="123.25"))
    assert panel.answers["mood"]["M_3"][0] == 123.25
    assert panel.answers["mood"].schema["M_3"] == pl.Float64
    for cell in ("1e12", "-2e15", "inf"):
        (finding,) = _refused(_put("M_3", r9=cell), study)
        assert finding.evidence.rows == (9,)


@pytest.mark.parametrize(
    "wrong, nearest", [("M_l", "M_"), ("m_1", "m_1'"), ("M-1 ", "M-1 '"), ("Zeal", "")]
)
def test_a_misspelt_column_is_refused_with_the_nearest(wrong: str, nearest: str) -> None:
    (finding,) = _refused(answers().rename({"M_1": wrong}))
    assert finding.code == "column-missing"
    assert "'M_1'" in finding.text
    assert "instruments.mood.columns" in finding.text
    if nearest:
        assert f"Did you mean '{nearest}" in finding.text


def test_patterns_take_exactly_what_they_say() -> None:
    frame = answers().with_columns(E_4=pl.lit("free text"), M_5=pl.lit(99))
    panel = read_panel(STUDY, frame)
    assert panel.answers["events"].columns == ["E_1", "E_2", "E_3"]
    assert not panel.findings


def test_ids_are_kept_to_the_letter() -> None:
    ids = ["007", " 7", "7", "7.0", "Zoë", "é"]
    frame = answers().with_columns(id=pl.Series([name for name in ids for _ in range(3)]))
    panel = read_panel(STUDY, frame)
    assert panel.persons["subject"].to_list() == ids
    assert found(panel) == {"similar-subjects"}


def test_numeric_ids_have_no_decimal_point() -> None:
    frame = answers().with_columns(id=pl.Series([12.0 + place // 3 for place in range(18)]))
    assert read_panel(STUDY, frame).persons["subject"].to_list()[:2] == ["12", "13"]
    half = frame.with_columns(pl.col("id") + 0.5)
    assert read_panel(STUDY, half).persons["subject"].to_list()[0] == "12.5"


def test_rows_without_a_person_are_refused_unless_blank(tmp_path: Path) -> None:
    frame = _put("id", r4="", r5="  ")
    (finding,) = _refused(frame)
    assert finding.code == "empty-subject"
    assert finding.evidence.rows == (4, 5)
    text = answers().with_columns(pl.all().cast(pl.String))
    blank = pl.concat([text, text.clear(1), text.clear(1).with_columns(pl.all().fill_null(" "))])
    assert read_panel(STUDY, blank).n_rows == 18


def test_occasions_match_as_text_then_as_numbers() -> None:
    frame = answers().with_columns(wave=pl.Series(["1.0", "02", " 3"] * 6))
    assert read_panel(STUDY, frame).rows["occasion"].to_list() == [0, 1, 2] * 6
    study = make_study(labels=("T0", "T1", "T2"))
    frame = answers().with_columns(wave=pl.Series(["T0", "T1", "T2"] * 6))
    assert read_panel(study, frame).rows["occasion"].to_list() == [0, 1, 2] * 6


def test_unplanned_and_empty_occasions_are_refused() -> None:
    findings = _refused(_put("wave", r2="4", r3="T9", r6=""))
    assert [finding.code for finding in findings] == ["unplanned-occasion", "empty-occasion"]
    assert "'4' and 'T9'" in findings[0].text
    assert findings[0].evidence.rows == (2, 3)
    assert findings[1].evidence.rows == (6,)


def test_exact_copies_are_dropped() -> None:
    frame = pl.concat([answers(), answers()[[3, 3, 7]]])
    panel = read_panel(STUDY, frame)
    assert panel.n_rows == 18
    finding = _said(panel, "duplicate-row")
    assert finding.evidence.rows == (19, 20, 21)
    assert finding.evidence.numbers == {"dropped": 3}


def test_copies_that_differ_only_in_unused_columns() -> None:
    frame = answers().with_row_index("record")
    panel = read_panel(
        STUDY, pl.concat([frame, frame[[3]].with_columns(record=pl.lit(99, pl.UInt32))])
    )
    assert panel.n_rows == 18
    assert found(panel) == {"duplicate-answers"}


def test_conflicting_duplicates_are_refused_with_their_rows() -> None:
    other = answers()[[4]].with_columns(M_1=(pl.col("M_1") + 1) % 4)
    (finding,) = _refused(pl.concat([answers(), other]))
    assert finding.code == "conflicting-duplicates"
    assert finding.evidence.rows == (5, 19)
    assert "rows 5, 19" in finding.text


def test_duplicates_in_a_long_file() -> None:
    study = make_study({"answers": by_item()})
    long = lengthen(answers())
    panel = read_panel(study, pl.concat([long, long[[0]]]))
    assert found(panel) == {"duplicate-row"}
    other = long[[0]].with_columns(answer=(pl.col("answer") + 1) % 4)
    (finding,) = _refused(pl.concat([long, other]), study)
    assert finding.code == "conflicting-duplicates"
    assert finding.evidence.rows == (1, 127)


def test_an_item_of_a_long_file_that_nobody_answered_is_no_refusal() -> None:
    study = make_study({"answers": by_item()})
    long = lengthen(answers()).filter(pl.col("item") != "E_3")
    panel = read_panel(study, long)
    (told,) = panel.findings
    assert (told.code, told.severity) == ("item-never-answered", "warning")
    assert "'E_3'" in told.text
    expected = read_panel(study, lengthen(answers()))
    assert panel.answers["events"]["E_3"].null_count() == panel.n_rows
    assert panel.answers["mood"].equals(expected.answers["mood"])


def test_items_of_a_long_file() -> None:
    study = make_study({"answers": by_item()})
    long = lengthen(answers())
    renamed = long.with_columns(pl.col("item").replace({"M_2": "M-2"}))
    (finding,) = _refused(renamed, study)
    assert finding.code == "item-missing"
    assert "Did you mean 'M-2'?" in finding.text
    for name in ("E_", "M_"):  # a scale of which nothing is there
        gone = _refused(long.filter(~pl.col("item").str.starts_with(name)), study)
        assert {one.code for one in gone} == {"item-missing"}
    (finding,) = _refused(
        long.with_columns(item=pl.when(pl.int_range(pl.len()) != 5).then("item")), study
    )
    assert (finding.code, finding.evidence.rows) == ("empty-item", (6,))


@pytest.mark.parametrize("missing", ["item", "answer", "id", "wave"])
def test_a_long_file_without_a_column_it_needs(missing: str) -> None:
    study = make_study({"answers": by_item()})
    (finding,) = _refused(lengthen(answers()).drop(missing), study)
    assert (finding.code, finding.evidence.column) == ("column-missing", missing)


def test_several_rows_per_person_need_an_occasion() -> None:
    study = make_study({"answers": by_occasion(occasion=None)})
    assert "occasion-not-named" in {finding.code for finding in _refused(answers(), study)}


def test_blank_rows_are_left_out() -> None:
    frame = answers().with_columns(
        pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("day", "M_1", "M_2", "M_3", "M_4", "E_1", "E_2", "E_3")
    )
    panel = read_panel(STUDY, frame)
    assert panel.n_rows == 17
    assert _said(panel, "blank-row").evidence.rows == (5,)
    assert not any(frame.width for frame in panel.reasons.values())


def test_no_answer_at_all_and_an_empty_instrument() -> None:
    nothing = answers().with_columns(pl.lit(None).alias(f"M_{n}") for n in range(1, 5))
    panel = read_panel(STUDY, nothing)
    assert _said(panel, "instrument-empty").severity is Severity.WARNING
    assert (panel.reasons["mood"]["M_1"] == Reason.ABSENT).all()
    nothing = nothing.with_columns(pl.lit(None).alias(f"E_{n}") for n in range(1, 4))
    assert [finding.code for finding in _refused(nothing)] == ["no-answers"]


def test_one_person_and_single_occasions() -> None:
    assert "one-person" in found(read_panel(STUDY, answers(1)))
    panel = read_panel(STUDY, answers()[[0, 1, 2, 3, 6]])
    assert _said(panel, "few-occasions").evidence.numbers == {"persons": 2, "of": 3}


def test_hostile_names_are_names() -> None:
    columns = {"id": "subject.ID", "wave": "a[b]", "day": "<script>", "M_1": "Q^1$.*"}
    study = make_study(
        {"answers": by_occasion(person="subject.ID", occasion="a[b]",
                                time={"column": "<script>", "unit": "days"})},
        [
            instrument("mood", "Q^1$.*", "0..3"),
            instrument("events", "E_{1..3}", "0..5", "exposure"),
        ],
    )  # fmt: skip
    panel = read_panel(study, answers().rename(columns))
    assert panel.answers["mood"]["Q^1$.*"].to_list() == answers()["M_1"].to_list()
