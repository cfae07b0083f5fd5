"""Long tables are scored in pieces: what comes out is what one piece gives."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.descriptive import pearson
from salutogen.scores import answers, exposure_quality, score
from salutogen.scores.answers import ItemAnswers
from tests.scores.factory import build_panel, build_study, checklist, instrument

FORMS = 60


def scored():
    rng = np.random.default_rng(5)
    mood = rng.integers(0, 4, (FORMS, 6)).astype(float)
    hassles = rng.integers(0, 6, (FORMS, 7)).astype(float)
    mood[rng.random(mood.shape) < 0.05] = np.nan
    hassles[rng.random(hassles.shape) < 0.1] = np.nan
    mood[7], hassles[7] = np.nan, np.nan
    study = build_study(
        [
            instrument("mood", [f"m{i}" for i in range(6)], reverse=frozenset({"m2"})),
            checklist("hassles", [f"h{i}" for i in range(7)]),
        ],
        problems="mood",
        exposure={"types": ["hassles"], "score": "severity", "combine": "sum"},
        labels=("1", "2", "3"),
    )
    rows = {
        name: [[None if np.isnan(cell) else cell for cell in row] for row in table.tolist()]
        for name, table in (("mood", mood), ("hassles", hassles))
    }
    places = np.arange(FORMS)
    return score(
        build_panel(study, rows, person=(places // 3).tolist(), occasion=(places % 3).tolist())
    )


def test_rows_with_an_answer_in_any_form_are_scored():
    study = build_study(
        [instrument("mood", ["m1", "m2"]), checklist("hassles", ["h1", "h2"])],
        problems="mood",
        exposure={"types": ["hassles"], "score": "severity", "combine": "sum"},
        labels=("1", "2", "3"),
    )
    empty = [None, None]
    mood = [[1, None], empty, [2, 3], empty, [0, 1], [1, 1]]
    hassles = [[1, 2], empty, empty, [None, 4], [0, 1], [3, 1]]
    panel = build_panel(
        study, {"mood": mood, "hassles": hassles}, person=[0, 0, 0, 1, 1, 1], occasion=[0, 1, 2] * 2
    )
    keep = answers.answered_rows(panel)
    assert keep is not None
    assert keep.to_list() == [True, False, True, True, True, True]
    everywhere = build_panel(
        study, {"mood": mood, "hassles": [[1, 2]] * 6}, person=[0, 0, 0, 1, 1, 1],
        occasion=[0, 1, 2] * 2,
    )  # fmt: skip
    assert answers.answered_rows(everywhere) is None


def test_pieces_give_the_scores_of_the_whole(monkeypatch):
    whole = scored()
    monkeypatch.setattr(answers, "PIECE", 7)
    monkeypatch.setattr(exposure_quality, "PIECE", 7)
    pieces = scored()
    assert pieces.table.equals(whole.table)
    assert pieces.alternatives.equals(whole.alternatives)
    assert pieces.item_quality.height == whole.item_quality.height == 7
    np.testing.assert_allclose(
        pieces.item_quality["r_with_P"].to_numpy(), whole.item_quality["r_with_P"].to_numpy()
    )
    assert pieces.findings == whole.findings
    for one, other in zip(pieces.reliability, whole.reliability, strict=True):
        assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float64])
@pytest.mark.parametrize("missing", [None, 0.3])
def test_an_item_goes_with_problems_as_pearson_says(dtype, missing, monkeypatch):
    monkeypatch.setattr(exposure_quality, "PIECE", 64)
    rng = np.random.default_rng(11)
    codes = rng.integers(-9, 6, 500).astype(dtype)
    P = np.where(rng.random(500) < 0.2, np.nan, 100 + codes + rng.normal(0, 4, 500))
    lost = None if missing is None else rng.random(500) < missing
    answer = ItemAnswers("h", np.where(lost, 0, codes) if lost is not None else codes, lost)
    found = exposure_quality.correlation_with_problems(answer, answer.values, P)
    there = np.isfinite(P) if lost is None else np.isfinite(P) & ~lost
    assert found == pytest.approx(pearson(codes[there].astype(float), P[there]), rel=1e-12)


@pytest.mark.parametrize("case", ["same code", "same P", "two rows", "no P"])
def test_without_variation_there_is_no_correlation(case):
    codes = np.array([1, 2, 5, 1, 2], dtype=np.int8)
    P = np.array([3.1, 4.7, 0.3, np.nan, 9.9])
    lost = np.zeros(5, dtype=bool)
    if case == "same code":
        codes[:] = 3
    elif case == "same P":
        P[:4] = 0.1
        lost[4] = True
    elif case == "two rows":
        lost[:2] = True
    else:
        P[:] = np.nan
    answer = ItemAnswers("h", codes, lost)
    assert exposure_quality.correlation_with_problems(answer, codes, P) is None
