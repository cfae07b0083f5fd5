"""A study that asks for loss before factors: what the run puts into its results."""

from __future__ import annotations

from pathlib import Path

import polars as pl

import salutogen as sg
from tests.analyses.attrition.lossy import lossy

STUDY = """\
salutogen: 1
title: Losing persons
occasions: {every: 7 days, count: 5}
sources:
  answers: {file: answers.csv, layout: row-per-occasion, person: pid, occasion: week}
background: {age: {column: age, kind: number}}
instruments:
  mood: {columns: P, answers: 0..36, total: true, measures: problems}
  events: {columns: E, answers: 0..200, total: true, recall: 7 days}
  optimism: {columns: optimism, answers: -40..40, total: true, measured: baseline}
problems: mood
exposure: {types: [events], score: severity, combine: sum}
factors: [optimism]
resilience: {bootstrap: 0}
report: {individuals: hide}
analyses:
  - {step: attrition}
  - {step: factors, draws: 200}
"""


def test_factors_are_done_first_and_stand_weighted_in_the_results(tmp_path: Path) -> None:
    scores = lossy(200, 5)
    ids = pl.Series([f"MUC-{1000 + 7 * place}" for place in range(200)])
    person = scores.table["person"]
    scores.table.select(
        ids.gather(person).alias("pid"),
        (pl.col("occasion_index") + 1).alias("week"),
        pl.col("P", "E").round(2),
        *(scores.persons[name].round(2).gather(person) for name in ("age", "optimism")),
    ).write_csv(tmp_path / "answers.csv")
    (tmp_path / "study.yaml").write_text(STUDY, "utf-8")
    results = sg.run(tmp_path / "study.yaml", tmp_path)
    assert [one.label for one in results.analyses if one.asked] == ["attrition", "factors"]
    found = results.to_dict()["steps"]["attrition"]
    assert [one["name"] for one in found["factors"]] == ["optimism"]
    assert {one["term"] for one in found["hazard"]} == {
        "problems P", "exposure E", "optimism", "age",
    }  # fmt: skip
    assert found["weights"]["largest"] is None  # one person's
    file = results.analysis("attrition").files()["attrition_weights.csv"]
    assert abs(file.table.height - found["weights"]["n_rows"]) <= 2  # told in fives
    assert not set(file.table["subject"]) & set(ids)
