"""Exit codes, JSON, and output folders that are complete or untouched."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]

STUDY = """\
salutogen: 1
title: Small cohort
occasions: {every: 7 days, count: 4}
sources:
  answers: {file: answers, person: id, occasion: wave, time: {column: day, unit: days}}
instruments:
  distress: {columns: "P_{1..6}", answers: 0..3, recall: 7 days}
  hassles: {columns: "H_{01..10}", answers: 0..1, did_not_occur: 0, recall: 7 days}
problems: distress
exposure: {types: [hassles], score: count, combine: sum}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A small valid study with 40 persons and 4 waves, in a folder of its own."""
    import numpy as np

    random = np.random.default_rng(3)
    persons, waves = 40, 4
    level = np.repeat(random.normal(size=persons), waves)
    hassles = random.random((persons * waves, 10)) < 0.35
    mean = 0.9 + 0.4 * level[:, None] + 0.12 * hassles.sum(1)[:, None]
    problems = np.clip(np.round(mean + random.normal(size=(persons * waves, 6))), 0, 3)
    columns: dict[str, object] = {
        "id": np.repeat([f"{number:03d}" for number in range(persons)], waves),
        "wave": np.tile(np.arange(1, waves + 1), persons),
        "day": np.tile(np.arange(waves) * 7, persons),
    }
    columns |= {f"P_{item + 1}": problems[:, item].astype(int) for item in range(6)}
    columns |= {f"H_{item + 1:02d}": hassles[:, item].astype(int) for item in range(10)}
    folder = tmp_path / "study"
    folder.mkdir()
    pl.DataFrame(columns).write_csv(folder / "answers.csv")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder / "study.yaml"


def test_run_writes_every_promised_file(study: Path, tmp_path: Path, salutogen: Command) -> None:
    out = tmp_path / "out"
    done = salutogen("run", study, "--out", out)
    assert done.returncode == 0, done.stderr
    promised = {
        "report.html", "figures", "tables", "scores.csv", "windows.csv", "person.csv", "norm.json",
        "findings.json", "results.json", "manifest.json", "codebook.csv",
    }  # fmt: skip
    assert promised <= {path.name for path in out.iterdir()}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_json_is_one_object(study: Path, tmp_path: Path, salutogen: Command) -> None:
    done = salutogen("run", study, "--out", tmp_path / "out", "--json")
    content = json.loads(done.stdout)
    assert list(content) == ["exit_code", "out", "findings", "results"]
    assert content["exit_code"] == done.returncode == 0
    assert content["results"]["panel"] == {
        "persons": 40, "rows": 160, "occasions": 4,
        "rows_per_occasion": {"1": 40, "2": 40, "3": 40, "4": 40},
    }  # fmt: skip


def test_a_folder_with_content_is_wrong_usage(
    study: Path, tmp_path: Path, salutogen: Command
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep me")
    refused = salutogen("run", study, "--out", out, "--json")
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["findings"][0]["code"] == "output-not-empty"
    assert (out / "mine.txt").read_text() == "keep me"
    forced = salutogen("run", study, "--out", out, "--force")
    assert forced.returncode == 2
    assert "'mine.txt'" in forced.stderr
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_accepted(study: Path, tmp_path: Path, salutogen: Command) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert salutogen("run", study, "--out", out).returncode == 0
    assert (out / "results.json").exists()


def test_bad_data_leave_the_old_output_alone(
    study: Path, tmp_path: Path, salutogen: Command
) -> None:
    out = tmp_path / "out"
    assert salutogen("run", study, "--out", out).returncode == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    answers = study.with_name("answers.csv")
    answers.write_text(answers.read_text().replace(",3,", ",nine,", 1))
    refused = salutogen("run", study, "--out", out, "--force")
    assert refused.returncode == 1
    assert "answers.csv" in refused.stderr
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "arguments",
    [("run",), ("run", "study.yaml"), ("fly",), ("run", "s.yaml", "--out", "o", "--seed", "x")],
)
def test_wrong_usage_is_2(salutogen: Command, arguments: tuple[str, ...]) -> None:
    assert salutogen(*arguments).returncode == 2


def test_wrong_usage_is_json_too(salutogen: Command) -> None:
    done = salutogen("run", "s.yaml", "--out", "o", "--seed", "x", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["findings"][0]["code"] == "wrong-usage"


def test_a_missing_study_file_is_refused(tmp_path: Path, salutogen: Command) -> None:
    refused = salutogen("run", tmp_path / "none.yaml", "--out", tmp_path / "out")
    assert refused.returncode == 1
    assert "none.yaml" in refused.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    "how, after",
    [(signal.SIGINT, 0.3), (signal.SIGTERM, 1.6), (signal.SIGKILL, 1.6)],
)
def test_stopped_in_the_middle_leaves_nothing_half(
    study: Path, tmp_path: Path, how: signal.Signals, after: float, salutogen: Command
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "salutogen", "run", str(study), "--out", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(after)
    process.send_signal(how)
    _, words = process.communicate(timeout=120)
    if process.returncode == 0:
        assert (out / "manifest.json").exists()
        return
    assert process.returncode in (128 + how, -how)
    assert "Traceback" not in words or after < 0.5
    assert not out.exists()
    again = salutogen("run", study, "--out", out)
    assert again.returncode == 0, again.stderr
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_check_tells_what_the_study_covers(study: Path, salutogen: Command) -> None:
    done = salutogen("check", study, "--data", study.parent)
    assert done.returncode == 0, done.stderr
    assert "40 persons" in done.stdout


def test_explain_and_its_nearest_code(salutogen: Command) -> None:
    assert "Mend:" in salutogen("explain", "output-not-empty").stdout
    wrong = salutogen("explain", "output-not-emty")
    assert wrong.returncode == 1
    assert "output-not-empty" in wrong.stderr


def test_preregistered_plan_names_departures(
    study: Path, tmp_path: Path, salutogen: Command
) -> None:
    frozen = salutogen("preregister", study)
    assert frozen.returncode == 0, frozen.stderr
    assert study.with_name("study.plan.json").exists() or list(study.parent.glob("*.plan.json"))
    study.write_text(study.read_text().replace("score: count", "score: severity"))
    done = salutogen("run", study, "--out", tmp_path / "out", "--json")
    codes = [item["code"] for item in json.loads(done.stdout)["findings"]]
    assert "departed-from-plan" in codes


@pytest.mark.parametrize(
    "spoil, code",
    [
        (None, "departed-from-plan"),
        (lambda text: text.replace('"combine": "sum"', '"combine": "separate"'), "plan-tampered"),
        (lambda text: text[:40], "plan-unreadable"),
    ],
)
def test_check_tells_departures_from_the_frozen_plan(
    study: Path, salutogen: Command, spoil: Callable[[str], str] | None, code: str
) -> None:
    assert salutogen("preregister", study).returncode == 0
    assert code not in salutogen("check", study, "--json").stdout
    study.write_text(study.read_text().replace("score: count", "score: severity"))
    if spoil is not None:
        plan = study.with_name("study.plan.json")
        plan.write_text(spoil(plan.read_text()))
    done = salutogen("check", study, "--json")
    assert done.returncode == 0, done.stderr
    (found,) = [item for item in json.loads(done.stdout)["findings"] if item["code"] == code]
    assert found["severity"] == "warning"
    if code == "departed-from-plan":
        assert found["evidence"]["numbers"]["key"] == "exposure.score"
        assert found["evidence"]["line"] == 10
        assert "all scores" in done.stderr


OWN_INSTRUMENT = """\
name: village-distress
title: Distress in the village
measures: problems
items: 6
answers: 0..3
higher: worse
recall: 7 days
reverse: [6]
scorings:
  sum: {method: sum}
  present: {method: sum, recode: {0: 0, 1: 0, 2: 1, 3: 1}}
default_scoring: present
licence: {status: free, holder: "the village"}
sources: ["Village notes, 2026"]
"""


def test_an_instrument_is_one_file_of_ones_own(study: Path, salutogen: Command) -> None:
    folder = study.with_name("our-instruments")
    folder.mkdir()
    (folder / "village.yaml").write_text(OWN_INSTRUMENT, encoding="utf-8")
    text = study.read_text().replace(
        "answers: 0..3, recall: 7 days", "instrument: village-distress"
    )
    study.write_text(f"{text}instrument_folder: our-instruments\n")
    done = salutogen("check", study, "--data", study.parent, "--json")
    assert done.returncode == 0, done.stderr
    told = salutogen("check", study, "--data", study.parent)
    assert "P: distress (6 items)" in told.stdout
    assert "160 with both problems and exposure" in told.stdout
    out = study.with_name("out")
    assert salutogen("run", study, "--out", out).returncode == 0
    answers = pl.read_csv(study.with_name("answers.csv"))
    items = [pl.col(f"P_{item}") for item in range(1, 6)] + [3 - pl.col("P_6")]
    by_hand = answers.select(pl.sum_horizontal((item >= 2).cast(pl.Int64) for item in items))
    assert pl.read_csv(out / "scores.csv")["P"].to_list() == by_hand.to_series().to_list()


def test_version_and_schema(salutogen: Command) -> None:
    from salutogen import __version__

    assert salutogen("--version").stdout.strip() == f"salutogen {__version__}"
    schema = json.loads(salutogen("schema").stdout)
    assert "occasions" in schema["properties"]
