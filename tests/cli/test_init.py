"""`salutogen init`: from a data file to a study file that `check` accepts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from salutogen.cli.app import app
from salutogen.drafting.format_keys import source_takes
from salutogen.study.format.plain_yaml import load_yaml
from tests.drafting.filling import filled
from tests.drafting.made_up_files import made_up

ACCEPTED = (0, 3, 5, 8, 11, 14)


def call(*arguments: Any, answers: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], input=answers)


def start(source: Path, out: Path) -> Result:
    return call("init", "--from", source, "--out", out, "--no-input")


@pytest.mark.parametrize("number", ACCEPTED)
def test_a_filled_draft_is_accepted_with_its_data(number: int, tmp_path: Path) -> None:
    truth = made_up(number)
    answers = tmp_path / "the answers" / "answers.csv"
    answers.parent.mkdir()
    truth.frame.write_csv(answers)
    study = tmp_path / "study.yaml"
    done = start(answers, study)
    assert done.exit_code == 0, done.stderr
    assert f"--data '{answers.parent}'" in done.stdout
    study.write_text(filled(study.read_text("utf-8")), "utf-8")
    checked = call("check", study, "--data", answers.parent)
    assert checked.exit_code == 0, checked.stderr
    assert f"{truth.frame[truth.person].n_unique()} persons" in checked.stdout


def test_the_number_of_gaps_is_told(tmp_path: Path) -> None:
    made_up(1).frame.write_csv(tmp_path / "answers.csv")
    done = start(tmp_path / "answers.csv", tmp_path / "study.yaml")
    told = re.search(r"(\d+) gaps? \(\?\?\?\)", done.stdout)
    assert told is not None
    checked = call("check", tmp_path / "study.yaml", "--json")
    assert checked.exit_code == 1
    assert checked.stdout.count('"code": "gap-to-fill"') == int(told[1])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = start(tmp_path / "nowhere.csv", tmp_path / "study.yaml")
    assert done.exit_code == 1
    assert "There is no file" in done.stderr
    assert "--data" not in done.stderr
    assert not (tmp_path / "study.yaml").exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    made_up(1).frame.write_csv(tmp_path / "answers.csv")
    done = start(tmp_path / "answers.csv", tmp_path / "answers.csv" / "study.yaml")
    assert done.exit_code == 2
    assert "'answers.csv' is a file, not a folder" in done.stderr


def test_without_a_terminal_nothing_is_asked(tmp_path: Path) -> None:
    made_up(1).frame.write_csv(tmp_path / "answers.csv")
    for given in ("", "a title\n"):
        done = call(
            "init", "--from", tmp_path / "answers.csv", "--out", tmp_path / "s.yaml", answers=given
        )
        assert done.exit_code == 2
        assert "--no-input" in done.stderr
        assert not (tmp_path / "s.yaml").exists()


def test_a_terminal_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up(1).frame.write_csv(tmp_path / "answers.csv")
    monkeypatch.setattr("salutogen.cli.init.is_asked", lambda: True)
    done = call(
        "init", "--from", tmp_path / "answers.csv", "--out", tmp_path / "s.yaml",
        answers="Our: title\n" + "\n" * 30,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert load_yaml((tmp_path / "s.yaml").read_text("utf-8"), "s").values["title"] == "Our: title"


def test_a_folder_with_one_file(tmp_path: Path) -> None:
    made_up(1).frame.write_csv(tmp_path / "answers.csv")
    (tmp_path / "notes.docx").write_text("no data")
    done = start(tmp_path, tmp_path / "study.yaml")
    assert done.exit_code == 0, done.stderr
    assert "file: answers.csv" in (tmp_path / "study.yaml").read_text("utf-8")


def test_a_folder_with_a_file_for_each_occasion(tmp_path: Path) -> None:
    for wave in (1, 2):
        items = {f"PHQ_{item}": [item % 4, wave, 0, 3] for item in range(1, 10)}
        pl.DataFrame({"pid": [1, 2, 3, 4], **items}).write_csv(tmp_path / f"wave{wave}.csv")
    alone = start(tmp_path / "wave1.csv", tmp_path / "one.yaml")
    assert alone.exit_code == 0, alone.stderr
    assert "# wave2.csv lies beside it" in (tmp_path / "one.yaml").read_text("utf-8")
    done = start(tmp_path, tmp_path / "study.yaml")
    if not source_takes("files"):
        assert done.exit_code == 1
        assert "'wave1.csv' and 'wave2.csv'" in done.stderr
        return
    source = load_yaml((tmp_path / "study.yaml").read_text("utf-8"), "s").values["sources"]
    assert source["answers"]["files"] == {"1": "wave1.csv", "2": "wave2.csv"}
    assert "occasion" not in source["answers"]


@pytest.mark.parametrize("files", [{}, {"a.csv": "x,y\n1,2\n", "b.csv": "p,q,r\n1,2,3\n"}])
def test_a_folder_that_tells_nothing(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = start(tmp_path, tmp_path / "study.yaml")
    assert done.exit_code == 1
    assert "nothing-to-draft-from" in done.stderr
    assert not (tmp_path / "study.yaml").exists()
