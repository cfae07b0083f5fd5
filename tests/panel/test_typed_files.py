"""Parquet, Excel, SPSS, Stata and data frames give the same panel as the text file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd
import polars as pl
import pyarrow as pa
import pyreadstat
import pytest

from salutogen.errors import PanelError
from salutogen.panel import Reason, read_panel
from tests.panel.small_studies import (
    answers,
    by_occasion,
    codes,
    found,
    instrument,
    make_study,
    same_panel,
)

STUDY = make_study()


def _gappy() -> pl.DataFrame:
    """Numeric ids and occasions, some answers blank."""
    return answers().with_columns(
        id=pl.Series([str(10 + place // 3) for place in range(18)]),
        M_2=pl.Series([None, *answers()["M_2"].to_list()[1:]], dtype=pl.Int64),
        E_3=pl.Series([*answers()["E_3"].to_list()[:-1], None], dtype=pl.Int64),
    )


def _numeric() -> pl.DataFrame:
    return _gappy().with_columns(pl.col("id").cast(pl.Int64), pl.col("wave").cast(pl.Int64))


def write_xlsx(path: Path, frame: pl.DataFrame, sheets: tuple[str, ...] = ("Data",)) -> None:
    """The smallest workbook: the frame on the last sheet, other sheets empty."""

    def cell(value: object) -> str:
        if value is None:
            return "<c/>"
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rels = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rows = [frame.columns, *frame.iter_rows()]
    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", head + (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.spreadsheetml.sheet.main+xml"/></Types>'))  # fmt: skip
        archive.writestr("_rels/.rels", head + (
            f'<Relationships xmlns="{rels}"><Relationship Id="r1" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'))  # fmt: skip
        listed = "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1)
        )
        archive.writestr("xl/workbook.xml", head + (
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets>'
            "</workbook>"))  # fmt: skip
        links = "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'{head}<Relationships xmlns="{rels}">{links}</Relationships>',
        )
        for n in range(1, len(sheets) + 1):
            inside = body if n == len(sheets) else ""
            archive.writestr(
                f"xl/worksheets/s{n}.xml",
                f'{head}<worksheet xmlns="{main}"><sheetData>{inside}</sheetData></worksheet>',
            )


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx", ".sav", ".dta"])
@pytest.mark.parametrize("numeric", [True, False])
def test_every_file_type_gives_the_same_panel(tmp_path: Path, suffix: str, numeric: bool) -> None:
    frame = _numeric() if numeric else _gappy()
    path = tmp_path / f"answers{suffix}"
    if suffix == ".csv":
        frame.write_csv(path)
    elif suffix == ".parquet":
        frame.write_parquet(path)
    elif suffix == ".xlsx":
        write_xlsx(path, frame)
    elif suffix == ".sav":
        pyreadstat.write_sav(frame.to_pandas(), str(path), variable_value_labels={"M_1": {0: "no"}})
    else:
        pyreadstat.write_dta(frame.to_pandas(), str(path))
    panel = read_panel(STUDY, tmp_path)
    reference = read_panel(STUDY, _gappy())
    assert same_panel(panel, reference, data_row=True)
    assert panel.persons["subject"].to_list() == ["10", "11", "12", "13", "14", "15"]
    assert panel.reasons["mood"]["M_2"][0] == Reason.SKIPPED
    assert panel.inputs[0].name == path.name
    assert not panel.findings


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pandas-object", "arrow", "narwhals"])
def test_every_frame_gives_the_same_panel(kind: str) -> None:
    import narwhals as nw

    frame = _numeric()
    native = {
        "polars": lambda: frame,
        "lazy": frame.lazy,
        "pandas": frame.to_pandas,
        "pandas-object": lambda: frame.to_pandas().astype(object),
        "arrow": frame.to_arrow,
        "narwhals": lambda: nw.from_native(frame),
    }[kind]()
    panel = read_panel(STUDY, native)
    assert same_panel(panel, read_panel(STUDY, _gappy()), data_row=True)
    assert panel.inputs[0].sha256 is None


def test_frames_with_categories_booleans_and_mixed_objects() -> None:
    frame = answers()
    table = frame.to_pandas()
    table["id"] = pd.Categorical(table["id"])
    table["E_1"] = table["E_1"] > 2
    table["M_1"] = [value if place % 2 else str(value) for place, value in enumerate(frame["M_1"])]
    with pytest.raises(PanelError, match="boolean: answer"):
        read_panel(STUDY, table)
    panel = read_panel(make_study({"answers": by_occasion(boolean="answer")}), table)
    assert panel.persons["subject"].to_list() == sorted(set(frame["id"]))
    assert panel.answers["events"]["E_1"].to_list() == [int(v > 2) for v in frame["E_1"]]
    assert panel.answers["mood"]["M_1"].to_list() == frame["M_1"].to_list()


def test_what_is_no_frame_is_refused() -> None:
    for given in (42, object(), [1, 2]):
        with pytest.raises(PanelError) as refused:
            read_panel(STUDY, given)
        assert found(refused.value) == {"unreadable-frame"}
    twice = pd.DataFrame([[1, 2]], columns=["id", "id"])
    with pytest.raises(PanelError) as refused:
        read_panel(STUDY, twice)
    assert found(refused.value) == {"unreadable-frame"}
    with pytest.raises(PanelError) as refused:
        read_panel(STUDY, pa.table({"id": pa.array([], pa.string())}))
    assert found(refused.value) >= {"no-rows"}


def test_spss_values_declared_missing(tmp_path: Path) -> None:
    frame = answers().with_columns(
        M_1=pl.Series([-9, -8, *answers()["M_1"].to_list()[2:]], dtype=pl.Int64)
    )
    path = tmp_path / "answers.sav"
    pyreadstat.write_sav(
        frame.to_pandas(), str(path), missing_ranges={"M_1": [{"lo": -9, "hi": -8}]}
    )
    panel = read_panel(STUDY, path)
    assert found(panel) == {"declared-missing"}
    assert panel.reasons["mood"]["M_1"].to_list()[:3] == [Reason.SKIPPED, Reason.SKIPPED, 0]
    entries = [
        instrument("mood", "M_{1..4}", "0..3", codes=codes(not_asked=(-8,))),
        instrument("events", "E_{1..3}", "0..5", "exposure"),
    ]
    panel = read_panel(make_study(instruments=entries), path)
    assert panel.reasons["mood"]["M_1"].to_list()[:3] == [Reason.SKIPPED, Reason.NOT_ASKED, 0]


def test_dates_of_typed_files(tmp_path: Path) -> None:
    frame = answers().with_columns(
        day=pl.date(2020, 5, 1).dt.offset_by(pl.format("{}d", pl.col("day").cast(pl.Int64)))
    )
    study = make_study({"answers": by_occasion(time={"column": "day", "unit": "date"})})
    expected = [18383.0, 18390.0, 18397.0] * 6
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "a.parquet")
    pyreadstat.write_sav(frame.to_pandas(), str(tmp_path / "a.sav"))
    pyreadstat.write_dta(frame.to_pandas(), str(tmp_path / "a.dta"))
    for suffix in ("csv", "parquet", "sav", "dta"):
        assert read_panel(study, tmp_path / f"a.{suffix}").rows["time"].to_list() == expected


def test_excel_sheets(tmp_path: Path) -> None:
    path = tmp_path / "answers.xlsx"
    write_xlsx(path, answers(), ("Codes", "Data"))
    with pytest.raises(PanelError) as refused:
        read_panel(STUDY, path)
    assert "empty-file" in found(refused.value)
    for sheet in ("Data", 1):
        panel = read_panel(make_study({"answers": by_occasion(sheet=sheet)}), path)
        assert same_panel(panel, read_panel(STUDY, answers()), data_row=True)
    with pytest.raises(PanelError, match="its sheets are 'Codes' and 'Data'"):
        read_panel(make_study({"answers": by_occasion(sheet="Date")}), path)


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".sav", ".dta", ".xls"])
def test_damaged_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"answers{suffix}"
    path.write_bytes(b"this is no such file" * 20)
    with pytest.raises(PanelError) as refused:
        read_panel(STUDY, path)
    assert found(refused.value) == {"unreadable-file"}
    assert path.name in str(refused.value)
