"""Files of many forms: the draft is right for nearly all of them, and wrong for none."""

from __future__ import annotations

import pytest

from salutogen.drafting import draft_study
from tests.drafting.made_up_files import judged, made_up

FILES = 40
MOST_OPEN = 2  # one in twenty


@pytest.fixture(scope="module")
def verdicts() -> list[tuple[int, str, str]]:
    return [
        (number, *judged(truth, draft_study(truth.frame, "answers.csv").text))
        for number in range(FILES)
        for truth in [made_up(number)]
    ]


def test_no_draft_is_wrong(verdicts: list[tuple[int, str, str]]) -> None:
    assert [one for one in verdicts if one[1] == "wrong"] == []


def test_nearly_all_drafts_are_right(verdicts: list[tuple[int, str, str]]) -> None:
    left = [one for one in verdicts if one[1] != "right"]
    assert len(left) <= MOST_OPEN, left
