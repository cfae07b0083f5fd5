"""The same study, data, seed and version give the same bytes, whatever the number of threads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

STUDY = Path(__file__).parents[2] / "examples" / "cohort" / "study.yaml"


def hashes(out: Path) -> dict[str, str]:
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    return {entry["file"]: entry["sha256"] for entry in manifest["outputs"]}


@pytest.mark.parametrize("threads", ["1", "2"])
def test_two_runs_have_the_same_hashes(tmp_path: Path, salutogen: object, threads: str) -> None:
    assert callable(salutogen)
    data = tmp_path / "data"
    made = salutogen("simulate", STUDY, "--persons", "120", "--seed", "4", "--out", data)
    assert made.returncode == 0, made.stderr
    one = {"POLARS_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    many = dict.fromkeys(one, threads)
    for name, environment in (("first", one), ("second", many)):
        done = salutogen("run", STUDY, "--data", data, "--out", tmp_path / name, **environment)
        assert done.returncode == 0, done.stderr
    first, second = hashes(tmp_path / "first"), hashes(tmp_path / "second")
    assert first == second
    assert "scores.csv" in first
    assert "report.html" in first
