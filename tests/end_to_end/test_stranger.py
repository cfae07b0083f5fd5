"""A package nobody here knows registers an analysis by entry point, and cannot leak an identifier.

The package lies in a temporary folder, as an installed one would: a module and its metadata.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.analyses.small_cohort import identifier, write_study
from tests.end_to_end.conftest import call

SETTINGS = '''
from pydantic import Field
from salutogen.analyses.contract import AnalysisSettings

class Settings(AnalysisSettings):
    """How far is far."""
    limit: float = Field(1.0, description="From how many points of SR a person is far.")
    leak: bool = Field(False, description="Whether it hands over what it must not.")
'''
CODE = '''
import polars as pl
from salutogen.analyses.contract import AnalysisResult, ResultFile
from salutogen.columns import Column, Kind, beside, figure, record
from salutogen.findings import Persons, finding
from salutogen.page import Figure, Section, Table, say

COLUMNS = (
    Column(name="side", meaning="Side of the line", heading="Side", kind=Kind.LABEL),
    Column(name="n", meaning="Persons", heading="Persons", unit="persons", kind=Kind.COUNT),
)
FILE = (
    Column(name="subject", meaning="Person", kind=Kind.IDENTIFIER),
    Column(name="far", meaning="Whether the person is far", unit="true/false", kind=Kind.PERSON),
)

@record
class Far(AnalysisResult):
    """How many persons lie far from the line."""
    n: int = figure("Persons far from the line", unit="persons", kind=Kind.COUNT)
    told: str = figure("What is told of them")
    parts: tuple = beside(default=())
    persons: pl.DataFrame = beside()

    def sections(self, audience):
        return self.parts

    def files(self):
        return {"far.csv": ResultFile(table=self.persons, columns=FILE)}

def compute(inputs, settings):
    persons = inputs.resilience.persons
    far = persons.filter(pl.col("SR").abs() > settings.limit)
    assert inputs.views.wide("SR").values.shape[0] == persons.height
    inputs.run.tell(1, 1)
    names = ", ".join(far["subject"].to_list())
    if settings.leak:  # it goes round the labels and reads the answers itself
        names += ", " + ", ".join(inputs.study.read().persons["subject"].to_list())
    counts = pl.DataFrame({"side": ["below", "above"], "n": [
        int((far["SR"] < 0).sum()), int((far["SR"] > 0).sum())]})
    sections = [Section(
        title="Far from the line",
        paragraphs=(say("{n:# person is|# persons are} far.", n=Persons(far.height)),),
        tables=(Table(name="far", title="Far", frame=counts, columns=COLUMNS),),
    )]
    if settings.leak:
        table = pl.DataFrame({"side": names.split(", ")})
        chart = {"data": {"values": table.to_dicts()}, "mark": "point"}
        sections.append(Section(
            title=f"Who is far: {names}",
            paragraphs=(f"These: {names}.",),
            tables=(Table(name="who", title="Who", frame=table, columns=COLUMNS),
                    Table(name="rows", title="Rows", frame=far)),
            figures=(Figure(name="who", title="Who", description=names, chart=chart, data=table,
                            columns=COLUMNS),),
        ))
    told = [finding("far-persons-named", names=names)] if settings.leak else []
    table = persons.select("subject", (pl.col("SR").abs() > settings.limit).alias("far"))
    return Far(n=far.height, told=names if settings.leak else "", parts=tuple(sections),
               persons=table, findings=tuple(told))
'''
CODES = """
[far-persons-named]
severity = "warning"
title = "Far persons"
story = "Tells who lies far from the line, which it must not."
mend = "Take it out."
text = "Look at {names}."
"""
REGISTERED = """
from salutogen.analyses.contract import Analysis
FAR = Analysis(
    name="far", title="Far persons", settings="stranger.settings:Settings",
    compute="stranger.code:compute", result="stranger.code:Far",
)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of the stranger's installed package, for PYTHONPATH."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "stranger").mkdir()
    for name, text in (("__init__", REGISTERED), ("settings", SETTINGS), ("code", CODE)):
        (folder / "stranger" / f"{name}.py").write_text(text, "utf-8")
    (folder / "stranger" / "finding_codes.toml").write_text(CODES, "utf-8")
    about = folder / "stranger-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[salutogen.analyses]\nfar = stranger:FAR\n[salutogen.finding_codes]\nstranger = stranger\n"
    )
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


def run(folder: Path, package: str, individuals: str, settings: str = "limit: 0.5") -> Path:
    """Run the small cohort with the stranger's analysis."""
    analyses = f"[{{step: far, {settings}}}]"
    study = write_study(folder, analyses=analyses, individuals=individuals)
    done = call("run", study, "--data", folder, "--out", folder / "out", PYTHONPATH=package)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def content_of(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "results.json").read_text("utf-8"))
    return content


def nameless_texts(out: Path) -> dict[str, str]:
    """Everything of a run that has no row of a person, whether it may be passed on or not."""
    named = {"scores.csv", "windows.csv", "person.csv", "phases.csv", "far.csv"}
    return {
        path.relative_to(out).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in out.rglob("*")
        if path.is_file() and path.name not in named
    }


def test_it_appears_in_the_schema(package: str) -> None:
    done = call("schema", PYTHONPATH=package)
    assert done.returncode == 0, done.stderr
    settings = json.loads(done.stdout)["$defs"]["step_far"]["properties"]
    assert settings["limit"]["description"].startswith("From how many points")
    results = call("schema", "--of", "results", PYTHONPATH=package)
    steps = json.loads(results.stdout)["properties"]["steps"]
    assert "Persons far from the line" in json.dumps(steps)


def test_its_findings_are_explained(package: str) -> None:
    done = call("explain", "far-persons-named", PYTHONPATH=package)
    assert done.returncode == 0, done.stderr
    assert "Tells who lies far from the line" in done.stdout


@pytest.mark.parametrize("individuals", [pytest.param("show", marks=pytest.mark.lengthy), "hide"])
def test_it_appears_on_page_in_json_codebook_and_files(
    tmp_path: Path, package: str, individuals: str
) -> None:
    out = run(tmp_path, package, individuals)
    page = (out / "report.html").read_text("utf-8")
    assert "Far from the line" in page
    assert content_of(out)["steps"]["far"]["n"] > 5
    with (out / "far.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0]["subject"] == identifier(0)
    assert len(rows) == 40
    with (out / "codebook.csv").open(encoding="utf-8") as stream:
        described = {(row["file"], row["column"]): row for row in csv.DictReader(stream)}
    assert described["far.csv", "far"]["meaning"] == "Whether the person is far"
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    personal = {entry["file"]: entry["personal_data"] for entry in manifest["outputs"]}
    assert personal["far.csv"]


@pytest.mark.parametrize("individuals", [pytest.param("show", marks=pytest.mark.lengthy), "hide"])
def test_it_cannot_leak_an_identifier(tmp_path: Path, package: str, individuals: str) -> None:
    out = run(tmp_path, package, individuals, "limit: 0.5, leak: true")
    page = (out / "report.html").read_text("utf-8")
    names = [identifier(person) for person in range(40)]
    assert "Far from the line" in page, "what is harmless stays"
    assert [name for name in names if name in page] == []
    texts = nameless_texts(out)
    assert {"results.json", "findings.json", "codebook.csv"} <= texts.keys()
    leaked = {file: [name for name in names if name in text] for file, text in texts.items()}
    assert {file: found for file, found in leaked.items() if found} == {}
    codes = [item["code"] for item in json.loads(texts["findings.json"])]
    assert "identifier-withheld" in codes
    if individuals == "hide":
        assert "Person A" not in page


def test_a_stranger_that_fails_does_not_end_the_run(tmp_path: Path, package: str) -> None:
    out = run(tmp_path, package, "show", "limit: 0.5, name: far")
    code = Path(package.split(os.pathsep)[0]) / "stranger" / "code.py"
    text = code.read_text("utf-8")
    try:
        code.write_text(text.replace("far = persons.filter", "persons.no_such_thing; far = 0 #"))
        study = tmp_path / "study.yaml"
        done = call(
            "run", study, "--data", tmp_path, "--out", tmp_path / "again", PYTHONPATH=package
        )
    finally:
        code.write_text(text)
    assert done.returncode == 0, done.stderr
    assert "analysis-failed" in done.stderr
    assert "stranger.code, line" in done.stderr
    assert content_of(tmp_path / "again")["steps"]["far"] is None
    assert content_of(tmp_path / "again")["norm"] == content_of(out)["norm"]
