from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from salutogen.drafting.folder import draft_file, draft_folder, labels_of
from salutogen.drafting.header_rows import rows_above_names
from salutogen.study import read_study
from tests.drafting.filling import filled
from tests.drafting.small_files import weekly


@pytest.mark.parametrize(
    "names, labels",
    [
        (["w1.csv", "w2.csv", "w10.csv"], ["1", "2", "10"]),
        (["T01 answers.sav", "T02 answers.sav"], ["01", "02"]),
        (["study_pre.csv", "study_post.csv"], ["pre", "post"]),
        (["a.csv", "a.xlsx"], []),
        (["w1_a.csv", "w2_b.csv"], []),
        (["answers.csv", "answers_baseline.csv"], []),
        (["w1.csv"], []),
        ([], []),
    ],
)
def test_labels_of_files_that_differ_in_one_place(names: list[str], labels: list[str]) -> None:
    assert labels_of(names) == labels


def test_files_that_share_nothing_but_the_folder_are_no_other_occasions(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": range(30), "PHQ": [number % 28 for number in range(30)]})
    for name in ("anxiety.csv", "trial.csv", "panel_1.csv", "panel_2.csv"):
        frame.write_csv(tmp_path / name)
    assert "beside it" not in draft_file(tmp_path / "trial.csv").text
    assert "panel_2.csv lies beside it" in draft_file(tmp_path / "panel_1.csv").text


TITLED = ["Study A,,,Week 1,,", "id,wave,sex,PHQ,events,GAD"]


def _titled(lines: list[str]) -> str:
    rows = [f"p{n // 3},{n % 3 + 1},f,{n * 7 % 27},{n * n % 9},{n * 5 % 21}" for n in range(60)]
    return "\n".join([*lines, *rows])


def test_a_title_above_the_names_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(_titled(TITLED))
    draft = draft_file(path)
    assert draft.skip_rows == 1
    assert "skip_rows: 1" in draft.text
    assert (draft.layout.person, draft.layout.occasion) == (("id",), ("wave",))
    told = {"title": "T", "occasions.every": "1 week", "instruments.events.recall": "1 week"}
    roles = {"instruments.gad.role": "none", "instruments.events.answers": "0..8"}
    assert read_study(draft.filled(told | roles)).plan.sources["answers"].skip_rows == 1
    path.write_text(_titled(TITLED[1:]))
    assert draft_file(path).skip_rows == 0


def test_rows_above_the_names_need_columns_without_a_name() -> None:
    named = pl.DataFrame({"id": ["1", "2"], "a": ["x", "y"], "b": ["u", "v"]})
    assert rows_above_names(named) == 0
    blank = pl.DataFrame({"column 1": ["1", "2"], "column 2": ["3", "4"], "column 3": ["5", "6"]})
    assert rows_above_names(blank) == 0


@pytest.mark.parametrize("titles", [["Export of the wave"], ["Study A", "made in May", ""]])
def test_titles_above_the_files_of_a_folder(tmp_path: Path, titles: list[str]) -> None:
    for wave in range(1, 4):
        columns = weekly().filter(pl.col("beep") == str(wave)).drop("beep", "start")
        text = "\n".join([*titles, columns.write_csv(separator=";")])
        (tmp_path / f"w{wave}.csv").write_text(text)
    draft = draft_folder(tmp_path)
    assert draft.skip_rows == len(titles)
    assert draft.files == {str(wave): f"w{wave}.csv" for wave in range(1, 4)}
    panel = read_study(json.loads(filled(draft.text))).read(tmp_path)
    assert panel.rows.height == 3 * 20
    assert not any("No name tells" in doubt for doubt in draft.layout.doubts)
