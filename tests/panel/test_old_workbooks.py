"""Old Excel files (.xls): an error in a cell is refused with its place, never read as blank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.panel import read_panel
from salutogen.panel.readers.old_excel_errors import ErrorCell, error_cells
from tests.panel.old_workbook import Cell, Computed, write_xls
from tests.panel.small_studies import answers, by_occasion, instrument, make_study, same_panel

EXPECTED = read_panel(make_study(), answers())
PLACES = [((0, 0), False), ((2, 3), False), ((0, 0), True), ((1, 1), True)]


def rows_of(frame: pl.DataFrame) -> list[list[Cell]]:
    return [list(frame.columns), *(list(row) for row in frame.iter_rows())]


def study(form: str, **keys: Any) -> Any:
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure", form=form),
    ]
    return make_study(instruments=entries, **keys)


@pytest.mark.parametrize("first, small", PLACES)
def test_a_sound_workbook_is_read(tmp_path: Path, first: tuple[int, int], small: bool) -> None:
    path = tmp_path / "answers.xls"
    write_xls(path, [rows_of(answers())], first=first, small=small)
    assert same_panel(read_panel(make_study(), path), EXPECTED, data_row=True)
    assert error_cells(path, 0) == []


@pytest.mark.parametrize("first, small", PLACES)
@pytest.mark.parametrize("form", ["explicit", "tick-list"])
@pytest.mark.parametrize("cell", ["#DIV/0!", "#REF!", Computed("#VALUE!"), Computed("#NAME?")])
def test_an_error_is_refused_with_its_cell(
    tmp_path: Path, first: tuple[int, int], small: bool, form: str, cell: Cell
) -> None:
    path = tmp_path / "answers.xls"
    rows = rows_of(answers())
    place = rows[0].index("E_2")
    rows[5][place] = cell
    write_xls(path, [rows], first=first, small=small)
    with pytest.raises(PanelError) as error:
        read_panel(study(form), path)
    (finding,) = error.value.findings
    assert (finding.evidence.column, finding.evidence.rows) == ("E_2", (5,))
    assert (cell.error if isinstance(cell, Computed) else str(cell)) in finding.text
    assert "spreadsheet" in finding.mend
    kept = read_panel(study(form, invalid="missing"), path).answers["events"]["E_2"]
    assert kept.is_null().arg_true().to_list() == [4]


def test_errors_belong_to_their_sheet(tmp_path: Path) -> None:
    path = tmp_path / "answers.xls"
    rows = rows_of(answers())
    other = [list(row) for row in rows]
    other[1][3] = "#NUM!"
    write_xls(path, [rows, other])
    assert error_cells(path, 0) == []
    assert error_cells(path, 1) == [ErrorCell(1, 3, "#NUM!")]
    assert same_panel(read_panel(make_study(), path), EXPECTED, data_row=True)
    with pytest.raises(PanelError):
        read_panel(make_study({"answers": by_occasion(sheet="Sheet2")}), path)
    with pytest.raises(PanelError):
        read_panel(make_study({"answers": by_occasion(sheet=1)}), path)


@pytest.mark.parametrize("keep", [0, 8, 100, 600, 1100, 1600, 3000])
def test_a_damaged_workbook_ends_in_words(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "answers.xls"
    write_xls(path, [rows_of(answers())])
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    assert isinstance(error_cells(path, 0), list)
    with pytest.raises(PanelError):
        read_panel(make_study(), path)
    path.write_bytes(whole[:512] + b"\x01\0\0\0" * 128 + whole[1024:])  # a circle of sectors
    assert error_cells(path, 0) == []


@pytest.mark.parametrize("suffix", [".xls", ".xlsx"])
@pytest.mark.parametrize(
    "content, words, mend",
    [
        (answers().write_csv(separator="\t"), "holds plain text", ".csv or .txt"),
        ("<html><table><tr><td>id</td></tr></table></html>", "a web page", "save it anew"),
        ('\ufeff <?xml version="1.0"?>\n<Workbook/>', "a web page or XML", "save it anew"),
    ],
)
def test_what_is_only_named_a_workbook_is_called_by_its_kind(
    tmp_path: Path, suffix: str, content: str, words: str, mend: str
) -> None:
    path = tmp_path / f"answers{suffix}"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PanelError) as error:
        read_panel(make_study(), path)
    (finding,) = error.value.findings
    assert finding.code == "unreadable-file"
    assert words in finding.text
    assert mend in finding.mend
