"""Paths that are no plain file, or that no file can have: one refusal in words, whatever reads."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from salutogen.cli.app import app
from salutogen.errors import SalutogenError, StudyError
from salutogen.norm.norm_file import read_norm
from salutogen.study import read_study
from tests.end_to_end.small_plan import plan

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and names of POSIX")
LONG = "x" * 300


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(plan(), file)
    return path


def ends_in_words(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert isinstance(done.exception, SystemExit), done.exception
    assert "unexpected-failure" not in done.stderr
    assert done.stderr.count("[") >= 1
    assert len(done.stderr) < 1500
    return done.exit_code, done.stderr


@posix
@pytest.mark.parametrize("name", [LONG, f"{LONG}.csv", os.fsdecode(b"b\xff")])
def test_names_that_no_disk_or_no_text_can_hold(study: Path, tmp_path: Path, name: str) -> None:
    place = f"{tmp_path}/{name}"
    for arguments in (
        ("check", place),
        ("check", study, "--data", place),
        ("run", study, "--data", place, "--out", tmp_path / "out"),
        ("run", study, "--out", place),
        ("init", "--from", place, "--no-input", "--out", tmp_path / "new.yaml"),
        ("init", "--template", "weekly", "--out", place),
        ("preregister", place),
        ("simulate", study, "--persons", "3", "--out", place),
    ):
        code, words = ends_in_words(*arguments)
        assert code == 2, arguments
        assert "[output-place]" in words


@posix
def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for place, words in (
        (tmp_path / "pipe", "it is a pipe, not a file"),
        (Path("/dev/zero"), "it is a device, not a file"),
        (tmp_path / "folder", "it is a folder, not a file"),
    ):
        for read in (read_study, read_norm):
            with pytest.raises(SalutogenError, match=words):
                read(place)
        code, said = ends_in_words("check", place)
        assert code == 1
        assert words in said
    for place in (tmp_path / "pipe", Path("/dev/zero")):
        assert ends_in_words("init", "--from", place, "--no-input", "--out", tmp_path / "n")[0] == 1


@posix
def test_a_frozen_plan_and_instruments_are_plain_files(study: Path, tmp_path: Path) -> None:
    (tmp_path / "study.plan.json").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "lists.yaml")
    assert read_study(study).title
    study.write_text(study.read_text() + "instrument_folder: .\n", encoding="utf-8")
    with pytest.raises(StudyError, match="it is a pipe, not a file"):
        read_study(study)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "study-file-alias"),
        (f"description: {'[' * 3000}{']' * 3000}\n", "study-file-not-yaml"),
        (f"description: {'{a: ' * 3000}{'}' * 3000}\n", "study-file-not-yaml"),
        (f"{'- ' * 3000}a\n", "study-file-not-yaml"),
        (f"factors: [{'a, ' * 70_000}]\n", "study-file-too-large"),
        (f"? {'k' * 200_000}\n: 1\n", "unknown-key"),
        (f"norm:\n  ? {'k' * 200_000}\n  : 1\n", "unknown-key"),
        (f"resilience: {{bootstrap: {'9' * 5000}}}\n", "invalid-value"),
        (f"problems: {'p' * 200_000}\n", "unknown-name"),
        (f"norm: {{shape: {'p' * 200_000}}}\n", "invalid-value"),
    ],
)
def test_study_files_that_would_grow(study: Path, text: str, code: str) -> None:
    key = text.split(":")[0]
    kept = [line for line in study.read_text("utf-8").splitlines() if not line.startswith(key)]
    whole = "\n".join(kept) + "\n" + text
    if key == "resilience":
        whole = whole.replace("\n  bootstrap: 0", "")
    with pytest.raises(StudyError) as error:
        read_study(whole)
    assert code in {one.code for one in error.value.findings}
    assert all(len(one.text) < 1000 for one in error.value.findings)
