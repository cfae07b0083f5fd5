"""Small study plans to simulate from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from salutogen.study import Study, read_study

PLAN: dict[str, Any] = {
    "salutogen": 1,
    "title": "A plan to simulate from",
    "occasions": {"every": "3 months", "count": 6},
    "background": {
        "age": {"column": "age", "kind": "number"},
        "sex": {"column": "sex", "kind": "category"},
    },
    "sources": {
        "answers": {
            "file": "answers",
            "layout": "row-per-occasion",
            "person": "id",
            "occasion": "visit",
            "time": {"column": "day", "unit": "days"},
        }
    },
    "instruments": {
        "distress": {
            "columns": "P_{01..20}",
            "measures": "problems",
            "answers": "0..4",
            "recall": "7 days",
        },
        "hassles": {
            "columns": "H_{01..60}",
            "measures": "exposure",
            "answers": "0..5",
            "did_not_occur": 0,
            "recall": "7 days",
        },
        "optimism": {
            "columns": "O_{1..6}",
            "measures": "resource",
            "answers": "1..5",
            "higher": "better",
            "method": "mean",
            "reverse": [2, 4],
            "measured": "baseline",
        },
        "support": {
            "columns": "S_{1..4}",
            "measures": "resource",
            "answers": "0..6",
            "higher": "better",
            "recall": "7 days",
        },
    },
    "problems": "distress",
    "exposure": {"types": ["hassles"], "score": "severity", "combine": "sum"},
    "factors": ["optimism", "support"],
}


@pytest.fixture
def study_of(tmp_path: Path) -> Callable[..., Study]:
    """Make a study from `PLAN` with other settings, through its file."""

    def make(simulation: dict[str, Any] | None = None, **changes: Any) -> Study:
        plan = copy.deepcopy(PLAN)
        plan.update(copy.deepcopy(changes))
        if simulation is not None:
            plan["simulation"] = simulation
        path = tmp_path / "study.yaml"
        with path.open("w", encoding="utf-8") as file:
            YAML().dump(plan, file)
        return read_study(path)

    return make
