"""One sheet of an Excel file, as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.readers.excel_errors import with_errors_as_text
from salutogen.panel.readers.header import (
    LOOKED_AT,
    header_is_sound,
    header_row,
    named_columns,
    row_above,
    tell_header_elsewhere,
    tell_rows_above_data,
)
from salutogen.panel.readers.old_excel_errors import ErrorCell, error_cells
from salutogen.panel.readers.sheet_extent import far_extent, odd_place
from salutogen.panel.readers.source_table import SourceFile, SourceTable, file_table

if TYPE_CHECKING:
    from pathlib import Path

    import fastexcel

_SAMPLE = 4096
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1f]")


def read_excel(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Read one sheet of an Excel file, as text; cells that hold an error are its text."""
    import fastexcel

    if (kind := _text_inside(file.path)) is not None:
        findings.tell("unreadable-file", variant=kind, file=file.label)
        return None
    place = odd_place(file.path)
    if place is not None:
        findings.tell("unreadable-file", variant="place", file=file.label, place=place)
        return None
    extent = far_extent(file.path)
    if extent is not None:
        cells, filled = extent
        findings.tell(
            "file-too-large", variant="sheet", file=file.label, cells=cells, filled=filled
        )
        return None
    mended = with_errors_as_text(file.path)
    workbook = fastexcel.read_excel(file.path if mended is None else mended)
    sheet = _sheet(workbook, file, findings)
    if sheet is None:
        return None
    source = file.source
    whole = _with_errors(_cells(workbook, sheet), _number(workbook, sheet), file.path)
    table, above = _from_header(whole, source.skip_rows)
    if table.height == 0:
        findings.tell("empty-file", file=file.label)
        return None
    records = [_texts(row) for row in table.head(LOOKED_AT).iter_rows()]
    elsewhere = header_row(records, file.expected)
    if not elsewhere and not set(file.expected).intersection(records[0]):
        skipped = row_above([_texts(row) for row in whole.head(above).iter_rows()], file.expected)
        elsewhere = None if skipped is None else skipped - above
    if elsewhere:
        tell_header_elsewhere(elsewhere, above, file.label, len(file.expected), findings)
        return None
    if not header_is_sound(records[0], file.expected, file.label, findings):
        return None
    frame = table.slice(1)
    frame.columns = named_columns(records[0])
    further = source.header_rows - 1
    read = file_table(file, frame.slice(further), findings, header=frame.head(further))
    if read is not None:
        tell_rows_above_data(source.skip_rows, source.header_rows - 1, file.label, findings)
    return read


def _text_inside(path: Path) -> str | None:
    """Whether a file that is named as a workbook holds plain text or a web page."""
    with path.open("rb") as opened:
        begin = opened.read(_SAMPLE)
    if not begin or b"\0" in begin or begin.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return None
    if begin.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return "page"
    return "text" if begin.count(b"\n") and not _CONTROL.search(begin) else None


def _sheet(workbook: fastexcel.ExcelReader, file: SourceFile, findings: Findings) -> Any:
    """Name or number of the sheet to read: the one named, else the first that is not hidden."""
    sheets, named = workbook.sheet_names, file.source.sheet
    if named is not None:
        known = named in sheets if isinstance(named, str) else 0 <= named < len(sheets)
        if known:
            title = named if isinstance(named, str) else sheets[named]
            if len(sheets) > 1:
                findings.tell(
                    "first-sheet", variant="named", file=file.label, sheets=len(sheets), first=title
                )
            return named
        findings.tell("sheet-not-found", file=file.label, sheet=named, sheets=sheets)
        return None
    visible = [
        place
        for place in range(len(sheets))
        if workbook.load_sheet(place, header_row=None, n_rows=1, dtypes="string").visible
        == "visible"
    ]
    if not visible:
        findings.tell("sheet-hidden", file=file.label, sheets=len(sheets))
        return None
    if len(sheets) > 1:
        hidden = len(sheets) - len(visible)
        findings.tell(
            "first-sheet",
            variant="hidden" if hidden else "",
            file=file.label,
            sheets=len(sheets),
            first=sheets[visible[0]],
            hidden=hidden,
        )
    return visible[0]


def _cells(workbook: fastexcel.ExcelReader, sheet: str | int) -> pl.DataFrame:
    """Every cell of a sheet from its first row on, as text."""
    loaded = workbook.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string")
    return loaded.to_polars() if loaded.width else pl.DataFrame()


def _number(workbook: fastexcel.ExcelReader, sheet: str | int) -> int:
    return sheet if isinstance(sheet, int) else workbook.sheet_names.index(sheet)


def _with_errors(cells: pl.DataFrame, sheet: int, path: Path) -> pl.DataFrame:
    """Write the text of errors into the cells of an old workbook that hold one."""
    by_column: dict[int, list[ErrorCell]] = {}
    for cell in error_cells(path, sheet):
        by_column.setdefault(cell.column, []).append(cell)
    for place, found in by_column.items():
        column = cells.to_series(place)
        rows, texts = [cell.row for cell in found], [cell.text for cell in found]
        cells.replace_column(place, column.scatter(rows, texts))
    return cells


def _from_header(table: pl.DataFrame, skip_rows: int) -> tuple[pl.DataFrame, int]:
    """Return the rows from the header on, and how many rows of the sheet stand above."""
    table = table.slice(skip_rows)
    blank = 0
    for row in table.iter_rows():
        if any(_texts(row)):
            break
        blank += 1
    return table.slice(blank), skip_rows + blank


def _texts(row: tuple[Any, ...]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in row]
