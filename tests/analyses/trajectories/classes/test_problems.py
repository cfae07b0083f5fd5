"""What problems do in each class, and of what scoring the classes are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from salutogen.analyses.trajectories.classes.problems import (
    problem_words,
    problems_of_classes,
    scored_words,
)
from salutogen.analyses.trajectories.classes.summary import class_figures
from salutogen.page.audience import Audience

SHOWN = Audience(individuals=True, n_persons=40, seed=1)
HIDDEN = Audience(individuals=False, n_persons=40, seed=1)
RISING, LEVEL = (20.0, 28.0, 27.0, 26.0), (18.0, 18.0, 18.0, 18.0)


def assessed(labels: np.ndarray, *, passed: bool = True) -> Any:
    """As much of an assessment as means by class need: rows 1, 3, … of the courses."""
    return SimpleNamespace(
        passed=passed,
        rows=2 * np.arange(labels.size) + 1,
        labels=lambda: labels,
        n_classes=int(labels.max()) + 1,
    )


def judged(background: str = "with-event", *, event: bool = True, other: bool = True) -> Any:
    return SimpleNamespace(
        background=background, event_in_exposure=event, other_told=object() if other else None
    )


@pytest.fixture
def P() -> np.ndarray:
    """Problems of 40 courses, of which those in odd places are of the persons in the model."""
    found = np.full((40, 4), 99.0)
    found[1::2] = np.where(np.arange(20)[:, None] < 12, RISING, LEVEL)
    found[1] += 40.0
    found[1, 3] = np.nan  # a course with a gap is in no mean
    return found


def test_means_of_problems_are_of_those_most_probably_in_a_class(P: np.ndarray) -> None:
    labels = np.repeat([0, 1], [12, 8])
    found = problems_of_classes(assessed(labels), P, SHOWN)
    assert [tuple(means.values()) for means in found] == [RISING, LEVEL]
    assert list(found[0]) == ["pre", "peri", "post1", "post2"]
    assert problems_of_classes(None, P, SHOWN) == ()
    assert problems_of_classes(assessed(labels, passed=False), P, SHOWN) == ()
    assert class_figures(None, found).classes is None


def test_of_few_no_mean_is_told(P: np.ndarray) -> None:
    labels = np.repeat([0, 1], [17, 3])
    shown, hidden = (problems_of_classes(assessed(labels), P, one) for one in (SHOWN, HIDDEN))
    assert None not in shown[1].values()
    assert set(hidden[1].values()) == {None}
    assert None not in hidden[0].values()
    words = problem_words(hidden, judged())
    assert "class 1: " in words
    assert "class 2: " not in words


def test_a_class_without_a_rise_of_sr_is_told_with_its_rise_of_problems(P: np.ndarray) -> None:
    found = problems_of_classes(assessed(np.repeat([0, 1], [12, 8])), P, SHOWN)
    words = problem_words(found, judged())
    assert words.startswith(
        "The classes are of courses of SR by the line over single occasions, with the event in "
        "exposure."
    )
    assert "may be one whose problems rise as expected" in words
    assert "Of SR without the event in exposure no classes were looked for." in words
    assert "class 1: 20.00 at pre, 28.00 at peri, 27.00 at post1, 26.00 at post2" in words
    assert problem_words((), judged()) == ""


def test_what_is_taken_out_is_said_only_where_something_is(P: np.ndarray) -> None:
    found = problems_of_classes(assessed(np.repeat([0, 1], [12, 8])), P, SHOWN)
    without = problem_words(found, judged("without-event"))
    assert "without the event in exposure." in without
    assert "taken out" not in without
    outside = problem_words(found, judged(event=False, other=False))
    assert "taken out" not in outside
    assert "in exposure" not in outside
    assert scored_words(judged(event=False)) == "SR by the line over single occasions"
