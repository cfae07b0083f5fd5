"""Other exposure scores without going back to the answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from salutogen.errors import ScoreError
from salutogen.panel import Panel
from salutogen.scores import rescore, score
from salutogen.study import AnswerRange
from tests.scores.factory import build_panel, build_study, checklist, instrument

TYPES = ["hassles", "events"]


def panel_of(kind: Any, combine: str) -> Panel:
    rng = np.random.default_rng(11)
    mood = rng.integers(0, 4, size=(30, 4)).astype(float).tolist()
    hassles = rng.integers(0, 6, size=(30, 5)).astype(float).tolist()
    hassles[0][0] = None
    events = rng.integers(0, 2, size=(30, 3)).astype(float).tolist()
    events[1] = [None, None, None]
    study = build_study(
        [
            instrument("mood", ["m1", "m2", "m3", "m4"]),
            checklist("hassles", ["h1", "h2", "h3", "h4", "h5"]),
            checklist("events", ["e1", "e2", "e3"], answers=AnswerRange(0, 1)),
        ],
        problems="mood",
        exposure={"types": TYPES, "score": kind, "combine": combine},
    )
    return build_panel(study, {"mood": mood, "hassles": hassles, "events": events})


@pytest.mark.parametrize("kind", ["count", "severity"])
@pytest.mark.parametrize("combine", ["sum", "composite", "separate"])
def test_rescoring_equals_scoring_anew(kind: Any, combine: Any) -> None:
    start = score(panel_of("severity" if kind == "count" else "count", "sum"))
    again = rescore(start, score=kind, combine=combine)
    anew = score(panel_of({"hassles": kind, "events": "count"}, combine))
    assert_frame_equal(again.table, anew.table)
    assert_frame_equal(again.exposure_quality, anew.exposure_quality)
    assert dict(again.measures) == dict(anew.measures)
    assert again.exposure_standardiser == anew.exposure_standardiser
    assert again.combine == anew.combine


def test_changing_nothing_changes_nothing() -> None:
    start = score(panel_of("severity", "composite"))
    assert_frame_equal(rescore(start).table, start.table)


def test_the_original_stays_as_it_was() -> None:
    start = score(panel_of("severity", "sum"))
    before = start.table.clone()
    rescore(start, score="count", combine="composite")
    assert_frame_equal(start.table, before)


def test_scores_hold_what_other_scorings_need() -> None:
    alternatives = score(panel_of("severity", "sum")).alternatives
    assert "E_hassles_severity" in alternatives.columns
    assert "E_events_severity" not in alternatives.columns
    assert alternatives["E_hassles_skipped"].sum() == 1


def test_a_composite_of_a_constant_type_is_refused() -> None:
    study = build_study(
        [instrument("mood", ["m"]), checklist("hassles", ["h"]), checklist("events", ["e"])],
        problems="mood",
        exposure={"types": TYPES, "score": "severity", "combine": "sum"},
    )
    scores = score(
        build_panel(
            study,
            {"mood": [[0], [1], [2]], "hassles": [[0], [1], [5]], "events": [[1], [1], [1]]},
        )
    )
    with pytest.raises(ScoreError) as caught:
        rescore(scores, combine="composite")
    assert [one.evidence.column for one in caught.value.findings] == ["E_events"]
    assert isinstance(scores.table, pl.DataFrame)
