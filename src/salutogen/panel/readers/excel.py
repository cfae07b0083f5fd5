"""One sheet of an Excel file, as text."""

from __future__ import annotations

from salutogen.findings import Findings
from salutogen.panel.readers.source_table import (
    SourceFile,
    SourceTable,
    file_table,
    header_is_sound,
    named_columns,
)


def read_excel(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Read one sheet of an Excel file, as text."""
    import fastexcel

    workbook = fastexcel.read_excel(file.path)
    sheets = workbook.sheet_names
    sheet = file.source.sheet if file.source.sheet is not None else 0
    known = sheet in sheets if isinstance(sheet, str) else 0 <= sheet < len(sheets)
    if not known:
        findings.tell("sheet-not-found", file=file.label, sheet=sheet, sheets=sheets)
        return None
    if file.source.sheet is None and len(sheets) > 1:
        findings.tell("first-sheet", file=file.label, sheets=len(sheets), first=sheets[0])
    table = workbook.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    if table.height == 0:
        findings.tell("empty-file", file=file.label)
        return None
    header = ["" if cell is None else str(cell) for cell in table.row(0)]
    if not header_is_sound(header, file.label, findings):
        return None
    frame = table.slice(1)
    frame.columns = named_columns(header)
    return file_table(file, frame, findings)
