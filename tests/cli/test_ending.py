"""How a command ends: what it says, and when it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from salutogen.cli.app import app

STUDY = Path(__file__).parents[2] / "examples" / "cohort" / "study.yaml"


@pytest.mark.parametrize("command", ["simulate", "check"])
def test_a_quiet_command_says_nothing_unless_something_is_refused(
    tmp_path: Path, command: str
) -> None:
    out = tmp_path / "data"
    rest = ["--persons", "3", "--out", str(out), "--format", "csv"] * (command == "simulate")
    said = CliRunner().invoke(app, [command, str(STUDY), *rest])
    assert said.exit_code == 0, said.stderr
    assert said.stdout
    again = [*rest, "--force"] if rest else rest
    done = CliRunner().invoke(app, [command, str(STUDY), *again, "--quiet"])
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    gone = CliRunner().invoke(app, [command, str(tmp_path / "gone.yaml"), *again, "--quiet"])
    assert gone.exit_code != 0
    assert "gone.yaml" in gone.stderr
