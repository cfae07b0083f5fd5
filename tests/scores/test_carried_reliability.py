"""The reliability of problems over all occasions rests on an error variance that stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from salutogen.models.quantiles import NORMAL_95
from salutogen.norm import fit_norm
from salutogen.resilience import score_resilience
from salutogen.resilience.levels import interval
from salutogen.scores import Scores, score
from salutogen.scores.scale_reliability import carried_over
from salutogen.study import AnswerRange
from tests.scores.factory import build_panel, build_study, checklist, instrument

PERSONS, OCCASIONS, ITEMS = 300, 4, 8
ERROR = 4.0  # SD of each item's error


def grown(growth: float, **stated: Any) -> tuple[Scores, np.ndarray, np.ndarray]:
    """Scores whose true problems spread by a factor more from the second occasion on; P, truth."""
    rng = np.random.default_rng(8)
    names = [f"m{place}" for place in range(ITEMS)]
    mood = instrument("mood", names, answers=AnswerRange(0, 200), **stated)
    events = checklist("events", ["e1", "e2", "e3"])
    study = build_study(
        [mood, events],
        problems="mood",
        exposure={"types": ["events"]},
        labels=[str(place + 1) for place in range(OCCASIONS)],
    )
    person = np.repeat(np.arange(PERSONS), OCCASIONS)
    occasion = np.tile(np.arange(OCCASIONS), PERSONS)
    exposure = rng.integers(0, 6, (person.size, 3)).astype(float)
    spread = np.where(occasion == 0, 1.0, growth)
    true = 100 + spread * (0.6 * (exposure.sum(axis=1) - 7.5) + rng.normal(0, 3, person.size))
    answers = np.rint(true[:, None] + rng.normal(0, ERROR, (person.size, ITEMS)))
    panel = build_panel(
        study,
        {"mood": answers.tolist(), "events": exposure.tolist()},
        person=person.tolist(),
        occasion=occasion.tolist(),
    )
    return score(panel), answers.sum(axis=1), ITEMS * true


@pytest.mark.parametrize("growth", [1.0, 2.0])
def test_reliability_and_error_are_those_of_the_truth(growth: float) -> None:
    """Truth is known: r² of observed with true P, and the SD of what answers add to it."""
    scores, P, true = grown(growth)
    assert scores.reliability_p == pytest.approx(np.corrcoef(P, true)[0, 1] ** 2, abs=0.02)
    found = score_resilience(scores, fit_norm(scores), bootstrap=0).summary
    assert found.sem == pytest.approx(np.std(P - true, ddof=1), rel=0.05)
    E = scores.table["E"].to_numpy()
    slope = np.cov(E, P)[0, 1] / np.var(E, ddof=1)
    agreement = np.corrcoef(P - slope * E, true - slope * E)[0, 1] ** 2
    assert found.reliability == pytest.approx(agreement, abs=0.03)
    first = scores.reliability[0].omega
    assert first is not None
    naive = np.std(P, ddof=1) * np.sqrt(1 - first)
    assert bool(naive > 1.15 * np.std(P - true, ddof=1)) is (growth > 1)


def test_intervals_of_days_hold_the_true_score_as_often_as_they_say() -> None:
    scores, _, true = grown(2.0)
    norm = fit_norm(scores)
    days = score_resilience(scores, norm, bootstrap=0).occasions
    line = norm.lines.occasion
    SR = true - line.coefficient("intercept") - line.coefficient("E") * days["E"].to_numpy()
    low, high = interval(days["SR"], days["SR_se"], NORMAL_95)
    held = np.mean((low.to_numpy() < SR) & (high.to_numpy() > SR))
    assert held == pytest.approx(0.95, abs=0.015)


def test_a_stated_reliability_is_used_as_it_is() -> None:
    assert grown(2.0, reliability=0.8)[0].reliability_p == 0.8


def test_carried_over_by_hand() -> None:
    values = np.arange(20, dtype=float)
    first, valid = np.arange(10), np.ones(20, dtype=bool)
    own = 1 - 0.2 * values[:10].var(ddof=1) / values.var(ddof=1)
    assert carried_over(0.8, values, first, valid) == pytest.approx(own)
    assert carried_over(0.8, values, np.arange(20), valid) == pytest.approx(0.8)
    assert carried_over(None, values, first, valid) is None
    assert carried_over(0.8, np.full(20, 3.0), first, valid) == 0.8
    narrow = np.concatenate([values[:10] * 100, values[10:]])
    assert carried_over(0.1, narrow, first, ~np.isin(np.arange(20), first)) == 0.0
