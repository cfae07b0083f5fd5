"""`salutogen check`: which data it reads, and that it says when it read none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from salutogen.cli.app import app
from salutogen.study.format.plain_yaml import load_yaml
from tests.drafting.filling import filled
from tests.drafting.made_up_files import made_up


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study file whose answers lie in the folder `data` beside it."""
    data = tmp_path / "data"
    data.mkdir()
    made_up(1).frame.write_csv(data / "answers.csv")
    path = tmp_path / "study.yaml"
    arguments = ["init", "--from", str(data / "answers.csv"), "--out", str(path), "--no-input"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    path.write_text(filled(path.read_text("utf-8")), "utf-8")
    return path


def test_a_folder_of_data_beside_the_study_file_is_read(study: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(study)])
    assert done.exit_code == 0, done.stderr
    assert " persons, " in done.stdout
    (study.parent / "data" / "answers.csv").unlink()
    gone = CliRunner().invoke(app, ["check", str(study)])
    assert gone.exit_code == 1
    assert "data-not-found" in gone.stderr


def test_that_no_data_were_read_is_said(study: Path) -> None:
    (study.parent / "data").rename(study.parent / "elsewhere")
    done = CliRunner().invoke(app, ["check", str(study)])
    assert done.exit_code == 0, done.stderr
    assert "No data were read" in done.stderr
    assert " persons, " not in done.stdout
    told = json.loads(CliRunner().invoke(app, ["check", str(study), "--json"]).stdout)
    assert [one["severity"] for one in told["findings"] if one["code"] == "no-data-read"] == [
        "note"
    ]
    elsewhere = str(study.parent / "elsewhere")
    read = CliRunner().invoke(app, ["check", str(study), "--data", elsewhere])
    assert "No data were read" not in read.stderr


def test_a_row_without_an_answer_is_no_answer_form(study: Path) -> None:
    def forms() -> int:
        done = CliRunner().invoke(app, ["check", str(study)])
        return int(done.stdout.split(" persons, ")[1].split(" answer forms")[0])

    path = study.parent / "data" / "answers.csv"
    full, lines = forms(), path.read_text("utf-8").splitlines()
    keys = lines[-1].split(",")
    names = lines[0].split(",")
    plan = load_yaml(study.read_text("utf-8"), "study").values["sources"]["answers"]
    kept = {plan["person"], plan["occasion"]}
    blank = [cell if name in kept else "" for name, cell in zip(names, keys, strict=True)]
    path.write_text("\n".join([*lines[:-1], ",".join(blank)]), "utf-8")
    assert forms() == full - 1


def test_prompts_are_counted(tmp_path: Path) -> None:
    study = str(Path(__file__).parents[2] / "examples" / "bursts" / "study.yaml")
    to = ["--persons", "40", "--seed", "1", "--out", str(tmp_path / "answers")]
    assert CliRunner().invoke(app, ["simulate", study, *to]).exit_code == 0
    done = CliRunner().invoke(app, ["check", study, "--data", str(tmp_path / "answers")])
    assert done.exit_code == 0, done.stderr
    forms = int(done.stdout.split(" persons, ")[1].split(" answer forms")[0])
    assert f"{30 * forms:,} planned prompts, " in done.stdout
    assert "Momentary: stressor as stressor (1 item), " in done.stdout
