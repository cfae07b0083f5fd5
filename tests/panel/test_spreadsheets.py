"""Excel files as people have them: hidden sheets, errors, and formulas that were not computed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from salutogen.errors import PanelError
from salutogen.panel import read_panel
from salutogen.panel.readers.excel_errors import UNCOMPUTED, with_errors_as_text
from tests.panel.small_studies import (
    answers,
    by_occasion,
    found,
    instrument,
    make_study,
    same_panel,
)
from tests.panel.test_typed_files import write_xlsx

EXPECTED = read_panel(make_study(), answers())


def change(path: Path, part: str, old: str, new: str) -> None:
    """Replace a piece of one part of a workbook; it must be there."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert re.search(old, parts[part])
    parts[part] = re.sub(old, new, parts[part], count=1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def refused(study: Any, path: Path) -> tuple[Any, ...]:
    with pytest.raises(PanelError) as error:
        read_panel(study, path)
    return error.value.findings


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_read_only_where_it_is_named(tmp_path: Path, state: str) -> None:
    path = tmp_path / "answers.xlsx"
    write_xlsx(path, answers(), ("Old", "Data"))
    change(path, "xl/workbook.xml", 'name="Old"', f'name="Old" state="{state}"')
    panel = read_panel(make_study(), path)
    assert same_panel(panel, EXPECTED, data_row=True)
    (note,) = panel.findings
    assert "1 of them hidden" in note.text
    assert "'Data'" in note.text
    write_xlsx(path, answers(), ("Data",))
    change(path, "xl/workbook.xml", 'name="Data"', f'name="Data" state="{state}"')
    assert [one.code for one in refused(make_study(), path)] == ["sheet-hidden"]
    named = make_study({"answers": by_occasion(sheet="Data")})
    panel = read_panel(named, path)
    assert same_panel(panel, EXPECTED, data_row=True)
    assert not panel.findings
    write_xlsx(path, answers(), ("Old", "Data"))
    assert "as the study file says" in read_panel(named, path).findings[0].text


@pytest.mark.parametrize("form", ["explicit", "tick-list"])
@pytest.mark.parametrize(
    "cell, shown",
    [
        ('<c t="e"><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="H5" s="1" t="e"><f>1/0</f><v>#REF!</v></c>', "#REF!"),
        ("<c t='e'><v>#NAME?</v></c>", "#NAME?"),
        ("<c><f>SUM(A1:A2)</f></c>", UNCOMPUTED),
        ("<c><f>SUM(A1:A2)</f><v></v></c>", UNCOMPUTED),
        ('<c t="n"><f t="shared" si="0"/><v/></c>', UNCOMPUTED),
    ],
)
def test_an_error_is_never_a_blank(tmp_path: Path, form: str, cell: str, shown: str) -> None:
    frame = answers().with_columns(E_1=pl.when(pl.int_range(18) == 3).then(77).otherwise("E_1"))
    path = tmp_path / "answers.xlsx"
    write_xlsx(path, frame)
    change(path, "xl/worksheets/s1.xml", "<c><v>77</v></c>", cell.replace("\\", "\\\\"))
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure", form=form),
    ]
    (finding,) = refused(make_study(instruments=entries), path)
    assert finding.code == "impossible-answer"
    assert (finding.evidence.column, finding.evidence.rows) == ("E_1", (4,))
    assert shown in finding.text
    assert "spreadsheet" in finding.mend
    lenient = make_study(instruments=entries, invalid="missing")
    assert read_panel(lenient, path).answers["events"]["E_1"].is_null().arg_true().to_list() == [3]


def test_formulas_with_a_value_are_their_value(tmp_path: Path) -> None:
    frame = answers()
    frame[3, "E_1"], frame[4, "E_1"] = 77, 78
    path = tmp_path / "answers.xlsx"
    write_xlsx(path, frame)
    assert with_errors_as_text(path) is None
    change(path, "xl/worksheets/s1.xml", "<c><v>77</v></c>", "<c><f>1+1</f><v>2</v></c>")
    change(path, "xl/worksheets/s1.xml", "<c><v>78</v></c>", '<c t="str"><f>""</f><v></v></c>')
    assert with_errors_as_text(path) is None
    panel = read_panel(make_study(), path)
    assert panel.answers["events"]["E_1"].to_list()[3:5] == [2, None]


def test_a_sheet_with_a_cell_far_away_is_refused_before_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "answers.xlsx"
    write_xlsx(path, answers())
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    change(path, "xl/worksheets/s1.xml", "</sheetData>", far)
    assert [one.code for one in refused(make_study(), path)] == ["file-too-large"]


@pytest.mark.parametrize("column", ["id", "wave", "site"])
def test_an_error_names_no_person_occasion_or_group(tmp_path: Path, column: str) -> None:
    frame = answers().with_columns(site=pl.lit("A"))
    for cell, suffix in (("#REF!", "csv"), ("#N/A", "csv")):
        frame[3, column] = cell
        path = tmp_path / f"answers.{suffix}"
        frame.write_csv(path)
        plan = {"background": {"site": {"column": "site", "kind": "category"}}}
        findings = refused(make_study(**plan), path)
        (finding,) = [one for one in findings if one.code == "error-cell"]
        assert (finding.evidence.column, finding.evidence.rows) == (column, (4,))


def test_words_of_errors_are_blank_only_where_a_blank_is_no_answer() -> None:
    frame = answers().with_columns(pl.col("E_1").cast(pl.String))
    frame[3, "E_1"] = "#N/A"
    assert found(read_panel(make_study(), frame)) == {"blank-words"}
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure", form="tick-list"),
    ]
    with pytest.raises(PanelError) as error:
        read_panel(make_study(instruments=entries), frame)
    assert found(error.value) == {"impossible-answer"}
