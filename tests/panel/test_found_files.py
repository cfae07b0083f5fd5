"""Files of a study: found by name, or refused with what stands there instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from salutogen.errors import PanelError
from salutogen.findings import Finding
from salutogen.panel import read_panel
from salutogen.study import Study
from tests.panel.small_studies import answers, by_occasion, make_study

STUDY = make_study()


def _refused(data: Any, study: Study = STUDY) -> tuple[Finding, ...]:
    with pytest.raises(PanelError) as refused:
        read_panel(study, data)
    return refused.value.findings


def test_files_are_found_and_misses_explained(tmp_path: Path) -> None:
    answers().write_csv(tmp_path / "answers.csv")
    (tmp_path / "answers.docx").write_text("no data")
    panel = read_panel(STUDY, tmp_path)
    assert panel.inputs[0].name == "answers.csv"
    assert read_panel(STUDY, str(tmp_path / "answers.csv")).n_rows == 18
    assert read_panel(STUDY, {"answers": tmp_path / "answers.csv"}).n_rows == 18
    answers().write_parquet(tmp_path / "answers.parquet")
    (finding,) = _refused(tmp_path)
    assert finding.code == "ambiguous-file"
    assert "'answers.csv' and 'answers.parquet'" in finding.text
    study = make_study({"answers": by_occasion(file="answers.csv")})
    assert read_panel(study, tmp_path).n_rows == 18
    study = make_study({"answers": by_occasion(file="anwsers")})
    (finding,) = _refused(tmp_path, study)
    assert "Did you mean 'answers.csv'?" in finding.text
    assert _refused(tmp_path / "nowhere")[0].code == "data-not-found"
    assert _refused(tmp_path / "nowhere.csv")[0].code == "data-not-found"
    assert _refused(tmp_path / "answers.docx")[0].code == "unknown-format"
    assert [f.code for f in _refused({"answer": answers()})] == [
        "unknown-source",
        "source-not-given",
    ]


def test_a_file_that_vanishes_or_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answers.csv"
    answers().write_csv(path)

    def vanish(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", vanish)
    (finding,) = _refused(path)
    assert finding.code == "unreadable-file"
    assert "Permission denied" in finding.text


def test_a_parquet_file_that_vanishes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from salutogen.panel import alignment

    path = tmp_path / "answers.parquet"
    answers().write_parquet(path)
    original = alignment.person_codes

    def then_vanish(*given: Any) -> Any:
        result = original(*given)
        path.write_bytes(b"gone")
        return result

    monkeypatch.setattr(alignment, "person_codes", then_vanish)
    (finding,) = _refused(path)
    assert finding.code == "unreadable-file"


def test_one_frame_for_two_sources_is_refused() -> None:
    study = make_study({"answers": by_occasion(), "more": by_occasion()})
    assert [finding.code for finding in _refused(answers(), study)] == [
        "one-input-for-several-sources"
    ]
