"""The same study, data, seed and version give the same bytes, whatever the number of threads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from salutogen.analyses.plain_data import to_plain
from salutogen.models.parallel import threads as threads_of
from tests.analyses.small_cohort import results_of

STUDY = Path(__file__).parents[2] / "examples" / "cohort" / "study.yaml"


def hashes(out: Path) -> dict[str, str]:
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    return {entry["file"]: entry["sha256"] for entry in manifest["outputs"]}


def test_what_goes_on_side_by_side_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for worth in (10**12, 1):  # nothing is worth a thread, and everything is
        monkeypatch.setattr(threads_of, "WORTH_A_THREAD", worth)
        monkeypatch.setattr(threads_of, "n_threads", lambda: 2)
        results = results_of(tmp_path)
        told = [item.to_dict() for item in results.findings]
        found.append((results.to_dict(), told, results.scores, results.windows, results.persons))
    (one, *tables), (other, *others) = found
    assert json.dumps(to_plain(one)) == json.dumps(to_plain(other))
    assert tables[0] == others[0]
    for left, right in zip(tables[1:], others[1:], strict=True):
        assert_frame_equal(left, right, check_exact=True)


def test_runs_have_the_same_hashes(tmp_path: Path, salutogen: object) -> None:
    assert callable(salutogen)
    data = tmp_path / "data"
    made = salutogen("simulate", STUDY, "--persons", "120", "--seed", "4", "--out", data)
    assert made.returncode == 0, made.stderr
    one = {"POLARS_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    two = dict.fromkeys(one, "2")
    for name, environment in (("first", one), ("second", one), ("third", two)):
        done = salutogen("run", STUDY, "--data", data, "--out", tmp_path / name, **environment)
        assert done.returncode == 0, done.stderr
    first, *others = (hashes(tmp_path / name) for name in ("first", "second", "third"))
    assert others == [first, first]
    assert "scores.csv" in first
    assert "report.html" in first
