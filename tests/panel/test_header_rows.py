"""Titles, further rows of a header, and headers that stand elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.panel import read_panel
from tests.panel.small_studies import (
    MOOD,
    answers,
    by_occasion,
    by_person,
    found,
    instrument,
    make_study,
    same_panel,
    wide_instruments,
    widen,
)
from tests.panel.test_typed_files import write_xlsx

EXPECTED = read_panel(make_study(), answers())
QUESTIONS = [f"Question, about {name}" for name in answers().columns]


def lines(frame: pl.DataFrame) -> list[str]:
    return frame.write_csv().splitlines()


def with_further(number: int) -> list[str]:
    head, *body = lines(answers())
    row = ",".join(f'"{question}"' for question in QUESTIONS)
    return [head, *[row] * number, *body]


def refused(study: Any, given: Any) -> tuple[Any, ...]:
    with pytest.raises(PanelError) as error:
        read_panel(study, given)
    return error.value.findings


@pytest.mark.parametrize("further", [1, 2, 3])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_further_rows_of_a_header_are_said_in_one_message(
    tmp_path: Path, further: int, suffix: str
) -> None:
    path = tmp_path / f"answers.{suffix}"
    rows = with_further(further)
    if suffix == "csv":
        path.write_text("\n".join(rows), encoding="utf-8")
    else:
        text = answers().with_columns(pl.all().cast(pl.String))
        question = pl.DataFrame([QUESTIONS], schema=text.schema, orient="row")
        write_xlsx(path, pl.concat([*[question] * further, text]))
    (finding,) = refused(make_study(), path)
    assert finding.code == "header-rows"
    assert finding.mend == f"Write `header_rows: {further + 1}` under the source."
    panel = read_panel(make_study({"answers": by_occasion(header_rows=further + 1)}), path)
    assert same_panel(panel, EXPECTED, data_row=True)
    assert found(panel) == {"rows-above-data"}


def test_further_rows_stand_in_a_frame_too(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(with_further(2)), encoding="utf-8")
    (finding,) = refused(make_study(), pd.read_csv(path))
    assert finding.code == "header-rows"
    assert "frame" in finding.mend
    study = make_study({"answers": by_occasion(header_rows=3)})
    panel = read_panel(study, answers())
    assert same_panel(panel, EXPECTED)
    assert found(panel) == {"key-without-use"}


def test_further_rows_in_a_file_by_person(tmp_path: Path) -> None:
    head, *body = lines(widen(answers()))
    path = tmp_path / "answers.csv"
    path.write_text("\n".join([head, ",".join("word" for _ in head.split(",")), *body]))
    study = make_study({"answers": by_person()}, wide_instruments())
    (finding,) = refused(study, path)
    assert finding.code == "header-rows"


def test_further_rows_are_found_where_answers_are_words_too(tmp_path: Path) -> None:
    frame = answers().with_columns(
        pl.col(name).replace_strict({0: "no", 1: "a bit", 2: "much", 3: "very"}) for name in MOOD
    )
    head, *body = lines(frame)
    path = tmp_path / "answers.csv"
    path.write_text("\n".join([head, ",".join(["word"] * frame.width), *body]), encoding="utf-8")
    (finding,) = refused(make_study(), path)
    assert finding.code == "header-rows"


def test_bad_answers_in_the_first_row_are_no_header(tmp_path: Path) -> None:
    frame = answers().with_columns(pl.col("M_1", "M_2").cast(pl.String))
    frame[0, "M_1"], frame[0, "M_2"] = "x", "y"
    codes = {finding.code for finding in refused(make_study(), frame)}
    assert codes == {"impossible-answer"}
    words = frame.with_columns(pl.lit("word").alias(name) for name in frame.columns[3:])
    assert {one.code for one in refused(make_study(), words)} == {"impossible-answer"}


@pytest.mark.parametrize("titles", [["Export of 3 May"], ["Export", ""], ["", "a;b,c", '"'], []])
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_titles_above_the_header(
    tmp_path: Path, titles: list[str], announced: bool, delimiter: str
) -> None:
    path = tmp_path / "answers.csv"
    body = answers().write_csv(separator=delimiter).splitlines()
    above = [f"sep={delimiter}"] * announced + titles
    path.write_text("\n".join([*above, *body]), encoding="utf-8-sig")
    for skip in {len(titles), len(above)}:
        study = make_study({"answers": by_occasion(skip_rows=skip)})
        panel = read_panel(study, path)
        assert same_panel(panel, EXPECTED, data_row=True)
        assert found(panel) == ({"rows-above-data"} if above else set())


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_titles_that_the_study_does_not_speak_of_are_said_in_one_message(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"answers.{suffix}"
    frame = answers().with_columns(pl.all().cast(pl.String))
    if suffix == "csv":
        path.write_text("\n".join(["", "of May, 2024", *lines(frame)]), encoding="utf-8")
    else:
        names = pl.DataFrame([frame.columns], schema=frame.schema, orient="row")
        titled = pl.concat([pl.DataFrame({"id": ["of May"]}), names, frame], how="diagonal")
        titled.columns = ["My study", *(f"x{number}" for number in range(1, frame.width))]
        write_xlsx(path, titled)
    (finding,) = refused(make_study(), path)
    assert finding.code == "header-elsewhere"
    assert finding.mend == "Write `skip_rows: 2` under the source."
    panel = read_panel(make_study({"answers": by_occasion(skip_rows=2)}), path)
    assert same_panel(panel, EXPECTED, data_row=True)


def test_a_file_without_any_expected_column_is_said_in_one_message(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(lines(answers())[1:]), encoding="utf-8")
    (finding,) = refused(make_study(), path)
    assert finding.code == "header-elsewhere"
    assert "p00" not in str(finding)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("skip", [1, 3])
def test_a_header_that_was_skipped_is_found_again(tmp_path: Path, suffix: str, skip: int) -> None:
    path = tmp_path / f"answers.{suffix}"
    if suffix == "csv":
        answers().write_csv(path)
    else:
        write_xlsx(path, answers())
    (finding,) = refused(make_study({"answers": by_occasion(skip_rows=skip)}), path)
    assert finding.code == "header-elsewhere"
    assert "`skip_rows: 0`" in finding.mend


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_answers_are_not_lost_to_a_header_that_is_shorter_than_said(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"answers.{suffix}"
    if suffix == "csv":
        answers().write_csv(path)
    else:
        write_xlsx(path, answers())
    panel = read_panel(make_study({"answers": by_occasion(header_rows=3)}), path)
    assert panel.n_rows == 16
    (warning,) = [one for one in panel.findings if one.code == "answers-in-header"]
    assert warning.evidence.numbers["looking"] == 2
    assert "`header_rows: 1`" in warning.mend


def test_rows_that_end_early_are_blank_at_their_end(tmp_path: Path) -> None:
    rows = lines(answers())
    rows[4] = ",".join(rows[4].split(",")[:5])
    rows[9] = rows[9].rsplit(",", 1)[0]
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    panel = read_panel(make_study(), path)
    (note,) = panel.findings
    assert (note.code, note.evidence.rows, note.evidence.n_rows) == ("short-rows", (4, 9), 2)
    assert panel.answers["events"]["E_3"].is_null().arg_true().to_list() == [3, 8]
    assert panel.answers["mood"]["M_3"].is_null().arg_true().to_list() == [3]


def test_a_long_header_is_read_whole(tmp_path: Path) -> None:
    columns = {f"a rather long name of a column nobody uses {number}": number
               for number in range(8000)}  # fmt: skip
    frame = answers(2).with_columns(**{name: pl.lit(1) for name in columns})
    path = tmp_path / "answers.csv"
    frame.write_csv(path)
    assert same_panel(read_panel(make_study(), path), read_panel(make_study(), answers(2)))


@pytest.mark.parametrize("row, cell", [(3, '"a"b'), (5, 'a"b'), (7, '"a" b "c"')])
def test_a_stray_quotation_mark_is_named_by_its_row(tmp_path: Path, row: int, cell: str) -> None:
    frame = answers().with_columns(note=pl.lit("plain"))
    rows = lines(frame)
    rows[row] = rows[row].removesuffix("plain") + cell
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    (finding,) = refused(make_study(), path)
    assert finding.code in ("stray-quotation", "open-quotation")
    assert finding.evidence.rows == (row,)
    assert f"row {row}" in finding.text


def test_an_instrument_of_one_column_with_a_word_is_no_header() -> None:
    entries = [instrument("mood", "M_1", "0..3"), instrument("events", "E_1", "0..5", "exposure")]
    frame = answers().select("id", "wave", "day", "M_1", "E_1").with_columns(
        pl.col("M_1").cast(pl.String))  # fmt: skip
    frame[0, "M_1"] = "x"
    study = make_study(instruments=entries)
    assert {one.code for one in refused(study, frame)} == {"impossible-answer"}
