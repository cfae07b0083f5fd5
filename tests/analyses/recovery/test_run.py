"""The step in a whole run of a study with bursts: page, `results.json` and the personal file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from salutogen import run
from salutogen.analyses.recovery.analysis import RecoveryResult
from salutogen.simulation import simulate
from salutogen.study import read_study

EXAMPLE = Path(__file__).parents[3] / "examples" / "bursts" / "study.yaml"
ASKED = [
    {"step": "recovery"},
    {"step": "recovery", "name": "large ones", "threshold": 5},
]


def study(individuals: str) -> Any:
    values: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text(encoding="utf-8"))
    changes = {"report": {"individuals": individuals}, "resilience": {"bootstrap": 0}}
    return read_study({**values, **changes, "analyses": ASKED})


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return dict(simulate(study("show"), persons=60, seed=2).frames)


def test_a_run_finds_the_truth(frames: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    out = tmp_path / "out"
    results = run(study("show"), data=frames, out=out)
    told = json.loads((out / "results.json").read_text("utf-8"))["steps"]
    rise = told["recovery"]["rise"]
    assert rise["half_life_low"] < 3.0 < rise["half_life_high"], "hours, as simulated"
    assert rise["low"] < 15.0 < rise["high"]
    assert 0.5 < told["recovery"]["share_reacting"] < 0.9
    assert told["large ones"] is None, "what cannot be asked stops itself alone"
    assert "recovery-no-stressor" in (out / "findings.json").read_text("utf-8")
    page = (out / "report.html").read_text("utf-8")
    assert "How do people recover from a stressor?" in page
    assert "alf of the reactions to a momentary stressor are over after" in page
    assert (out / "figures" / "recovery-curve.svg").exists()
    assert (out / "figures" / "recovery-persons.svg").exists()
    assert (out / "tables" / "recovery-endings.csv").exists()
    own = pl.read_csv(out / "recovery.csv")
    assert own["subject"].str.starts_with("P0").all()
    assert own["episodes"].sum() == told["recovery"]["episodes"]
    found = results.analysis("recovery")
    assert isinstance(found, RecoveryResult)


def test_where_persons_are_hidden(frames: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(study("hide"), data=frames, out=out)
    told = json.loads((out / "results.json").read_text("utf-8"))["steps"]["recovery"]
    counts = [told[name] for name in ("n", "n_reacting", "stressors", "unknown", "episodes")]
    counts += [row[name] for row in told["endings"] for name in ("n", "episodes", "widened")]
    assert all(one is None or one % 5 == 0 for one in counts)
    page = (out / "report.html").read_text("utf-8")
    assert "P000000" not in page
    assert "Person A" not in page
    assert "By the model one person in ten" in page
    manifest = (out / "manifest.json").read_text("utf-8")
    assert "recovery.csv" in manifest
