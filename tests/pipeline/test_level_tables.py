"""Tables of levels are written while analyses go on, and are those a saved result has."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import polars as pl
import pytest

import salutogen as sg
from salutogen.errors import ReportError
from salutogen.pipeline import level_tables, pipeline
from salutogen.pipeline.level_tables import LevelTables, tables_beside
from tests.analyses.small_cohort import results_of, write_study


def files(folder: Path) -> dict[str, bytes]:
    names = ("scores.csv", "windows.csv", "person.csv", "codebook.csv")
    return {name: (folder / name).read_bytes() for name in names}


def test_a_run_writes_what_its_results_save(tmp_path: Path) -> None:
    study = write_study(tmp_path)
    results = sg.run(study, tmp_path, tmp_path / "run")
    results.save(tmp_path / "saved")
    assert files(tmp_path / "run") == files(tmp_path / "saved")
    listed = json.loads((tmp_path / "run" / "manifest.json").read_text())["outputs"]
    told = {entry["file"]: entry["sha256"] for entry in listed}
    for name, content in files(tmp_path / "run").items():
        assert told[name] == hashlib.sha256(content).hexdigest()


def test_tables_are_begun_before_the_analyses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, order = write_study(tmp_path), []
    begin, analyse = LevelTables.begin, pipeline.run_analyses

    def begun(self: LevelTables, *given: object) -> None:
        order.append("tables")
        begin(self, *given)  # type: ignore[arg-type]

    def analysed(*given: object) -> object:
        order.append("analyses")
        return analyse(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(LevelTables, "begin", begun)
    monkeypatch.setattr(pipeline, "run_analyses", analysed)
    sg.run(study, tmp_path, tmp_path / "out")
    assert order == ["tables", "analyses"]


def test_a_run_that_ends_leaves_no_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = write_study(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "run_analyses", stopped)
    with pytest.raises(KeyboardInterrupt):
        sg.run(study, tmp_path, tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == before


def test_closing_ends_a_table_between_two_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = results_of(tmp_path)
    begun, go_on = threading.Event(), threading.Event()
    parts: list[int] = []
    whole = level_tables._whole

    def slow(rows: pl.DataFrame, *given: object) -> pl.DataFrame:
        parts.append(rows.height)
        begun.set()
        assert go_on.wait(30)
        return whole(rows, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(level_tables, "_whole", slow)
    monkeypatch.setattr("salutogen.pipeline.csv_files.ROWS_AT_ONCE", 10)
    tables = LevelTables(tmp_path / "partial", verbatim=False)
    tables.begin(results.resilience, results.norm)
    assert begun.wait(30)
    tables._stopped.set()
    go_on.set()
    tables.close()
    assert parts == [10], "nothing is made once the run has ended"


def test_a_disk_that_refuses_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    study = write_study(tmp_path)
    monkeypatch.setattr("salutogen.pipeline.csv_files.write_csv", full)
    with pytest.raises(ReportError, match="the disk is full"):
        sg.run(study, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_comes_after_waits_for_the_tables(tmp_path: Path) -> None:
    results = results_of(tmp_path)
    with tables_beside(tmp_path / "out", verbatim=False) as tables:
        assert not tables.begun
        tables.begin(results.resilience, results.norm)
        names = tables.then(lambda: sorted(path.name for path in (tmp_path / "out").iterdir()))
        assert names.result() == ["person.csv", "scores.csv", "windows.csv"]
        columns = tables.columns()
    assert set(tables.digests) == set(columns)
    assert all(table.height == 0 for table in columns.values())
