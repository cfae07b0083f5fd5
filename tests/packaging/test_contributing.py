"""CONTRIBUTING keeps its promises: what it tells to write works as it is written."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path

import polars as pl
import pytest

import salutogen as sg
from salutogen.errors import PanelError
from tests.analyses.small_cohort import STUDY, answers, write_study
from tests.end_to_end.conftest import call

INSIDE = "src/salutogen/analyses/stability/"


@pytest.fixture(scope="module")
def text() -> str:
    return (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def files(text: str) -> dict[str, str]:
    """Every file that is written out, by its path."""
    return dict(
        re.findall(r"^`(src/[\w/.-]+)`\n\n```\w+\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    )


@pytest.fixture(scope="module")
def package(text: str, files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of the analysis as a package of its own, for PYTHONPATH."""
    site = tmp_path_factory.mktemp("site")
    folder = site / "stability"
    folder.mkdir()
    found = re.search(r"^    \.\.\.,\n {4}(Analysis\(.*?)^\)\n", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    entry = f"STABILITY = {found[1].rstrip().removesuffix(',')}\n"
    own = {path.removeprefix(INSIDE): file for path, file in files.items() if INSIDE in path}
    own["__init__.py"] += f"\nfrom salutogen.analyses.contract import Analysis\n\n{entry}"
    own["finding_codes.toml"] = files["src/salutogen/finding_codes/stability.toml"]
    for name, content in own.items():
        renamed = content.replace("salutogen.analyses.stability", "stability")
        (folder / name).write_text(renamed, encoding="utf-8")
    groups = re.findall(r'^\[project\.entry-points\."([\w.]+)"\]\n(.*)=(.*)$', text, re.MULTILINE)
    about = site / "stability-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stability\nVersion: 1.0\n")
    lines = (f"[{group}]\n{name}={value.replace(chr(34), '')}\n" for group, name, value in groups)
    (about / "entry_points.txt").write_text("".join(lines), encoding="utf-8")
    return os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


@pytest.mark.parametrize("individuals", [pytest.param("show", marks=pytest.mark.lengthy), "hide"])
def test_the_analysis_works_as_written(tmp_path: Path, package: str, individuals: str) -> None:
    analyses = "[{step: stability, least: 1}]"
    study = write_study(tmp_path, analyses=analyses, individuals=individuals)
    out = tmp_path / "out"
    done = call("run", study, "--data", tmp_path, "--out", out, PYTHONPATH=package)
    assert done.returncode == 0, done.stderr
    page = (out / "report.html").read_text(encoding="utf-8")
    for told in ("Stability of SR", "SR of the two halves", "Halves were compared in 40 persons"):
        assert told in page
    assert (out / "figures" / "stability.svg").is_file()
    assert (out / "tables" / "halves.csv").is_file()
    content = json.loads((out / "results.json").read_text(encoding="utf-8"))["steps"]["stability"]
    assert content["n"] == 40
    written = pl.read_csv(out / "stability.csv")
    told_digits = 5e-4 if individuals == "hide" else 1e-6
    r = written.select(pl.corr("first", "second")).item()
    assert content["r"] == pytest.approx(r, abs=told_digits)
    with (out / "codebook.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["file"] == "stability.csv"]
    assert [row["column"] for row in rows] == ["subject", "first", "second"]
    assert all(row["meaning"] for row in rows)


def test_the_analysis_refuses_and_explains_as_written(tmp_path: Path, package: str) -> None:
    study = write_study(tmp_path, analyses="[{step: stability, least: 3}]")
    done = call("run", study, "--data", tmp_path, "--out", tmp_path / "out", PYTHONPATH=package)
    assert done.returncode == 0, done.stderr
    assert "0 persons were seen at 3 occasions or more in both halves." in done.stderr
    told = call("explain", "few-in-both-halves", PYTHONPATH=package)
    assert "Too few persons were seen in both halves" in told.stdout


def test_the_instrument_works_as_written(tmp_path: Path, files: dict[str, str]) -> None:
    (path,) = (path for path in files if path.endswith(".yaml"))
    folder = tmp_path / "instruments"
    folder.mkdir()
    (folder / Path(path).name).write_text(files[path], encoding="utf-8")
    plan = STUDY.format(individuals="show", analyses="[]")
    lines = [
        '  daily-strain: {columns: "DS_{1..6}"}' if line.startswith("  mood:") else line
        for line in plan.replace("problems: mood", "problems: daily-strain").splitlines()
    ]
    study_file = tmp_path / "study.yaml"
    study_file.write_text("\n".join([*lines, "instrument_folder: instruments"]), encoding="utf-8")
    rows = answers().with_columns(pl.lit(4).alias(f"DS_{item}") for item in range(1, 7))
    study = sg.read_study(study_file)
    frame = rows.with_columns(DS_1=pl.col("week").clip(0, 4))
    scored = sg.score(study.read({"answers": frame})).table
    # Items 2 and 5 are turned round: 4 becomes 0.
    assert scored["P"].head(4).to_list() == [13, 14, 15, 16]


def test_the_reader_works_as_written(
    tmp_path: Path, text: str, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from salutogen.panel.readers.registry import READERS, Reader

    names: dict[str, object] = {"Reader": Reader}
    code = files["src/salutogen/panel/readers/json_lines.py"]
    exec(compile(code, "json_lines.py", "exec", dont_inherit=True), names)
    found = re.search(r"^ {4}(Reader\(.*\)),$", text, re.MULTILINE)
    assert found is not None
    monkeypatch.setattr(
        "salutogen.panel.readers.registry.READERS", [*READERS, eval(found[1], names)]
    )
    study = sg.read_study(write_study(tmp_path))
    (tmp_path / "answers.csv").unlink()
    path = tmp_path / "answers.ndjson"
    answers().write_ndjson(path)
    assert study.read(tmp_path).n_rows == 160
    for damaged in ("", '{"pid": oops'):
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(PanelError, match=r"answers\.ndjson"):
            study.read(tmp_path)
