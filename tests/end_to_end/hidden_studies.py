"""Small studies that hide persons, with persons in them whom one would know again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tests.end_to_end import hidden_prompts, named_cohort

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


STEPS: tuple[dict[str, Any], ...] = (
    {"step": "trajectories", "anchor_occasions": ["2", "3", "4"], "classes": "off",
     "placebo": {"draws": 20}, "validity": {"outcome": "outcome", "draws": 100}},
    {"step": "domains", "bootstrap": 100},
    {"step": "growth", "scale": "repeated_factor", "bootstrap": 100, "fluctuation": 50},
    {"step": "event-weights", "splits": 5},
    {"step": "baseline-adjusted", "baseline": "1", "bootstrap": 100},
    {"step": "change-on-baseline", "baseline": "1", "bootstrap": 100},
    {"step": "centiles", "bootstrap": 100},
    {"step": "mechanism", "factor": "baseline_factor", "mechanism": "repeated_factor",
     "bootstrap": 100, "imputations": 5},
    {"step": "factors", "draws": 200, "imputations": 5},
    {"step": "attrition", "factors": ["baseline_factor"]},
    {"step": "attrition", "name": "earlier", "after": ["factors"], "end": "5"},
    {"step": "invariance", "groups": "category"},
    {"step": "change", "variables": ["P", "E"], "occasions": ["1", "2", "3"]},
    {"step": "incremental-validity", "outcome": "outcome"},
    {"step": "continuous-time", "factors": ["baseline_factor"]},
    {"step": "adherence"},
    {"step": "recovery"},
    {"step": "reactivity", "samples": 200, "by": ["SR", "baseline_factor"]},
    {"step": "factors", "name": "from-prompts", "factors": ["reactivity"], "from": "5",
     "draws": 200},
    {"step": "network", "draws": 5, "groups": "category", "permutations": 99},
    {"step": "early-warning", "surrogates": 99, "least": 5},
)  # fmt: skip


def everything(folder: Path, individuals: str = "hide", **changes: Any) -> Path:
    """Write a study of every step that there is, from which some are lost and others away."""
    rng = np.random.default_rng(5)
    last = np.where(rng.random(named_cohort.PERSONS) < 0.25, rng.integers(2, 6, 90), 6)
    away = rng.random(named_cohort.PERSONS * named_cohort.WAVES) < 0.04
    person = pl.col("pid").str.slice(1).cast(pl.Int64)
    table = named_cohort.answers().filter(
        (pl.col("wk") <= pl.lit(pl.Series(last)).gather(person)) & ~pl.Series(away)
    )
    study = named_cohort.plan(
        {},
        analyses=list(STEPS),
        arms={"column": "R", "control": "r"},
        report={"individuals": individuals},
        norm={},
        exposure={"types": ["type", "other_type"], "score": "severity", "combine": "composite"},
        **changes,
    )
    study["sources"]["answers"]["file"] = "answers.csv"
    study["sources"]["prompts"] = hidden_prompts.SOURCE
    study["occasions"]["burst"] = hidden_prompts.BURST
    study["instruments"] |= hidden_prompts.INSTRUMENTS
    study["momentary"] = hidden_prompts.ROLES
    folder.mkdir(parents=True, exist_ok=True)
    table.write_csv(folder / "answers.csv")
    hidden_prompts.prompts(table).write_csv(folder / "prompts.csv")
    path = folder / "study.yaml"
    path.write_text(json.dumps(study), "utf-8")
    return path
