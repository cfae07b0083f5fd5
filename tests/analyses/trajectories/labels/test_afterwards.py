"""What is seen after post2, where labels end: by plain counting, and against a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories import LABELS, classify
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.labels.afterwards import (
    Afterwards,
    planned_days_to_post2,
    seen_afterwards,
)
from salutogen.analyses.trajectories.labels.afterwards_words import (
    afterwards_table,
    afterwards_words,
    post2_words,
)
from salutogen.analyses.trajectories.labels.rule import CHRONIC, SHOWN
from salutogen.page.audience import Audience
from salutogen.page.words import Sentence

OPEN = Audience(individuals=True, n_persons=400, seed=1)
HIDDEN = Audience(individuals=False, n_persons=400, seed=1)


def fading(seed: int, *, half_life: float, persons: int = 400, later: int = 8) -> np.ndarray:
    """Change of SR from the event on: a rise of 12 points that fades, over noise of SD 4."""
    generator = np.random.default_rng(seed)
    course = 12.0 * 0.5 ** (np.arange(3 + later) / half_life)
    change = course + 4.0 * generator.standard_normal((persons, 3 + later))
    change[:, 3:][generator.random((persons, later)) < 0.2] = np.nan
    return change


def labelled(change: np.ndarray, half_width: float) -> np.ndarray:
    return classify(np.column_stack([np.zeros(len(change)), change[:, :3]]), half_width=half_width)


def counted(change: np.ndarray, codes: np.ndarray, code: int, half_width: float) -> Afterwards:
    """One label's courses, by a plain loop."""
    seen = within = above = last = 0
    for course in change[codes == code]:
        later = [value for value in course[3:] if np.isfinite(value)]
        seen += bool(later)
        within += any(value <= half_width for value in later)
        above += any(value > half_width for value in later)
        last += bool(later) and later[-1] > half_width
    return Afterwards(
        n=int((codes == code).sum()),
        n_seen=seen,
        n_within=within,
        n_above=above,
        n_above_last=last,
    )


@pytest.mark.parametrize("later", [0, 1, 8])
def test_counts_are_those_of_a_plain_loop(later: int) -> None:
    change = fading(1, half_life=2.0, later=later)
    codes = labelled(change, 5.0)
    found = seen_afterwards(codes, change, 5.0)
    assert list(found) == list(LABELS)
    for code, name in enumerate(LABELS):
        assert found[name].to_dict() == counted(change, codes, code, 5.0).to_dict()


def said(found: dict[str, Afterwards]) -> str:
    texts = afterwards_words(found, 28.0, list(LABELS))
    return " ".join(
        text.worded(OPEN.in_a_sentence) if isinstance(text, Sentence) else text for text in texts
    )


def test_who_fades_is_called_back_and_who_stays_is_not() -> None:
    """With a half-life of two occasions nobody is chronic, though the rule says so at post2."""
    for half_life, back, stay in ((2.0, 0.95, 0.15), (1e6, 0.6, 0.9)):
        change = fading(2, half_life=half_life)
        codes = labelled(change, 5.0)
        item = seen_afterwards(codes, change, 5.0)["chronic"]
        assert item.n > 50
        if half_life == 2.0:
            assert item.n_within >= back * item.n_seen
            assert item.n_above_last <= stay * item.n_seen
        else:
            assert item.n_within <= back * item.n_seen
            assert item.n_above_last >= stay * item.n_seen
        words = said(seen_afterwards(codes, change, 5.0))
        assert "chronic" not in words
        assert "none of them says that anything lasts" in words
        assert f"Of the {item.n} courses “still above at post2” {item.n_seen} were seen" in words
        assert f"{item.n_within} not above the band at some time" in words
        assert f"{item.n_above_last} above it when last seen" in words


def test_what_nobody_was_seen_after_is_said_to_be_unknown() -> None:
    change = fading(3, half_life=2.0, later=0)
    found = seen_afterwards(labelled(change, 5.0), change, 5.0)
    assert "none was seen after post2: whether that lasts is not known" in said(found)
    assert afterwards_words(found, None, []) == ()


def test_a_single_course_is_told_in_the_singular() -> None:
    for later, words in (
        (6, "1 course is “still above at post2” and was seen after it: 1 not above the band"),
        (0, "1 course is “still above at post2” and was not seen after post2: whether"),
    ):
        change = fading(4, half_life=2.0, later=later)[:1]
        codes = np.array([CHRONIC], dtype=np.int8)
        told = said(seen_afterwards(codes, change, 5.0))
        assert words in told
        assert "Of the 1" not in told


def test_a_label_whose_count_is_not_told_has_no_further_counts() -> None:
    change = fading(4, half_life=2.0)
    codes = labelled(change, 5.0)
    codes[:3] = CHRONIC
    found = seen_afterwards(codes, change, 5.0)
    shown: list[int | None] = [found[name].n for name in LABELS]
    open_ = afterwards_table("first-any", found, shown, OPEN).frame
    assert open_["n_within"].to_list() == [found[name].n_within for name in LABELS]
    assert open_["label"].to_list() == [SHOWN[name] for name in LABELS]
    shown[CHRONIC] = None
    hidden = afterwards_table("first-any", found, shown, HIDDEN).frame
    assert hidden.row(CHRONIC)[1:] == (None,) * 5
    for row in hidden.iter_rows(named=True):
        for name in ("n_seen", "n_within", "n_above", "n_above_last"):
            assert row[name] is None or row[name] == 0 or row[name] >= 5


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (28.0, "2 occasions after the event, 4 weeks as planned"),
        (2 * 3 * 365.25 / 12, "2 occasions after the event, 6 months as planned"),
        (60.0, "2 occasions after the event, 2 months as planned"),
        (10.0, "2 occasions after the event, 10 days as planned"),
        (2 / 24, "2 occasions after the event, 2 hours as planned"),
        (None, "2 occasions after the event"),
    ],
)
def test_how_far_post2_lies_is_said_in_occasions_and_time(days: float | None, words: str) -> None:
    assert post2_words(days) == words


def test_planned_days_are_those_between_event_and_post2() -> None:
    place = np.asarray([1, 2, 2])
    anchors = Anchors(
        rule="first-any",
        person=np.arange(3),
        occasion=place,
        item=np.zeros(3, dtype=np.int64),
        rating=np.ones(3),
        other_before=np.zeros(3, dtype=bool),
        episode=np.ones(3, dtype=np.int64),
    )
    assert planned_days_to_post2(anchors, [0.0, 7.0, 14.0, 28.0, 56.0]) == 42.0
    assert planned_days_to_post2(anchors, [0.0, 7.0, None, 28.0, 56.0]) is None
    assert planned_days_to_post2(anchors, [0.0, 7.0, 14.0]) is None
