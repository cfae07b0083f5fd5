"""How runs end where the output folder, the screen or the machine stands in the way."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from salutogen.cli.app import app
from salutogen.cli.ending import ending
from salutogen.page.drawing_processes import _Worker
from salutogen.pipeline.output_folder import claimed
from salutogen.pipeline.spreadsheet_text import to_the_letter

Command = Callable[..., subprocess.CompletedProcess[str]]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")

STUDY = """\
salutogen: 1
title: Small cohort
occasions: {every: 7 days, count: 3}
sources:
  answers: {file: answers, person: id, occasion: wave, time: {column: day, unit: days}}
instruments:
  distress: {columns: "P_{1..4}", answers: 0..3, recall: 7 days}
  hassles: {columns: "H_{1..4}", answers: 0..1, did_not_occur: 0, recall: 7 days}
problems: distress
exposure: {types: [hassles], score: count, combine: sum}
resilience: {bootstrap: 0, windows: null}
analyses: []
"""
IDS = ["=1+1", "+49", "-5", "@x", "'=quoted", "'tis", *(f"{n:03d}" for n in range(14))]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A small valid study whose persons have identifiers that look like formulas."""
    rng = random.Random(5)
    items = [f"{letter}_{number}" for letter in "PH" for number in range(1, 5)]
    folder = tmp_path / "study"
    folder.mkdir()
    with (folder / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "wave", "day", *items])
        for person in IDS:
            level = rng.choice((0, 0, 1))
            for wave in (1, 2, 3):
                events = [int(rng.random() < 0.4) for _ in range(4)]
                mood = [min(3, level + rng.choice((0, 1, sum(events) // 2))) for _ in range(4)]
                rows.writerow([person, wave, 7 * wave, *mood, *events])
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder / "study.yaml"


def call(*arguments: str | Path, **environment: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the one JSON object on stdout, in this process."""
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    content: dict[str, Any] = json.loads(done.stdout)
    assert content["exit_code"] == done.exit_code
    return done.exit_code, content


def codes(content: dict[str, Any]) -> list[str]:
    return [one["code"] for one in content["findings"]]


def column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def beside(tmp_path: Path) -> set[str]:
    return {path.name for path in tmp_path.iterdir()}


def test_identifiers_like_formulas(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Worker, "_begin", lambda worker: None)  # pictures take long
    out, exact = tmp_path / "out", tmp_path / "exact"
    code, content = call("run", study, "--out", out)
    assert code == 0
    assert "text-like-formulas" in codes(content)
    told = json.loads((out / "findings.json").read_text("utf-8"))
    assert "text-like-formulas" in [one["code"] for one in told]
    safe = column(out / "person.csv", "subject")
    assert not any(text.startswith(("=", "+", "-", "@")) for text in safe)
    assert {to_the_letter(text) for text in safe} == set(IDS)
    for path in [*out.glob("*.csv"), *out.glob("tables/*.csv")]:
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row if cell[:1] in tuple("=+-@")]
        assert all(_is_number(cell) for cell in cells), path.name
    rows = zip(*(column(out / "codebook.csv", name) for name in ("column", "meaning")), strict=True)
    assert "apostrophe" in dict(rows)["subject"]
    code, content = call("run", study, "--out", exact, "--verbatim")
    assert code == 0
    assert "text-like-formulas" not in codes(content)
    assert set(column(exact / "person.csv", "subject")) == set(IDS)
    assert "apostrophe" not in (exact / "codebook.csv").read_text("utf-8")
    manifests = [json.loads((at / "manifest.json").read_text("utf-8")) for at in (out, exact)]
    assert [one["csv_text"] for one in manifests] == ["formulas made harmless", "verbatim"]


def test_the_norm_that_a_run_reads_is_not_replaced(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "norm.json").write_text("{}")
    listed = {"salutogen": "0.1.0", "outputs": [{"file": "norm.json"}]}
    (out / "manifest.json").write_text(json.dumps(listed))
    study.write_text(STUDY + "norm: {file: ../out/norm.json}\n", encoding="utf-8")
    code, content = call("run", study, "--out", out, "--force")
    assert (code, codes(content)) == (2, ["output-not-empty"])
    assert "'norm.json'" in content["findings"][0]["text"]
    assert (out / "norm.json").read_text() == "{}"
    assert beside(tmp_path) == {"study", "out"}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_a_folder_that_another_run_writes_is_wrong_usage(study: Path, tmp_path: Path) -> None:
    with claimed(tmp_path / "out"):
        code, content = call("run", study, "--out", tmp_path / "out", "--force")
        assert (code, codes(content)) == (2, ["output-in-use"])
        code, content = call("run", study, "--out", tmp_path / "out")
        assert (code, codes(content)) == (2, ["output-in-use"])
    assert beside(tmp_path) == {"study"}


@pytest.mark.parametrize("name", ["NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"])
@pytest.mark.parametrize("value", ["0", "abc", "-1", "1.5", "٣"])
def test_threads_that_are_none(study: Path, tmp_path: Path, name: str, value: str) -> None:
    code, content = call("run", study, "--out", tmp_path / "out", **{name: value})
    assert (code, codes(content)) == (2, ["threads-setting"])
    assert name in content["findings"][0]["text"]
    assert beside(tmp_path) == {"study"}


def test_a_name_that_is_too_long(study: Path, tmp_path: Path) -> None:
    code, content = call("run", study, "--out", tmp_path / ("x" * 300))
    assert (code, codes(content)) == (2, ["output-place"])


@pytest.mark.parametrize(
    "error, words",
    [(KeyboardInterrupt(), "Interrupted after"), (MemoryError("no room"), "MemoryError: no room")],
)
def test_once_the_folder_has_its_place_the_run_has_succeeded(
    error: BaseException, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def body() -> None:
        with ending() as end:
            end.place(Path("results"))
            raise error

    with pytest.raises(typer.Exit) as left:
        body()
    assert left.value.exit_code == 0
    said = capsys.readouterr().err
    assert words in said
    assert "'results'" in said


@pytest.mark.parametrize(
    "error, code, words",
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "out-of-memory"),
        (RuntimeError("can't start new thread"), 1, "out-of-memory"),
        (BaseException("of a library"), 1, "unexpected-failure"),
    ],
)
def test_before_it_has_its_place_the_run_has_failed(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as left, ending():
        raise error
    assert left.value.exit_code == code
    assert f"[{words}]" in capsys.readouterr().err


# --- processes of their own


def started(study: Path, out: Path, **streams: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "salutogen", "run", str(study), "--out", str(out)]
    return subprocess.Popen(command, **streams)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a screen that is full")
def test_a_full_screen_is_no_failure_of_the_run(study: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "salutogen", "run", str(study), "--out", "out", "--json"]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, text=True, check=False
        )
        assert done.returncode == 0
        assert "The results are complete in 'out'" in done.stderr
        assert (tmp_path / "out" / "manifest.json").exists()
        checked = subprocess.run(
            [sys.executable, "-m", "salutogen", "check", str(study)],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        assert checked.returncode == 1
        assert "not-printed" in checked.stderr
        again = started(study, tmp_path / "out", stdout=full, stderr=full)
        assert again.wait(120) == 2


@posix
def test_closed_screens_and_little_memory_are_no_failure_of_the_run(
    study: Path, tmp_path: Path
) -> None:
    run = f'"{sys.executable}" -m salutogen run study/study.yaml --out out'
    line = f"ulimit -v 4000000; {run} <&- >&- 2>&-"
    one = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, check=False, env={**os.environ, **one}
    )
    assert done.returncode == 0
    out = tmp_path / "out"
    assert json.loads((out / "manifest.json").read_text("utf-8"))["outputs"]
    told = json.loads((out / "findings.json").read_text("utf-8"))
    (missing,) = [one for one in told if one["code"] == "figure-not-drawn"]
    assert missing["evidence"]["numbers"]["n"] > 5
    assert not (out / "figures").exists()
    assert "figure-not-drawn" in (out / "report.html").read_text("utf-8")
    assert beside(tmp_path) == {"study", "out"}


@posix
def test_a_termination_clears_away(study: Path, tmp_path: Path) -> None:
    process = started(study, tmp_path / "out", stderr=subprocess.PIPE)
    limit = time.monotonic() + 60
    while not (tmp_path / ".out.lock").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, words = process.communicate(timeout=120)
    assert process.returncode == 143
    assert b"[interrupted]" in words
    assert b"Traceback" not in words
    assert beside(tmp_path) == {"study"}


@posix
def test_limits_of_the_machine(study: Path, tmp_path: Path) -> None:
    def limited(limit: str) -> subprocess.CompletedProcess[str]:
        line = f'{limit}; exec "{sys.executable}" -m salutogen run study/study.yaml --out out'
        return subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    small = limited("ulimit -v 1000000")
    assert small.returncode == 2
    assert "[memory-limit]" in small.stderr
    assert "Traceback" not in small.stderr
    short = limited("ulimit -f 40")  # no file over 40 KB, as on a full disk
    assert short.returncode == 1
    assert "[output-not-written]" in short.stderr
    assert "Traceback" not in short.stderr
    assert beside(tmp_path) == {"study"}


@posix
@pytest.mark.parametrize("which", ["study", "out"])
def test_names_that_are_no_text(study: Path, tmp_path: Path, which: str) -> None:
    odd = os.path.join(os.fsencode(tmp_path), b"M\xfcnchen")
    where = odd if which == "study" else os.fsencode(study)
    target = odd if which == "out" else os.fsencode(tmp_path / "out")
    command = [sys.executable, "-m", "salutogen", "run", where, "--out", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "[output-place]" in done.stderr
    assert r"M\xfcnchen" in done.stderr
    assert "Traceback" not in done.stderr
    assert beside(tmp_path) == {"study"}


def test_words_that_the_screen_has_no_signs_for(study: Path, salutogen: Command) -> None:
    study.write_text(STUDY.replace("Small cohort", "Ω 😀"), encoding="utf-8")
    told = salutogen("check", study, PYTHONIOENCODING="latin-1")
    assert told.returncode == 0, told.stderr
    assert r"\u03a9 \U0001f600" in told.stdout
    said = salutogen("check", study.with_name("Ω.yaml"), "--json", PYTHONIOENCODING="latin-1")
    assert said.returncode == 1
    assert "Ω.yaml" in json.loads(said.stdout)["findings"][0]["text"]
