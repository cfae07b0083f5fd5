"""Small studies that hide persons, with persons in them whom one would know again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

WEEKS = 6
FAR, LEAVER, ALONE, INCOMPLETE = 3, 37, 20, 11
FEW = (41, 42, 43, 44)  # the whole of a category
FAR_E = (971, 977, 983, 991, 997, 1009)
FAR_P = (641, 643, 647, 653, 659, 661)
ANCHORED = range(29)  # all but one of them have every position around their event


@dataclass(frozen=True)
class Planted:
    """A study on disk, and what is true of its persons."""

    study: Path
    answers: pl.DataFrame
    subjects: tuple[str, ...]

    @property
    def n(self) -> int:
        """Persons."""
        return len(self.subjects)

    def of(self, person: int, name: str) -> list[float]:
        """E or P of one person at each answered week."""
        own = self.answers.filter(pl.col("pid") == self.subjects[person])
        columns = [column for column in own.columns if column.startswith(f"{name}_")]
        return own.select(pl.sum_horizontal(columns)).to_series().cast(pl.Float64).to_list()


def plan(**changes: Any) -> dict[str, Any]:
    """Values of the study file, with other parts in the place of some."""
    return {
        "salutogen": 1,
        "title": "Planted",
        "occasions": {"every": "7 days", "count": WEEKS},
        "sources": {
            "answers": {"file": "answers.csv", "person": "pid", "occasion": "week"},
            "people": {"file": "people.csv", "person": "pid"},
        },
        "background": {
            "site": {"source": "people", "column": "site", "kind": "category"},
            "age": {"source": "people", "column": "age", "kind": "number"},
        },
        "instruments": {
            "mood": {
                "source": "answers", "columns": "P_{1..2}", "answers": "0..999",
                "measures": "problems", "method": "sum",
            },
            "events": {
                "source": "answers", "columns": "E_{1..2}", "answers": "0..1999",
                "did_not_occur": 0, "recall": "7 days",
            },
        },
        "problems": "mood",
        "exposure": {"types": ["events"], "score": "severity", "combine": "sum"},
        "norm": {"shape": "linear"},
        "resilience": {"bootstrap": 20, "windows": {"width": 3}},
        "report": {"individuals": "hide"},
        **changes,
    }  # fmt: skip


def plant(folder: Path, n: int = 60, **changes: Any) -> Planted:
    """Write a study whose persons differ: one far away, one who leaves, one alone at a site."""
    rng = np.random.default_rng(3)
    subjects = tuple(f"KX-{4001 + 13 * person}" for person in range(n))
    rows, people = [], []
    for person, subject in enumerate(subjects):
        level = rng.normal(0, 4)
        event = int(rng.integers(2, 4)) if person in ANCHORED else None
        for week in range(1, WEEKS + 1):
            E = int(rng.integers(10, 60))
            P = int(np.clip(round(15 + 0.2 * E + level + rng.normal(0, 3)), 0, 900))
            if person == FAR:
                E, P = FAR_E[week - 1], FAR_P[week - 1]
            gone = person == LEAVER and week > 3
            if gone or (person == INCOMPLETE and event is not None and week == event + 1):
                continue
            burden = 40 if week == event and person != FAR else 0
            row = {"pid": subject, "week": week, "P_1": P // 2, "P_2": P - P // 2}
            rows.append({**row, "E_1": E - burden if burden < E else E, "E_2": burden})
        site = "D" if person == ALONE else "C" if person in FEW else "AB"[person % 2]
        people.append({"pid": subject, "site": site, "age": int(rng.integers(20, 60))})
    folder.mkdir(parents=True, exist_ok=True)
    answers = pl.DataFrame(rows)
    answers.write_csv(folder / "answers.csv")
    pl.DataFrame(people).write_csv(folder / "people.csv")
    study = folder / "study.yaml"
    study.write_text(json.dumps(plan(**changes)), "utf-8")
    return Planted(study=study, answers=answers, subjects=subjects)
