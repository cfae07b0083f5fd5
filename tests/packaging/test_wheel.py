"""What is in the wheel, and that it runs without the checkout."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from ruamel.yaml import YAML

import salutogen
from salutogen.findings import catalogue


def test_every_file_of_the_package_is_in_the_wheel(repository: Path, wheel: Path) -> None:
    source = repository / "src"
    expected = {
        path.relative_to(source).as_posix()
        for path in (source / "salutogen").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    assert expected <= names
    kinds = {Path(name).suffix for name in names}
    assert {".py", ".toml", ".typed"} <= kinds


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    folders = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert folders == {"salutogen", f"salutogen-{salutogen.__version__}.dist-info"}
    licence = f"salutogen-{salutogen.__version__}.dist-info/licenses/LICENSE"
    assert "Apache License" in zipfile.ZipFile(wheel).read(licence).decode()


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 5_000_000


def test_the_installed_package_is_the_one_that_runs(installed, tmp_path: Path) -> None:
    where = installed.python_says("import salutogen; print(salutogen.__file__)", tmp_path)
    assert Path(where).is_relative_to(installed.folder)


def test_version(says: Callable[..., str]) -> None:
    assert salutogen.__version__ in says("--version")


def test_schema(says: Callable[..., str]) -> None:
    schema = json.loads(says("schema"))
    assert {"salutogen", "sources", "instruments", "exposure", "analyses"} <= set(
        schema["properties"]
    )


def test_the_finding_codes_are_inside(says: Callable[..., str]) -> None:
    code, entry = next(iter(catalogue().items()))
    assert entry.title in " ".join(says("explain", code).split())


def test_templates_and_registry_are_inside(
    installed, says: Callable[..., str], tmp_path: Path
) -> None:
    says("init", "--template", "weekly", "--no-input", "--out", "study.yaml")
    script = (
        "import salutogen as sg; study = sg.read_study('study.yaml');"
        "print(len(study.instruments), sum(len(i.items) for i in study.instruments.values()))"
    )
    instruments, items = map(int, installed.python_says(script, tmp_path).split())
    assert instruments >= 2
    assert items > instruments


def test_the_example_runs(repository: Path, says: Callable[..., str], tmp_path: Path) -> None:
    text = (repository / "examples" / "cohort" / "study.yaml").read_text(encoding="utf-8")
    values = YAML(typ="safe").load(text)
    for step in values["analyses"]:
        if step["step"] == "trajectories":
            step["classes"] = "off"  # compiles as much again, and is asked elsewhere
    YAML(typ="safe").dump(values, tmp_path / "study.yaml")
    says("simulate", "study.yaml", "--persons", "80", "--seed", "1", "--out", "data")
    answer = json.loads(
        says("run", "study.yaml", "--data", "data", "--out", "results", "--json", "--quiet")
    )
    assert answer["exit_code"] == 0
    report = (tmp_path / "results" / "report.html").read_text(encoding="utf-8")
    assert "</html>" in report
    assert (tmp_path / "results" / "codebook.csv").is_file()
    numbers = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    assert numbers["panel"]["persons"] == 80
