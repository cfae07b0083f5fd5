"""Reporting bias: what it does to the line is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.simulation import simulate
from tests.simulation.measures import correlation, slope, total

T = 6
SCALES = {
    "distress": {"mean": 34.0, "sd": 12.0, "icc": 0.4},
    "hassles": {"mean": 80.0, "sd": 24.0, "icc": 0.5},
}
COUNT = {"types": ["hassles"], "score": "count", "combine": "sum"}


def sr_against_true_exposure(study_of, mood: float) -> tuple[float, float]:
    """Correlation of SR with true exposure, and of problems with true exposure."""
    instruments = {
        "distress": {"columns": "P_{01..20}", "measures": "problems", "answers": "0..4"},
        "hassles": {
            "columns": "H_{001..200}",
            "measures": "exposure",
            "answers": "0..1",
            "did_not_occur": 0,
        },
    }
    line = {"slope": 0.5, "slope_sd": 0.0}
    simulation = {"scales": SCALES, "line": line}
    changes = {"exposure": COUNT, "instruments": instruments, "factors": []}
    true = simulate(study_of(simulation, **changes), persons=3000, seed=7).frames["answers"]
    biased = simulate(
        study_of({**simulation, "reporting": {"mood": mood}}, **changes), persons=3000, seed=7
    ).frames["answers"]
    e, p, reported = total(true, "H_"), total(true, "P_"), total(biased, "H_")
    assert (total(biased, "P_") == p).all()
    return correlation(p - slope(reported, p) * reported, e), correlation(p, e)


@pytest.mark.parametrize(("mood", "published"), [(0.2, -0.156), (0.4, -0.279)])
def test_coloured_reports_make_sr_depend_on_true_exposure(study_of, mood, published):
    found, r = sr_against_true_exposure(study_of, mood)
    with_p, variance = r + mood, 1.0 + 2.0 * mood * r + mood**2
    b = with_p / variance
    closed = (r - b * (1.0 + mood * r)) / np.sqrt(1.0 - with_p**2 / variance)
    assert found == pytest.approx(closed, abs=0.02)
    assert found == pytest.approx(published, abs=0.03)


def test_forgotten_and_invented_events(study_of):
    scales = {"hassles": {"mean": 60.0, "sd": 24.0, "icc": 0.45}}
    true = simulate(study_of({"scales": scales}), persons=500, seed=7).frames["answers"]
    told = simulate(
        study_of({"scales": scales, "reporting": {"omitted": 0.3, "invented": 0.05}}),
        persons=500,
        seed=7,
    ).frames["answers"]
    columns = [column for column in true.columns if column.startswith("H_")]
    happened = true.select(columns).to_numpy() > 0
    reported = told.select(columns).to_numpy() > 0
    assert 1.0 - reported[happened].mean() == pytest.approx(0.3, abs=0.01)
    assert reported[~happened].mean() == pytest.approx(0.05, abs=0.005)
    kept = happened & reported
    assert (true.select(columns).to_numpy()[kept] == told.select(columns).to_numpy()[kept]).all()
