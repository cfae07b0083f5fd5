"""Every registered instrument is scored: its ends, its reverse keys, and cases done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.scores.answers import Form, repeated_form
from salutogen.scores.scale import score_scale
from salutogen.study import Instrument
from salutogen.study.instruments.registry import RegisteredInstrument, registered_names, shipped
from tests.scores.factory import build_panel, build_study, checklist, instrument

OPEN_NUMBER = 3  # items of an instrument whose studies choose how many

# Lowest and highest score as the manuals give them, typed by hand.
ENDS = {
    "ghq-12": (0, 36), "ghq-28": (0, 84), "phq-9": (0, 27), "gad-7": (0, 21), "phq-ads": (0, 48),
    "pcl-5": (0, 80), "bsi-18": (0, 72), "who-5": (0, 100), "pss-10": (0, 40), "k10": (10, 50),
    "brs": (1, 5), "cd-risc-25": (0, 100), "cd-risc-10": (0, 40), "cd-risc-2": (0, 8),
    "gse": (10, 40), "lot-r": (0, 24), "lte-q": (0, 12), "mimis": (0, 406), "ctq-sf": (25, 125),
}  # fmt: skip


def entry_items(entry: RegisteredInstrument) -> list[int]:
    return list(entry.scored or range(1, (entry.items or OPEN_NUMBER) + 1))


def as_used(entry: RegisteredInstrument) -> Instrument:
    numbers = entry_items(entry)
    scorings = entry.scoring_rules()
    return instrument(
        entry.name,
        [f"item {number}" for number in numbers],
        answers=entry.answers,
        did_not_occur=entry.did_not_occur,
        measures=entry.measures,
        higher=entry.higher,
        reverse=frozenset(f"item {number}" for number in entry.reverse),
        scoring=scorings[entry.default_scoring],
        scorings=scorings,
    )


def form_of(used: Instrument, rows: list[list[float]]) -> Form:
    study = build_study(
        [used, checklist("other", ["event"])], problems=used.name, exposure={"types": ["other"]}
    )
    panel = build_panel(study, {used.name: rows, "other": [[0.0]] * len(rows)})
    return repeated_form(panel, used.name, None)


def default_scores(name: str, rows: list[list[float]], scoring: str | None = None) -> list[float]:
    entry = shipped(name)
    rule = entry.scoring_rules()[scoring or entry.default_scoring]
    scores: list[float] = score_scale(
        form_of(as_used(entry), rows), rule, prorate=0.8
    ).score.tolist()
    return scores


@pytest.mark.parametrize("name", registered_names())
def test_ends_of_every_scoring(name: str) -> None:
    """The best and worst answers to every item, reverse keys respected, reach the scale's ends."""
    entry = shipped(name)
    used = as_used(entry)
    low, high = entry.answers.minimum, entry.answers.maximum
    best = [high if item in used.reverse else low for item in used.items]
    worst = [low if item in used.reverse else high for item in used.items]
    for rule in used.scorings.values():
        scored = score_scale(form_of(used, [best, worst]), rule, prorate=0.8)
        values = [low, high] if rule.recode is None else [rule.recode[low], rule.recode[high]]
        factor = rule.multiply * (len(used.items) if rule.method == "sum" else 1)
        assert scored.score.tolist() == pytest.approx([value * factor for value in values])
        assert scored.minimum == pytest.approx(min(values) * factor)
    if name in ENDS:
        default = score_scale(form_of(used, [best, worst]), used.scoring, prorate=0.8)
        assert default.score.tolist() == pytest.approx(ENDS[name])


@pytest.mark.parametrize("name", [name for name in registered_names() if shipped(name).reverse])
def test_one_step_on_a_reversed_item_lowers_the_score(name: str) -> None:
    entry = shipped(name)
    used = as_used(entry)
    low = entry.answers.minimum
    base = [low] * len(used.items)
    for index, item in enumerate(used.items):
        stepped = list(base)
        stepped[index] = low + 1
        before, after = default_scores(name, [base, stepped])
        assert np.sign(after - before) == (-1 if item in used.reverse else 1), item


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        # Items 4, 5, 7, 8 turned round: 1+2+3 + (4-4) + (4-0) + 0 + (4-1) + (4-2) + 3+4.
        ("pss-10", [1, 2, 3, 4, 0, 0, 1, 2, 3, 4], 22),
        # Items 2, 4, 6 turned round: (4 + (6-2) + 5 + (6-1) + 3 + (6-3)) / 6.
        ("brs", [4, 2, 5, 1, 3, 3], 4),
        ("who-5", [5, 4, 3, 2, 1], 60),
        ("ghq-12", [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3], 18),
        ("phq-9", [3, 2, 1, 0, 0, 1, 2, 3, 1], 13),
        ("gad-7", [1, 1, 1, 2, 2, 3, 0], 10),
        ("k10", [1, 2, 3, 4, 5, 5, 4, 3, 2, 1], 30),
        # Scored items 1, 3, 4, 7, 9, 10; 3, 7, 9 turned round: 4 + (4-1) + 3 + (4-0) + (4-2) + 0.
        ("lot-r", [4, 1, 3, 0, 2, 0], 16),
        ("mimis", [7] + [0] * 56 + [1], 8),
        ("gse", [1, 2, 3, 4, 1, 2, 3, 4, 1, 2], 23),
    ],
)
def test_cases_by_hand(name: str, row: list[float], expected: float) -> None:
    assert default_scores(name, [row]) == [pytest.approx(expected)]


def test_bimodal_and_likert_of_one_form_differ() -> None:
    row: list[float] = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]
    assert default_scores("ghq-12", [row], "bimodal") == [6]
    assert default_scores("ghq-12", [row], "modified") == [9]
