from __future__ import annotations

import pytest

from salutogen.drafting.folder import labels_of


@pytest.mark.parametrize(
    "names, labels",
    [
        (["w1.csv", "w2.csv", "w10.csv"], ["1", "2", "10"]),
        (["T01 answers.sav", "T02 answers.sav"], ["01", "02"]),
        (["study_pre.csv", "study_post.csv"], ["pre", "post"]),
        (["a.csv", "a.xlsx"], []),
        (["w1_a.csv", "w2_b.csv"], []),
        (["answers.csv", "answers_baseline.csv"], []),
        (["w1.csv"], []),
        ([], []),
    ],
)
def test_labels_of_files_that_differ_in_one_place(names: list[str], labels: list[str]) -> None:
    assert labels_of(names) == labels
