"""Simulated ready-made scores: drawn within their range, read back, and no list of events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from salutogen.errors import SimulationError
from salutogen.panel import read_panel
from salutogen.scores import score
from salutogen.simulation import simulate
from salutogen.study import read_study

TOTALS: dict[str, Any] = {
    "salutogen": 1,
    "title": "Totals alone",
    "occasions": {"every": "1 month", "count": 4},
    "sources": {"answers": {"person": "id", "occasion": "wave"}},
    "instruments": {
        "bdi": {"columns": "BDI", "measures": "problems", "total": True, "answers": "0..63"},
        "load": {"columns": "LOAD", "total": True, "answers": "10..60", "recall": "1 month"},
    },
    "problems": "bdi",
    "exposure": {"types": ["load"], "combine": "sum"},
}


@pytest.mark.parametrize("mood", [0.0, 0.3])
def test_totals_are_drawn_and_read_back(mood: float) -> None:
    study = read_study(TOTALS | {"simulation": {"reporting": {"mood": mood}}})
    frames = simulate(study, persons=400, seed=2).frames
    scores = score(read_panel(study, frames)).table
    E = scores["E"].to_numpy()
    assert 10 <= E.min() < E.max() <= 60
    assert len(np.unique(E)) > 20
    assert np.corrcoef(E, scores["P"].to_numpy())[0, 1] > 0.2


def test_an_exposure_total_without_a_range_cannot_be_drawn() -> None:
    load = {"columns": "LOAD", "total": True, "recall": "1 month"}
    open_ended = TOTALS | {"instruments": {**TOTALS["instruments"], "load": load}}
    with pytest.raises(SimulationError) as refused:
        simulate(read_study(open_ended), persons=10, seed=1)
    assert [one.code for one in refused.value.findings] == ["simulation-needs-range"]


def test_events_are_no_part_of_a_total() -> None:
    events = {"instrument": "load", "classes": {"one": {"share": 1.0, "jump": 1.0}}}
    with pytest.raises(SimulationError) as refused:
        simulate(read_study(TOTALS | {"simulation": {"events": events}}), persons=10, seed=1)
    assert [one.code for one in refused.value.findings] == ["simulation-unknown-name"]
