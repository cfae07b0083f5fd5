"""The table of exposure quality, against Polars and by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.findings import Findings
from salutogen.scores import score
from salutogen.scores.exposure_quality import check_items
from salutogen.study import Duration
from tests.scores.factory import build_panel, build_study, checklist, instrument


def test_zero_share_and_coverage_by_hand() -> None:
    """A week of recall after gaps of 14 and 28 days covers half and a quarter: median 3/8."""
    study = build_study(
        [instrument("mood", ["m"]), checklist("hassles", ["h"], recall=Duration.parse("7 days"))],
        problems="mood",
        exposure={"types": ["hassles"], "score": "severity", "combine": "sum"},
        labels=("1", "2"),
    )
    panel = build_panel(
        study,
        {"mood": [[0], [1], [2], [3]], "hassles": [[0], [3], [0], [5]]},
        person=[0, 0, 1, 1],
        occasion=[0, 1, 0, 1],
        time=[0, 14, 3, 31],
    )
    quality = score(panel).exposure_quality
    assert quality["zero_share"].to_list() == [1, 0]
    assert quality["coverage"].to_list() == [None, pytest.approx(3 / 8)]
    assert quality["mean"].to_list() == [0, 4]
    assert quality["sd"].to_list() == [0, pytest.approx(np.sqrt(2))]
    assert quality["r"].to_list() == [None, None]


def test_planned_days_stand_in_for_unknown_times() -> None:
    study = build_study(
        [instrument("mood", ["m"]), checklist("hassles", ["h"], recall=Duration.parse("2 days"))],
        problems="mood",
        exposure={"types": ["hassles"], "score": "severity", "combine": "sum"},
        labels=("1", "2"),
    )
    panel = build_panel(
        study,
        {"mood": [[0], [1]], "hassles": [[0], [3]]},
        person=[0, 0],
        occasion=[0, 1],
    )
    assert score(panel).exposure_quality["coverage"].to_list() == [None, pytest.approx(2 / 7)]


def test_items_with_missing_answers_use_the_rows_they_have() -> None:
    rng = np.random.default_rng(9)
    hassles = rng.integers(0, 6, size=(50, 6)).astype(float)
    mood = hassles[:, :1] // 2
    rows: list[list[float | None]] = hassles.tolist()
    for index in range(10):
        rows[index][0] = None
    study = build_study(
        [instrument("mood", ["m"]), checklist("hassles", [f"h{i}" for i in range(6)])],
        problems="mood",
        exposure={"types": ["hassles"], "score": "severity", "combine": "sum"},
    )
    first = score(build_panel(study, {"mood": mood.tolist(), "hassles": rows})).item_quality.row(
        0, named=True
    )
    kept = pl.DataFrame({"x": hassles[10:, 0], "y": mood[10:, 0]})
    assert first["n"] == 40
    assert first["persons"] == int((kept["x"] > 0).sum())
    assert first["endorsed_share"] == pytest.approx(float((kept["x"] > 0).mean()))
    assert first["r_with_P"] == pytest.approx(kept.select(pl.corr("x", "y")).item())


def test_items_like_symptoms_and_items_nobody_had_are_said() -> None:
    items = pl.DataFrame(
        {
            "type": ["hassles", "hassles", "events", "events"],
            "item": ["worry", "noise", "move", "fire"],
            "n": [200, 200, 200, 20],
            "persons": [50, 50, 0, 0],
            "endorsed_share": [0.5, 0.4, 0.0, 0.0],
            "r_with_P": [0.62, 0.3, None, None],
        }
    )
    findings = Findings()
    check_items(items, findings)
    close, never = findings
    assert (close.code, close.evidence.column) == ("item-close-to-problems", "E_hassles")
    assert close.evidence.numbers["r_with_P"] == {"worry": 0.62}
    assert (never.code, never.evidence.numbers["items"]) == (
        "item-never-happened",
        {"events": ["move"]},
    )
