"""Reliability of a P that is made of several ready-made scores."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.scores import score
from salutogen.study import AnswerRange, ScoringRule
from tests.scores.factory import build_panel, build_study, checklist, instrument

EVENTS = checklist("events", ["e1", "e2"])


@pytest.mark.parametrize("stated", [(0.9, 0.8), (0.9, None), (None, None)])
def test_a_sum_of_ready_made_scores(stated: tuple[float | None, float | None]) -> None:
    """With the reliability of each its own by hand; else which lack it, and how they agree."""
    rng = np.random.default_rng(6)
    level = rng.normal(10, 2, 20)
    first, second = (np.round(level + rng.normal(0, 1, 20), 1) for _ in range(2))
    sums = [
        instrument(name, [f"{name}_sum"], answers=AnswerRange(0, 60), total=True,
                   scoring=ScoringRule(name="total"), reliability=value)
        for name, value in zip(("bdi", "bai"), stated, strict=True)
    ]  # fmt: skip
    study = build_study(
        [*sums, EVENTS],
        problems={"instruments": ["bdi", "bai"], "combine": "sum"},
        exposure={"types": ["events"]},
    )
    answers = {
        "bdi": first[:, None].tolist(),
        "bai": second[:, None].tolist(),
        "events": rng.integers(0, 3, (20, 2)).tolist(),
    }
    scores = score(build_panel(study, answers))
    said = [one for one in scores.findings if one.code == "problems-reliability-unknown"]
    parts = np.array([first.var(ddof=1), second.var(ddof=1)])
    whole = (first + second).var(ddof=1)
    if None not in stated:
        error = parts[0] * (1 - 0.9) + parts[1] * (1 - 0.8)
        assert scores.reliability_p == pytest.approx(1 - error / whole)
        assert not said
        return
    assert scores.reliability_p is None
    alpha = 2 * (1 - parts.sum() / whole)
    assert said[0].evidence.numbers["agreement"] == pytest.approx(alpha)
    assert f"{alpha:.2f}" in said[0].text
    assert ("'bdi'" in said[0].mend) == (stated[0] is None)
    assert "'bai'" in said[0].mend
