"""The plan of a small weekly cohort: six symptoms, ten hassles."""

from __future__ import annotations

from typing import Any

WAVES = 4


def plan(**changes: Any) -> dict[str, Any]:
    """Values of the study file, with other parts in the place of some."""
    return {
        "salutogen": 1,
        "title": "Small cohort",
        "occasions": {"every": "7 days", "count": WAVES},
        "sources": {"answers": {"person": "id", "occasion": "wave"}},
        "instruments": {
            "distress": {"columns": "P_{1..6}", "answers": "0..3"},
            "hassles": {
                "columns": "H_{01..10}",
                "answers": "0..5",
                "did_not_occur": 0,
                "recall": "7 days",
            },
        },
        "problems": "distress",
        "exposure": {"types": ["hassles"], "score": "severity", "combine": "sum"},
        "resilience": {"bootstrap": 0},
        **changes,
    }
