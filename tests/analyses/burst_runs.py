"""Runs of the shipped study with bursts, with other steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import salutogen as sg
from salutogen.cli.app import app

BURSTS = Path(__file__).parents[2] / "examples" / "bursts" / "study.yaml"
AFFECT = ["SAD", "ANXIOUS", "ANGRY"]
PERSONS = 90


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bursts")
    made = CliRunner().invoke(
        app, ["simulate", str(BURSTS), "--persons", str(PERSONS), "--seed", "8", "--out",
              str(folder)],
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    return folder


def study_of(folder: Path, *steps: str, more: str = "") -> Path:
    before, _, after = BURSTS.read_text("utf-8").partition("analyses:\n")
    rest = "\n# What is true" + after.partition("\n# What is true")[2]
    listed = "".join(f"  - {step}\n" for step in steps)
    path = folder / "study.yaml"
    path.write_text(f"{before}analyses:\n{listed}{more}{rest}", "utf-8")
    return path


def run(data: Path, folder: Path, *steps: str, **given: Any) -> dict[str, Any]:
    out = folder / "out"
    sg.run(study_of(folder, *steps, **given), data=data, out=out)
    told = json.loads((out / "results.json").read_text("utf-8"))["steps"]
    found = json.loads((out / "findings.json").read_text("utf-8"))
    return {**told, "codes": [one["code"] for one in found], "out": out}
