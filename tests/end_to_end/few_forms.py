"""A study in which single persons make many odd forms, and few are in a group of their own."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

PERSONS, WAVES = 90, 6
STRAIGHT, HIGHEST, LOWEST, UNEXPOSED, ALONE, LATE = 3, 5, 7, 9, 11, 13  # one person each
PILOT, RARE = (40, 41, 42), (50, 51, 52)  # the whole of an arm and of a category
FIRST = dt.date(2021, 3, 1)
PLANTED = frozenset({"forms", "groups", "late"})


def plan(individuals: str = "hide", **changes: Any) -> dict[str, Any]:
    """Values of the study file."""
    events = {"source": "answers", "answers": "0..3", "did_not_occur": 0, "recall": "30 days"}
    return {
        "salutogen": 1,
        "title": "Few forms",
        "occasions": {"every": "30 days", "count": WAVES},
        "sources": {
            "answers": {
                "file": "answers.csv", "person": "pid", "occasion": "wk",
                "time": {"column": "on", "unit": "date"},
            },
            "people": {"file": "people.csv", "person": "pid"},
        },
        "instruments": {
            "mood": {
                "source": "answers", "columns": "P{0..7}", "answers": "0..4", "higher": "worse",
                "measures": "problems", "method": "sum",
            },
            "daily": {"columns": "E{0..3}", **events},
            "events": {"columns": "E{4..7}", **events},
        },
        "problems": "mood",
        "exposure": {"types": ["daily", "events"], "score": "severity", "combine": "sum"},
        "background": {
            "cat": {"source": "people", "column": "cat", "kind": "category"},
            "age": {"source": "people", "column": "age"},
        },
        "arms": {"source": "people", "column": "arm", "control": "r"},
        "norm": {"covariates": ["cat"]},
        "resilience": {"bootstrap": 20, "windows": {"width": 3}},
        "report": {"individuals": individuals},
        "analyses": [
            {"step": "change", "variables": ["P", "E"], "occasions": ["1", "2", "3"],
             "groups": "arm"},
        ],
        **changes,
    }  # fmt: skip


def plant(folder: Path, planted: frozenset[str] = PLANTED, **changes: Any) -> Path:
    """Write the study with some of what is planted: odd forms, rare groups, a late date."""
    rng = np.random.default_rng(17)
    rows: list[dict[str, Any]] = []
    people = []
    for person in range(PERSONS):
        level, start = rng.normal(1.6, 0.6), int(rng.integers(0, 40))
        last = int(rng.integers(3, 6)) if rng.random() < 0.25 and person > 20 else WAVES
        for wave in range(1, WAVES + 1):
            E = np.where(rng.random(8) < 0.35, 0, rng.integers(0, 4, 8))
            P = np.clip(np.rint(level + 0.25 * E.mean() + rng.normal(0, 0.7, 8)), 0, 4).astype(int)
            _odd_forms(person, P, E, planted="forms" in planted)
            late = 700 if person == LATE and wave == WAVES and "late" in planted else 0
            day = start + 30 * (wave - 1) + int(rng.integers(-1, 2)) + late
            if wave <= last:
                rows.append(
                    {
                        "pid": f"KX-{4001 + 13 * person}",
                        "wk": wave,
                        "on": str(dt.date(2021, 3, 1) + dt.timedelta(days=day)),
                    }
                    | {f"P{j}": int(code) for j, code in enumerate(P)}
                    | {f"E{j}": int(code) for j, code in enumerate(E)}
                )
        groups = "groups" in planted
        people.append(
            {
                "pid": f"KX-{4001 + 13 * person}",
                "arm": "pilot" if groups and person in PILOT else "rs"[person % 2],
                "cat": "zwx" if groups and person in RARE else "uv"[(person // 2) % 2],
                "age": int(rng.integers(20, 60)),
            }
        )
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_csv(folder / "answers.csv")
    pl.DataFrame(people).write_csv(folder / "people.csv")
    study = folder / "study.yaml"
    study.write_text(json.dumps(plan(**changes)), "utf-8")
    return study


def _odd_forms(person: int, P: np.ndarray, E: np.ndarray, *, planted: bool) -> None:
    """Give one person each forms of one code, of the highest, of the lowest, without exposure."""
    if len(set(P.tolist())) == 1:  # nobody else has such forms
        P[0] = (P[0] + 1) % 5
    if not E.any():
        E[0] = 1
    E[7] = 0
    if not planted:
        return
    if person in (STRAIGHT, HIGHEST, LOWEST):
        P[:] = {STRAIGHT: 2, HIGHEST: 4, LOWEST: 0}[person]
    if person == UNEXPOSED:
        E[:] = 0
    if person == ALONE:
        E[7] = 3
