"""A small made-up cohort, run through the real rooms, for tests of analyses and of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import salutogen as sg

PERSONS, OCCASIONS = 40, 4
STUDY = """\
salutogen: 1
title: Small cohort
occasions: {{every: 7 days, count: 4}}
sources:
  answers: {{layout: row-per-occasion, person: pid, occasion: week}}
instruments:
  mood: {{columns: "P_{{1..3}}", answers: 0..5, measures: problems, method: sum}}
  events: {{columns: "E_{{1..4}}", answers: 0..5, did_not_occur: 0, recall: 7 days}}
problems: mood
exposure: {{types: [events], score: severity, combine: sum}}
resilience: {{bootstrap: 0}}
report: {{individuals: {individuals}}}
analyses: {analyses}
"""


def identifier(person: int) -> str:
    """An identifier as a study might have it."""
    return f"MUC-{1000 + 7 * person}"


def answers(seed: int = 5) -> pl.DataFrame:
    """Answers of 40 persons at 4 occasions: problems follow events and differ between persons."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(PERSONS):
        level = rng.normal(2.0, 0.8)
        for week in range(1, OCCASIONS + 1):
            E = rng.integers(0, 6, 4)
            P = np.clip(np.rint(level + 0.3 * E.mean() + rng.normal(0, 0.7, 3)), 0, 5)
            rows.append(
                {"pid": identifier(person), "week": week}
                | {f"P_{item + 1}": int(value) for item, value in enumerate(P)}
                | {f"E_{item + 1}": int(value) for item, value in enumerate(E)}
            )
    return pl.DataFrame(rows)


def write_study(folder: Path, *, analyses: str = "[]", individuals: str = "show") -> Path:
    """Write the study file and its answers."""
    path = folder / "study.yaml"
    path.write_text(STUDY.format(analyses=analyses, individuals=individuals), "utf-8")
    answers().write_csv(folder / "answers.csv")
    return path


def results_of(folder: Path, **given: Any) -> sg.Results:
    """Run the study in a folder."""
    return sg.run(write_study(folder, **given), folder)
