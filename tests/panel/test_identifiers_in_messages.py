"""No message names a person, whatever the study file takes the identifiers' column for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import salutogen as sg
from salutogen.errors import PanelError
from salutogen.findings import Finding
from tests.end_to_end.hidden_studies import plan, plant

BASE = plan()
ROLES: dict[str, dict[str, Any]] = {
    "a number of the person": {
        "background": {"code": {"source": "people", "column": "pid", "kind": "number"}}
    },
    "the occasion": {
        "sources": {
            **BASE["sources"],
            "answers": {"file": "answers.csv", "person": "pid", "occasion": "pid"},
        }
    },
    "an item": {
        "instruments": {
            **BASE["instruments"],
            "mood": {**BASE["instruments"]["mood"], "columns": ["P_1", "pid"]},
        }
    },
    "an item, bad cells taken as missing": {
        "instruments": {
            **BASE["instruments"],
            "mood": {
                **BASE["instruments"]["mood"], "columns": ["P_1", "P_2", "pid"],
                "invalid": "missing",
            },
        }
    },
}  # fmt: skip


def findings_of(study: Path) -> tuple[tuple[Finding, ...], str]:
    """Everything that is said of the answers, and the message of the refusal."""
    try:
        return sg.read_study(study).read().findings, ""
    except PanelError as error:
        return error.findings, str(error)


@pytest.mark.parametrize("role", list(ROLES))
def test_no_message_names_a_person(role: str, tmp_path: Path) -> None:
    planted = plant(tmp_path, n=12, report={"individuals": "show"}, **ROLES[role])
    found, raised = findings_of(planted.study)
    told = f"{raised} " + " ".join(f"{item} {item.to_dict()} {item.values}" for item in found)
    assert "[identifier]" in told
    assert not [subject for subject in planted.subjects if subject in told]
