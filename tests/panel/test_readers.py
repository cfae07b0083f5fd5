"""A reader is one file and one line in the registry, as a stranger would add it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.findings import Findings
from salutogen.panel import read_panel
from salutogen.panel.readers.registry import READERS, Reader, readable_suffixes, reader_of
from salutogen.panel.readers.source_table import SourceFile, SourceTable, file_table
from tests.panel.small_studies import answers, by_occasion, make_study, same_panel


def read_json_lines(file: SourceFile, findings: Findings) -> SourceTable | None:
    """One JSON object a line."""
    lines = file.path.read_text(encoding="utf-8").splitlines()
    return file_table(file, pl.DataFrame([json.loads(line) for line in lines]), findings)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "salutogen.panel.readers.registry.READERS", [*READERS, Reader((".jsonl",), read_json_lines)]
    )


def write(path: Path) -> Path:
    rows = answers().iter_rows(named=True)
    path.write_text("\n".join(json.dumps(row, default=str) for row in rows), encoding="utf-8")
    return path


@pytest.mark.usefixtures("registered")
def test_a_study_is_read_with_a_reader_of_a_new_suffix(tmp_path: Path) -> None:
    study = make_study({"answers": by_occasion(file="answers")})
    write(tmp_path / "answers.jsonl")
    panel = read_panel(study, tmp_path)
    assert same_panel(panel, read_panel(study, answers()))
    assert panel.inputs[0].name == "answers.jsonl"
    assert panel.inputs[0].sha256


@pytest.mark.usefixtures("registered")
def test_a_damaged_file_of_a_new_kind_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(PanelError) as refused:
        read_panel(make_study(), path)
    (finding,) = refused.value.findings
    assert finding.code == "unreadable-file"
    assert "cannot be read as a .jsonl file" in finding.text


def test_an_unknown_suffix_names_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match=r"has the suffix '\.jsonl'.*\.parquet.*\.csv\.gz"):
        read_panel(make_study(), write(tmp_path / "answers.jsonl"))


def test_the_longest_suffix_decides() -> None:
    assert reader_of(Path("a.csv.GZ")) is not None
    assert reader_of(Path("a.gz")) is None
    assert len(set(readable_suffixes())) == len(readable_suffixes())
