"""Whatever another package's analysis does, the run goes on and writes into its folder alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.analyses.small_cohort import identifier, write_study
from tests.end_to_end.conftest import call

SETTINGS = """
from salutogen.analyses.contract import AnalysisSettings
from pydantic import model_validator

class Settings(AnalysisSettings):
    \"\"\"Which mistake is made.\"\"\"
    mistake: str = ""

class Wrong(Settings):
    @model_validator(mode="after")
    def _fail(self):
        raise RuntimeError("MUC-1000")
"""
CODE = '''
import datetime, sys, time
import numpy as np
import polars as pl
from salutogen.analyses.contract import AnalysisResult, ResultFile
from salutogen.columns import Column, Kind, beside, figure, record
from salutogen.errors import AnalysisError
from salutogen.findings import finding
from salutogen.page import Figure, Section, Table

NAMES = (Column(name="x", meaning="X", kind=Kind.LABEL),)
FRAME = pl.DataFrame({"x": ["a", "b"]})

class Chart:
    def __init__(self):
        self.asked = 0
    def to_dict(self, validate=True):
        self.asked += 1
        if self.asked > 1:
            raise RuntimeError("asked twice")
        return drawing()

def drawing(**more):
    return {"data": {"values": [{"x": "a"}, {"x": "b"}]}, "mark": "point",
            "encoding": {"x": {"field": "x", "type": "nominal"}}, **more}

def plot(name="own", chart=None):
    return Figure(name=name, title="T", description="D", data=FRAME, columns=NAMES,
                  chart=drawing() if chart is None else chart)

def table(name="own", frame=FRAME):
    return Table(name=name, title="T", frame=frame, columns=NAMES)

PARTS = {
    "chart-nan": dict(figures=(plot(chart=drawing(width=float("nan"))),)),
    "chart-complex": dict(figures=(plot(chart=drawing(width=1j)),)),
    "chart-nonsense": dict(figures=(plot(chart={"mark": {"type": "no such mark"}, "data": 5}),)),
    "chart-changes": dict(figures=(plot(chart=Chart()),)),
    "chart-none": dict(figures=(plot(chart=object()),)),
    "figure-outside": dict(figures=(plot(name="../../../escaped"), plot(name="a/b"),
                                    plot(name='"><script>alert(1)</script>'))),
    "table-outside": dict(tables=(table(name="../../escaped"), table(name="/escaped"))),
    "names-taken": dict(tables=(table(name="inputs"), table(name="figure-plane"), table("Flow")),
                        figures=(plot(name="plane"), plot("twice"), plot("twice"))),
    "table-of-lists": dict(tables=(table(frame=pl.DataFrame({"x": [["a"], ["b", "c"]]})),)),
    "section-title": dict(title=5),
}
FILES = {
    "file-outside": "../escaped.csv", "file-absolute": "/escaped.csv",
    "file-scores": "scores.csv", "file-manifest": "manifest.json", "file-case": "Person.csv",
    "file-page": "report.html", "file-empty": "", "file-number": 5,
}

@record
class Result(AnalysisResult):
    """What is wrong."""
    n: object = figure("A figure", default=1)
    mistake: str = figure("The mistake")

    def to_dict(self):
        if self.mistake == "to-dict":
            raise RuntimeError("MUC-1000")
        return super().to_dict()

    def sections(self, audience):
        if self.mistake == "sections":
            raise RuntimeError("MUC-1000")
        if self.mistake == "no-sections":
            return None
        return (Section(**{"title": "Stranger", **PARTS.get(self.mistake, {})}),)

    def files(self):
        if self.mistake == "files":
            raise RuntimeError("MUC-1000")
        if self.mistake == "file-lists":
            return {"own.csv": ResultFile(table=pl.DataFrame({"x": [["a", "b"]]}), columns=NAMES)}
        if self.mistake == "file-subject":
            return {"own.csv": ResultFile(table=pl.DataFrame({"subject": [1]}), columns=NAMES)}
        if self.mistake in FILES:
            return {FILES[self.mistake]: ResultFile(table=FRAME, columns=NAMES)}
        return {}

    def answer(self):
        if self.mistake == "answer":
            raise RuntimeError("MUC-1000")
        return 5 if self.mistake == "answer-number" else ""

    def methods(self):
        if self.mistake == "methods":
            raise RuntimeError("MUC-1000")
        return ""

    def __repr__(self):
        raise RuntimeError("MUC-1000")

def compute(inputs, settings):
    mistake = settings.mistake
    if mistake == "compute":
        raise RuntimeError("MUC-1000")
    if mistake == "exit":
        sys.exit(7)
    if mistake == "deep":
        return compute(inputs, settings)
    if mistake == "nothing":
        return None
    if mistake == "refused-with-name":
        names = ", ".join(inputs.study.read().persons["subject"].to_list())
        raise AnalysisError([finding("stranger-code", names=names)])
    if mistake == "evidence":
        names = inputs.study.read().persons["subject"].to_list()
        return Result(mistake="", findings=(
            finding("stranger-code", names="few", numbers={"who": names}),))
    if mistake == "long":
        print("working", file=sys.stderr, flush=True)
        inputs.run.tell(1, 100)
        time.sleep(60)
    values = {"json-nan": float("nan"), "json-inf": float("inf"), "json-complex": 1j,
              "json-numpy": np.float32(1.5), "json-array": np.array([1.0, np.nan]),
              "json-date": datetime.date(2026, 1, 1), "json-set": {1, 2}}
    return Result(mistake=mistake, n=values.get(mistake, 1))
'''
CODES = """
[stranger-code]
severity = "warning"
title = "T"
story = "S"
mend = "M"
text = "Look at {names}."

[few-occasions]
severity = "note"
title = "Exists already"
story = "S"
mend = "M"
text = "T"
"""
REGISTERED = """
from salutogen.analyses.contract import Analysis
def made(name, **given):
    return Analysis(**{"name": name, "title": "Stranger", "settings": "wild.settings:Settings",
                       "compute": "wild.code:compute", "result": "wild.code:Result", **given})
WILD = made("wild")
WRONG = made("wrong", settings="wild.settings:Wrong")
MISSING = made("missing", settings="wild.nowhere:Settings")
TAKEN = made("windows")
OTHER = made("other-name")
PLACE = made("place", results_at={"": "norm"})
NO_CODE = made("no-code", compute="wild.nowhere:compute")
NUMBER = 5
"""
ENTRIES = """\
[salutogen.analyses]
wild = wild:WILD
wrong = wild:WRONG
missing = wild:MISSING
windows = wild:TAKEN
named = wild:OTHER
place = wild:PLACE
no-code = wild:NO_CODE
number = wild:NUMBER
gone = wild_gone:X
absent = wild:NOTHING
[salutogen.finding_codes]
wild = wild
nothing = wild_gone
"""
DROPPED = {
    "analysis-failed": (
        "compute", "exit", "deep", "nothing", "to-dict", "sections", "no-sections", "files",
        "answer", "answer-number", "methods", "json-complex", "json-date", "json-set",
        "section-title",
    ),
    "figure-not-drawn": ("chart-nan", "chart-complex", "chart-nonsense", "chart-none"),
    "analysis-file-left-out": (
        "file-outside", "file-absolute", "file-scores", "file-manifest", "file-case", "file-page",
        "file-empty", "file-number", "file-subject",
    ),
    "figure-name-twice": ("names-taken",),
    "identifier-withheld": ("evidence", "refused-with-name"),
    "": (
        "chart-changes", "figure-outside", "table-outside", "table-of-lists", "file-lists",
        "json-nan", "json-inf", "json-numpy", "json-array",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of the stranger's installed package, for PYTHONPATH."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "wild").mkdir()
    for name, text in (("__init__", REGISTERED), ("settings", SETTINGS), ("code", CODE)):
        (folder / "wild" / f"{name}.py").write_text(text, "utf-8")
    (folder / "wild" / "finding_codes.toml").write_text(CODES, "utf-8")
    about = folder / "wild-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: wild\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRIES)
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


@pytest.fixture(scope="module")
def every_mistake(package: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of one run that makes every mistake, each in an analysis of its own."""
    folder = tmp_path_factory.mktemp("wild") / "deep" / "er"
    folder.mkdir(parents=True)
    mistakes = [item for names in DROPPED.values() for item in names]
    asked = ", ".join(f"{{step: wild, name: {name}, mistake: {name}}}" for name in mistakes)
    study = write_study(folder, analyses=f"[{asked}, {{step: no-code}}]")
    done = call("run", study, "--data", folder, "--out", folder / "out", PYTHONPATH=package)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def findings_of(out: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads((out / "findings.json").read_text("utf-8"))
    return told


def test_each_mistake_is_told_and_the_others_go_on(every_mistake: Path) -> None:
    steps = json.loads((every_mistake / "results.json").read_text("utf-8"))["steps"]
    failed = {*DROPPED["analysis-failed"], "refused-with-name", "no-code"}
    assert {name for name, content in steps.items() if content is None} == failed
    page = (every_mistake / "report.html").read_text("utf-8")
    codes = [item["code"] for item in findings_of(every_mistake)]
    for code in filter(None, DROPPED):
        assert code in codes or code in page, code
    assert codes.count("analysis-failed") == len(DROPPED["analysis-failed"]) + 1
    assert codes.count("analysis-file-left-out") == len(DROPPED["analysis-file-left-out"])
    assert page.count("<script>alert(1)") == 0


def test_nothing_is_written_outside_the_folder(every_mistake: Path) -> None:
    root = every_mistake.parents[2]
    files = {path.name for path in root.rglob("*") if every_mistake not in path.parents}
    assert files == {"deep", "er", "out", "study.yaml", "answers.csv"}
    assert not Path("/escaped.csv").exists()
    assert "subject" in (every_mistake / "scores.csv").read_text("utf-8").partition("\n")[0]
    tables = (every_mistake / "tables" / "inputs.csv").read_text("utf-8")
    assert tables.startswith("source")


def test_no_identifier_gets_out(every_mistake: Path) -> None:
    accounts = ["results.json", "norm.json", "findings.json", "manifest.json", "codebook.csv"]
    for name in [*accounts, "report.html"]:
        text = (every_mistake / name).read_bytes().decode("utf-8", "replace")
        assert [person for person in range(40) if identifier(person) in text] == [], name


def test_what_cannot_be_loaded_is_told(every_mistake: Path) -> None:
    told = [item["text"] for item in findings_of(every_mistake) if "not-loaded" in item["code"]]
    for name in ("missing", "windows", "named", "place", "number", "gone", "absent", "nothing"):
        assert any(repr(name) in text for text in told), name


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("[{step: wrong}]", "settings could not be read (RuntimeError)"),
        ("[{step: missing}]", "could not be loaded (ModuleNotFoundError)"),
        ("[{step: gone}]", "could not be loaded (ModuleNotFoundError)"),
        ("[{step: wild, after: wild}]", "wait for each other"),
        ("[{step: wild, name: [1]}]", "`name` is a word"),
        ("[{step: wild, mistake: [1]}]", "mistake"),
    ],
)
def test_wrong_study_files_are_refused_in_words(
    tmp_path: Path, package: str, asked: str, told: str
) -> None:
    study = write_study(tmp_path, analyses=asked)
    done = call("run", study, "--data", tmp_path, "--out", tmp_path / "out", PYTHONPATH=package)
    assert done.returncode == 1, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "MUC-1000" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "command", [("schema",), ("schema", "--of", "results"), ("explain", "few-occasions")]
)
def test_other_commands_do_not_mind(package: str, command: tuple[str, ...]) -> None:
    done = call(*command, PYTHONPATH=package)
    assert done.returncode == 0, done.stderr


def test_odd_names_are_kept_to_the_letter(tmp_path: Path, package: str) -> None:
    name = '../<b>a\\"b</b> ü{n} %s'
    study = write_study(tmp_path, analyses=f"[{{step: wild, name: {json.dumps(name)}}}]")
    done = call("run", study, "--data", tmp_path, "--out", tmp_path / "out", PYTHONPATH=package)
    assert done.returncode == 0, done.stderr
    steps = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))["steps"]
    assert list(steps) == [name]


def test_a_long_analysis_stops_at_once(tmp_path: Path, package: str) -> None:
    study = write_study(tmp_path, analyses="[{step: wild, mistake: long}]")
    command = [sys.executable, "-m", "salutogen", "run", study, "--out", tmp_path / "out"]
    with subprocess.Popen(
        [*map(str, command), "--quiet"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": package},
    ) as run:
        assert run.stderr is not None
        while "working" not in run.stderr.readline():
            assert run.poll() is None
        run.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert run.wait(timeout=30) == 130
        assert time.monotonic() - began < 10
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml", "answers.csv"}
