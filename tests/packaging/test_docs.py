"""The documentation cannot fall behind: generated pages are complete, notebooks run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

NOTEBOOKS = [
    "tutorial.md",
    "trajectories.md",
    # `make docs` runs all of them.
    pytest.param("gallery/event-locked.md", marks=pytest.mark.lengthy),
    "gallery/known-truth.md",
    "gallery/mixed-model.md",
    "gallery/mood-and-reports.md",
]


@pytest.fixture
def pages(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(repository / "docs" / "_ext"))
    sys.modules.pop("reference_pages", None)
    import reference_pages

    return reference_pages


def test_every_key_of_the_study_file_is_explained(pages: ModuleType) -> None:
    from salutogen.cli.schema import published_schema

    schema = published_schema("study")
    page = pages.study_file_page(schema)
    parts = [schema, *schema["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", {})}
    assert {"sources", "did_not_occur", "individuals"} <= keys
    assert [key for key in keys if f"| `{key}` |" not in page] == []
    anchors = set(re.findall(r"^\(([\w-]+)\)=$", page, re.MULTILINE))
    assert set(re.findall(r"\]\(#([\w-]+)\)", page)) <= anchors


def test_every_finding_is_explained(pages: ModuleType) -> None:
    from salutogen.findings import catalogue

    entries = catalogue()
    page = pages.findings_page(entries.values())
    for entry in entries.values():
        assert f"### `{entry.code}`" in page
        assert entry.story in page
        assert entry.mend in page


def test_every_output_column_has_its_unit_and_the_sign(pages: ModuleType) -> None:
    from salutogen.pipeline.codebook import FILES

    page = pages.outputs_page(FILES)
    for column in (column for columns in FILES.values() for column in columns):
        assert column.unit, column
        assert f"| `{column.name}` | {column.unit} |" in page
        if column.name.startswith("SR") and not column.name.startswith("SR_se"):
            assert "positive = over-reactive" in column.sign, column
    assert "Positive = over-reactive = less resilient" in page


def test_every_figure_of_results_has_its_meaning(pages: ModuleType) -> None:
    from salutogen.analyses.registry import available
    from salutogen.cli.schema import published_schema

    page = pages.results_page(published_schema("results"), available().values())
    for key in ("panel.persons", "norm.primary.n", "resilience.bootstrap.lines.<name>.<name>.low"):
        assert f"| `{key}` |" in page
    assert "| `resilience.windows" not in page, "figures of an analysis stand with the analysis"
    for name, analysis in available().items():
        assert f"## {analysis.title}\n\nThe analysis `{name}`:" in page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.endswith("|  |")] == [], "without a meaning"


def test_every_command_is_on_the_page(pages: ModuleType) -> None:
    page = pages.command_line_page(pages.helps_of_all_commands())
    commands = ("run", "check", "init", "simulate", "preregister", "schema", "explain", "warm")
    for command in commands:
        assert f"## `salutogen {command}`" in page
    assert "--version" in page
    assert "\x1b" not in page


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_notebook_runs(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (repository / "docs" / name).read_text(encoding="utf-8")
    cells = re.findall(r"```\{code-cell\} python\n(.*?)```", text, re.DOTALL)
    assert cells
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, name, "exec"), names)
    if name == "tutorial.md":
        assert (tmp_path / "results" / "report.html").is_file()


def test_every_measurement_stands_on_the_page_of_benchmarks(
    pages: ModuleType, repository: Path
) -> None:
    import json

    page = pages.benchmarks_page(repository / "benchmarks" / "results")
    files = sorted((repository / "benchmarks" / "results").glob("*.json"))
    assert files
    for path in files:
        content = json.loads(path.read_text(encoding="utf-8"))
        assert (repository / "benchmarks" / f"bench_{content['name']}.py").is_file()
        for row in content["rows"]:
            assert pages.cell(row["measured"]) in page
