"""The shipped study with bursts, whole: every step is there, and finds what was simulated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from salutogen.cli.app import app

STUDY = Path(__file__).parents[2] / "examples" / "bursts" / "study.yaml"
STEPS = ("adherence", "reactivity", "recovery", "network", "continuous-time")
FIGURES = (
    "prompt-calendar", "prompt-hours", "reactivity-differences", "reactivity-persons-negative",
    "network-temporal", "network-at-once", "network-means", "continuous-time-response",
)  # fmt: skip


@pytest.mark.lengthy
def test_the_example_with_bursts_finds_its_truth(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    for command in (
        ["simulate", str(STUDY), "--persons", "120", "--seed", "5", "--out", str(data)],
        ["run", str(STUDY), "--data", str(data), "--out", str(out), "--json"],
    ):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
    told = json.loads((out / "results.json").read_text("utf-8"))["steps"]
    truth = json.loads((data / "truth" / "parameters.json").read_text("utf-8"))["momentary"]
    assert all(told[step] is not None for step in STEPS)
    drawn = {path.stem for path in (out / "figures").iterdir()}
    assert set(FIGURES) <= drawn
    rise = told["recovery"]["rise"]
    assert rise["half_life_low"] < truth["half_life_hours"] < rise["half_life_high"]
    assert rise["low"] < truth["reactivity"] < rise["high"]
    (now,) = (
        row for row in told["reactivity"]["effects"]
        if row["affect"] == "negative" and row["term"].startswith("now")
    )  # fmt: skip
    # What is seen at prompts came up to 2.4 hours earlier.
    assert now["low"] < truth["reactivity"] * 2 ** (-1.2 / truth["half_life_hours"]) < now["high"]
    edges = [
        row for row in told["network"]["edges"]
        if row["network"] == "from prompt to prompt" and row["source"] != row["target"]
    ]  # fmt: skip
    followed = {row["source"] for row in edges if row["target"] == "stressor"
                and row["p_adjusted"] < 0.05}  # fmt: skip
    assert not followed, "nothing moves stressors in the simulated study"
