"""The step in a whole run: from a study file and answers to the page and `results.json`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from salutogen.cli.app import app
from tests.analyses.continuous_time.studies import flow_inputs

STUDY = """\
salutogen: 1
title: Monthly visits
occasions: {every: 30 days, count: 6}
sources:
  answers: {file: answers, person: id, occasion: visit, time: {column: day, unit: days}}
instruments:
  mood: {columns: P, total: true, answers: 0..100, measures: problems, recall: 7 days}
  events: {columns: E, total: true, answers: 0..200, did_not_occur: 0, recall: 30 days}
problems: mood
exposure: {types: [events], score: severity, combine: sum}
resilience: {bootstrap: 0}
report: {individuals: INDIVIDUALS}
analyses:
  - {step: change, variables: [P, E]}
  - {step: continuous-time, after: [change]}
  - {step: continuous-time, name: too few, occasions: ["1", "2", "3"], processes: [P, mood]}
"""


@pytest.mark.parametrize("individuals", [pytest.param("show", marks=pytest.mark.lengthy), "hide"])
def test_a_run_tells_the_stress_test(tmp_path: Path, individuals: str) -> None:
    table = flow_inputs(n=120).scores.table
    answers = table.select(
        id=pl.format("KX-{}", pl.col("person") + 100),
        visit=pl.col("occasion_index") + 1,
        day=pl.col("time") + 7000,
        P=pl.col("P").round(3),
        E=pl.col("E").round(3),
    )
    answers.write_csv(tmp_path / "answers.csv")
    study = tmp_path / "study.yaml"
    study.write_text(STUDY.replace("INDIVIDUALS", individuals), "utf-8")
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["run", str(study), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    steps = json.loads((out / "results.json").read_text("utf-8"))["steps"]
    told = steps["continuous-time"]
    (own,) = (row for row in told["half_lives"] if row["process"] == "P")
    assert own["low"] < np.log(2) / 0.03 < own["high"]
    assert len(told["beside"]) == 4, "beside the cross-lagged model"
    for row in told["beside"]:
        assert row["low"] - 0.1 < row["lagged"] < row["high"] + 0.1
    assert steps["too few"] is None, "what cannot be asked stops itself alone"
    page = (out / "report.html").read_text("utf-8")
    assert "What would a standard stressor do?" in page
    assert "half of a shock in P is gone after" in page
    assert (out / "figures" / "continuous-time-response.svg").exists()
    assert (out / "tables" / "continuous-time-rates.csv").exists()
