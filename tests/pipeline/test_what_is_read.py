"""Every file that a study file names is known as one that is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from salutogen.pipeline.what_is_read import WhatIsRead, what_is_read
from salutogen.study import read_study

STUDY = """\
salutogen: 1
title: Small cohort
occasions: {every: 7 days, count: 3}
sources:
  answers: {file: answers, person: id, occasion: wave}
  sites: {file: sub/sites.csv, person: id, occasion: wave}
instruments:
  distress: {source: answers, columns: "P_{1..4}", answers: 0..3, recall: 7 days}
  hassles: {source: sites, columns: "H_{1..4}", answers: 0..1, did_not_occur: 0, recall: 7 days}
problems: distress
exposure: {types: [hassles], score: count, combine: sum}
norm: {file: theirs/norm.json}
instrument_folder: ours
analyses: [{step: centiles, norm: theirs/results.json}]
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for name in ("theirs/norm.json", "theirs/results.json", "data/answers.csv", "ours/read.me"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path / "study.yaml"


def test_everything_a_study_names(study: Path) -> None:
    home = study.parent
    reads = what_is_read(read_study(study), home / "data")
    expected = {
        "study.yaml", "study.plan.json", "data", "data/answers", "data/answers.csv",
        "data/sub/sites.csv", "theirs/norm.json", "theirs/results.json",
    }  # fmt: skip
    assert {path.relative_to(home).as_posix() for path in reads.paths} == expected
    assert reads.searched == (home / "ours",)
    assert reads.held_by(home / "theirs") == home / "theirs" / "norm.json"
    assert reads.held_by(home / "ours") == home / "ours"
    assert reads.holding(home / "ours" / "out") == home / "ours"
    assert reads.held_by(home / "out") is None
    assert reads.holding(home / "data" / "out") is None


def test_answers_given_one_by_one(study: Path) -> None:
    plan = read_study(study)
    given = {"answers": str(study.parent / "a.csv"), "sites": object()}
    assert study.parent / "a.csv" in what_is_read(plan, given).paths
    assert study.parent / "answers" in what_is_read(plan).paths
    assert what_is_read(plan, object()).paths == what_is_read(plan, {}).paths


def test_answers_given_by_occasion(study: Path) -> None:
    one, two = study.parent / "w1.csv", study.parent / "w2.csv"
    reads = what_is_read(read_study(study), {"answers": {"1": one, "2": str(two)}})
    assert {one, two} <= set(reads.paths)


def test_links_that_lead_around_in_a_circle(tmp_path: Path) -> None:
    if os.name != "nt":
        (tmp_path / "one").symlink_to("two")
        (tmp_path / "two").symlink_to("one")
    (tmp_path / "out").mkdir()
    assert WhatIsRead((tmp_path / "one",)).held_by(tmp_path / "out") is None
    assert WhatIsRead((tmp_path / "one",)).held_by(tmp_path) == tmp_path / "one"
