"""Random valid studies give results or a worded refusal each.

These are the first of those that `make random-studies` runs at length.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from salutogen.scores import Scores
from tests.end_to_end.random_studies.running import Outcome, outcome_of, scored_both_ways

SEED = 10
FILES = 20  # studies whose files are held against the tables that they were written from
STUDIES, PARTS = 60, 6
# What may stand in the way of all results: refusals of a study's answers, scores and lines.
RIGHTFUL = {
    "arms-unknown",
    "category-unknown",
    "constant-exposure",
    "constant-problems",
    "exposure-never-varies",
    "first-component-impossible",
    "item-missing",
    "line-not-fitted",
    "no-answers",
    "no-valid-occasions",
    "norm-covariates-differ",
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


def test_files_give_the_scores_of_the_tables_they_were_written_from(tmp_path: Path) -> None:
    """Encodings, delimiters, rows around the header and formats change nothing."""
    compared = 0
    for number in range(FILES):
        folder = tmp_path / str(number)
        folder.mkdir()
        plain, files = scored_both_ways(SEED, number, folder)
        if isinstance(plain, list) or isinstance(files, list):
            assert plain == files, number
            continue
        compared += 1
        assert _by_person(files).schema == _by_person(plain).schema, number
        for one, other in zip(_by_person(files), _by_person(plain), strict=True):
            if one.dtype.is_float():  # rows in another order are summed in another order
                apart = (one - other).abs().max()
                assert one.is_null().equals(other.is_null()), (number, one.name)
                assert apart is None or apart <= 1e-9, (number, one.name)
            else:
                assert one.equals(other), (number, one.name)
    assert compared >= FILES / 2


def _by_person(scores: Scores) -> pl.DataFrame:
    """Scores in the order of identifiers and occasions."""
    subject = scores.persons["subject"].gather(scores.table["person"])
    table = scores.table.with_columns(subject.alias("person"))
    return table.sort("person", "occasion_index")
