"""Same study, persons and seed: the same bytes, however they are drawn and written."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from salutogen.simulation import simulate
from salutogen.simulation.random_streams import BLOCK

FULL = {
    "events": {"instrument": "hassles"},
    "reporting": {"mood": 0.1, "omitted": 0.02},
    "missing": {"skipped": 0.01, "missed": {"share": 0.05}, "dropout": {"share": 0.05}},
    "timing": {"jitter": "5 days"},
}


def hashes(folder: Path) -> dict[str, str]:
    """Hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_twice_the_same_and_another_seed_is_another_cohort(study_of, tmp_path):
    study = study_of(FULL)
    for format_ in ("parquet", "csv"):
        for name, seed in (("a", 5), ("b", 5), ("c", 6)):
            simulate(study, persons=60, seed=seed, out=tmp_path / format_ / name, format=format_)
        first, second, third = (hashes(tmp_path / format_ / name) for name in "abc")
        assert first == second
        assert first != third
        assert set(first) == {f"answers.{format_}", "truth/parameters.json", "truth/persons.csv"}


def test_number_of_threads_does_not_matter(study_of, tmp_path):
    study = study_of(FULL)
    script = (
        "import sys; from salutogen.study import read_study; "
        "from salutogen.simulation import simulate;"
        "simulate(read_study(sys.argv[1]), persons=1500, seed=3, out=sys.argv[2])"
    )
    for threads in ("1", "3"):
        subprocess.run(
            [sys.executable, "-c", script, str(study.path), str(tmp_path / threads)],
            check=True,
            env={**os.environ, "POLARS_MAX_THREADS": threads},
        )
    assert hashes(tmp_path / "1") == hashes(tmp_path / "3")


def test_written_in_blocks_or_held_in_memory(study_of, tmp_path):
    study = study_of(FULL)
    held = simulate(study, persons=BLOCK + 70, seed=4)
    written = simulate(study, persons=BLOCK + 70, seed=4, out=tmp_path / "out")
    assert written.frames == {}
    assert_frame_equal(
        held.frames["answers"], pl.read_parquet(tmp_path / "out" / "answers.parquet")
    )
    assert_frame_equal(held.persons, written.persons)


def test_a_larger_cohort_begins_with_the_smaller_one(study_of):
    study = study_of(FULL)
    small = simulate(study, persons=40, seed=4)
    large = simulate(study, persons=BLOCK + 1, seed=4)
    rows = small.frames["answers"].height
    assert_frame_equal(small.frames["answers"], large.frames["answers"][:rows])
    assert_frame_equal(small.persons, large.persons[:40])
    assert large.persons["subject"].n_unique() == BLOCK + 1


def test_a_setting_changes_only_what_it_is_about(study_of):
    plain = simulate(study_of(), persons=30, seed=4).frames["answers"]
    other = simulate(study_of({"factors": {"optimism": {"reactivity": -0.5}}}), persons=30, seed=4)
    same = [column for column in plain.columns if not column.startswith("O_")]
    assert_frame_equal(plain.select(same), other.frames["answers"].select(same))
