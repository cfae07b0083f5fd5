"""What the page says of times of return, to those who may and may not see single persons."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories.recovery.return_time import return_times
from salutogen.analyses.trajectories.recovery.words import return_words
from salutogen.page.audience import Audience
from salutogen.page.words import Sentence

NAN = float("nan")
LEFT, STAYED, UNSEEN = [[5.0, 5, 0]], [[0.0, 0, 0]], [[NAN, NAN, NAN]]


@pytest.mark.parametrize(
    ("individuals", "unseen", "told"),
    [(True, 1, True), (False, 1, False), (False, 4, False), (False, 0, True), (False, 6, True)],
)
def test_few_who_were_not_seen_are_not_told_by_a_difference(
    *, individuals: bool, unseen: int, told: bool
) -> None:
    later = np.asarray(LEFT * 16 + STAYED * 14 + UNSEEN * unseen)
    times = return_times(later, np.zeros(len(later)), half_width=2.0)
    audience = Audience(individuals=individuals, n_persons=60, seed=1)
    (text,) = return_words(times, len(later), audience)
    assert isinstance(text, Sentence)
    said = text.worded(audience.in_a_sentence)
    above, never = (16, 14) if individuals else (15, 15)
    assert said.startswith(f"{above} persons were seen above their band at the event or later")
    assert (f", {never} never were" in said) == told


def test_of_few_who_left_no_share_and_no_time_is_said() -> None:
    later = np.asarray(LEFT * 2 + STAYED * 14)
    times = return_times(later, np.zeros(len(later)), half_width=2.0)
    audience = Audience(individuals=True, n_persons=60, seed=1)
    (text,) = return_words(times, len(later), audience)
    assert isinstance(text, Sentence)
    said = text.worded(audience.in_a_sentence)
    assert "2 persons were seen above their band at the event or later, 14 never were" in said
    assert "Half" not in said
