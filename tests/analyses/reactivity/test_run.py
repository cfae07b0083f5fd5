"""The step in a whole run, persons shown and hidden."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from salutogen.cli.app import app

BURSTS = Path(__file__).parents[3] / "examples" / "bursts" / "study.yaml"
STEPS = """\
analyses:
  - {step: reactivity, affect: [negative], reliable: 0.95, samples: 200}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bursts")
    made = CliRunner().invoke(
        app, ["simulate", str(BURSTS), "--persons", "30", "--seed", "3", "--out", str(folder)]
    )
    assert made.exit_code == 0, made.output
    return folder


@pytest.mark.parametrize("individuals", ["show", "hide"])
def test_a_run_tells_reactivity(data: Path, tmp_path: Path, individuals: str) -> None:
    before, _, after = BURSTS.read_text("utf-8").partition("analyses:\n")
    rest = "\n# What is true" + after.partition("\n# What is true")[2]
    study = tmp_path / "study.yaml"
    study.write_text(f"{before}{STEPS}report: {{individuals: {individuals}}}\n{rest}", "utf-8")
    out = tmp_path / "out"
    done = CliRunner().invoke(
        app, ["run", str(study), "--data", str(data), "--out", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    steps = json.loads((out / "results.json").read_text("utf-8"))["steps"]
    told = steps["reactivity"]
    (now,) = (
        row for row in told["effects"]
        if row["affect"] == "negative" and row["term"].startswith("now")
    )  # fmt: skip
    # 15 points at the stressor, which came up to 2.4 h before the prompt and halves in 3 h.
    assert now["low"] < 15 * 2 ** (-1.2 / 3) < now["high"]
    assert told["spread"][0]["usable"] == "no"
    codes = [one["code"] for one in json.loads((out / "findings.json").read_text("utf-8"))]
    assert "reactivity-not-reliable" in codes
    page = (out / "report.html").read_text("utf-8")
    assert "How do people react to a stressor?" in page
    assert ("reactivity-persons-negative" in page) == (individuals == "show")
    own = pl.read_csv(out / "reactivity.csv").filter(affect="negative").drop_nulls("reactivity")
    truth = pl.read_csv(data / "truth" / "persons.csv")
    both = own.join(truth, on="subject")
    assert both.height == own.height
    r = both.select(pl.corr("reactivity", "affect_reactivity")).item()
    assert r**2 > told["spread"][0]["reliability"] - 0.15
