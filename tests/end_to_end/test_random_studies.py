"""Random valid studies give results or a worded refusal each.

These are the first of those that `make random-studies` runs at length.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.random_studies.running import Outcome, outcome_of

SEED = 10
STUDIES, PARTS = 300, 12
# What may stand in the way of all results: refusals of a study's answers, scores and lines.
RIGHTFUL = {
    "constant-exposure",
    "constant-problems",
    "exposure-never-varies",
    "first-component-impossible",
    "item-missing",
    "line-not-fitted",
    "no-answers",
    "no-valid-occasions",
    "norm-level-missing",
    "nothing-left-to-explain",
    "problems-never-vary",
    "reference-missing",
    "too-few-persons",
}


@pytest.mark.parametrize("part", range(PARTS))
def test_results_or_a_worded_refusal(part: int, tmp_path: Path) -> None:
    outcomes: list[Outcome] = []
    for number in range(part, STUDIES, PARTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcomes.append(outcome_of(SEED, number, folder))
    failed = [f"{one.seed}/{one.number}: {one.words}" for one in outcomes if one.kind == "failed"]
    assert not failed, "\n".join(failed)
    ended = [code for one in outcomes if one.kind == "refused" for code in one.codes]
    assert set(ended) <= RIGHTFUL, [one for one in outcomes if not set(one.codes) <= RIGHTFUL]
    kinds = Counter(one.kind for one in outcomes)
    assert kinds["results"] >= 0.6 * len(outcomes), kinds
