"""Made-up cohorts, run through the real rooms, whose reports the tests look at."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import salutogen as sg
from salutogen.findings import Evidence, Finding, Severity

TYPES = ("general", "pandemic")
ITEMS = 6
NOTE = Finding(
    code="outside-range",
    severity=Severity.NOTE,
    text="Three scores are extrapolated.",
    mend="Read them with care.",
    evidence=Evidence(numbers={"n": 3}, rows=(7, 9, 11), n_rows=3),
)
WARNING = Finding(
    code="study-design",
    severity=Severity.WARNING,
    text="Recall covers 80 % of the time.",
    mend="Ask about the whole interval.",
    evidence=Evidence(numbers={"coverage": 0.8}),
)


def subject(person: int) -> str:
    """An identifier as a study might have it."""
    return f"zq{(person * 7919) % 1000003:07d}"


def plan_of(
    n_occasions: int, types: tuple[str, ...], individuals: str, bare: bool
) -> dict[str, Any]:
    events = {"answers": "0..5", "did_not_occur": 0, "measures": "exposure", "recall": "7 days"}
    plan: dict[str, Any] = {
        "salutogen": 1,
        "title": "Weekly cohort in the first wave",
        "question": "Who stays well under pandemic stressors?",
        "occasions": {"every": "7 days", "count": n_occasions},
        "sources": {"answers": {"person": "id", "occasion": "beep"}},
        "instruments": {
            "ghq-12": {"columns": "CM_{01..12}"},
            **{
                name: {"columns": [f"E{place}_{item}" for item in range(ITEMS)], **events}
                for place, name in enumerate(types)
            },
        },
        "problems": "ghq-12",
        "exposure": {"types": list(types), "score": "severity", "combine": "sum"},
        "norm": {"shape": "linear" if bare else "test"},
        "resilience": {"bootstrap": 0 if bare else 100},
        "report": {"individuals": individuals},
    }
    if bare:
        plan["resilience"]["windows"] = None
        kinds = ("concordance", "sensitivity", "quality", "outliers")
        plan["analyses"] = [{"step": name, "enabled": False} for name in kinds]
    return plan


def answers(n_persons: int, n_occasions: int, n_types: int, seed: int) -> pl.DataFrame:
    """Answers in which problems follow exposure, persons differ, and a quarter drop out."""
    rng = np.random.default_rng(seed)
    level = rng.gamma(4.0, 0.35, n_persons)
    own = rng.normal(0, 0.35, n_persons)
    last = np.where(
        rng.random(n_persons) < 0.25, rng.integers(1, n_occasions + 1, n_persons), n_occasions
    )
    person = np.repeat(np.arange(n_persons), n_occasions)
    place = np.tile(np.arange(n_occasions), n_persons)
    kept = place < last[person]
    person, place = person[kept], place[kept]
    events = np.clip(
        np.rint(level[person, None] + rng.normal(0, 1.0, (person.size, n_types * ITEMS))), 0, 5
    ).astype(int)
    mean = events.mean(axis=1)
    mood = 0.6 + 0.45 * mean + own[person] + 0.02 * place + rng.normal(0, 0.3, person.size)
    items = np.clip(np.rint(mood[:, None] + rng.normal(0, 0.6, (person.size, 12))), 0, 3)
    blank = rng.random(items.shape) < 0.01
    return pl.DataFrame(
        {
            "id": [subject(index) for index in person.tolist()],
            "beep": [str(index + 1) for index in place.tolist()],
            **{
                f"CM_{item + 1:02}": pl.Series(
                    [None if gone else int(x) for x, gone in zip(column, hole, strict=True)],
                    dtype=pl.Int64,
                )
                for item, (column, hole) in enumerate(zip(items.T, blank.T, strict=True))
            },
            **{
                f"E{column // ITEMS}_{column % ITEMS}": events[:, column]
                for column in range(n_types * ITEMS)
            },
        }
    )


def make_results(
    *,
    n_persons: int = 60,
    n_occasions: int = 6,
    individuals: str = "show",
    types: tuple[str, ...] = TYPES,
    seed: int = 1,
    bare: bool = False,
    **plan: Any,
) -> sg.Results:
    """Results of a made-up cohort; `bare` leaves out all a small study may lack."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.yaml"
        content = {**plan_of(n_occasions, types, individuals, bare), **plan}
        file.write_text(json.dumps(content), "utf-8")
        frame = answers(n_persons, n_occasions, len(types), seed)
        results = sg.run(file, data={"answers": frame}, seed=seed)
    return replace(results, findings=(NOTE, WARNING, *results.findings))
