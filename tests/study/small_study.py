"""One small valid study file that the tests of this folder change."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from salutogen.errors import StudyError
from salutogen.findings import Finding
from salutogen.study import read_study

VALID: dict[str, Any] = {
    "salutogen": 1,
    "title": "Six weeks",
    "occasions": {"every": "7 days", "count": 6},
    "sources": {
        "answers": {
            "layout": "row-per-occasion",
            "person": "id",
            "occasion": "week",
            "time": {"column": "day", "unit": "days"},
        }
    },
    "background": {"age": {"column": "age"}},
    "instruments": {
        "ghq-12": {"columns": "G_{01..12}"},
        "general": {
            "columns": "GE_{01..11}",
            "answers": "0..5",
            "did_not_occur": 0,
            "recall": "7 days",
        },
        "optimism": {"columns": "OPT_T0", "measured": "baseline"},
    },
    "problems": "ghq-12",
    "exposure": {"types": ["general"], "score": "severity", "combine": "sum"},
    "factors": ["optimism"],
    "norm": {"unit": "person", "shape": "test", "reference": "all"},
    "resilience": {"windows": {"width": 3, "step": 1, "valid": 2}},
}
GONE = object()


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """Copy the valid study with values set at (or taken from) paths written with slashes."""
    values = deepcopy(VALID)
    for path, value in changes.items():
        *parents, last = path.split("/")
        place: Any = values
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        if value is GONE:
            del place[last]
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return values


def refused(source: Any) -> tuple[Finding, ...]:
    """Findings with which a study file is refused."""
    with pytest.raises(StudyError) as caught:
        read_study(source)
    return caught.value.findings


def codes(findings: Any) -> list[str]:
    """Codes of findings in their order."""
    return [item.code for item in findings]
