"""Cells of an Excel file that hold an error, or a formula that was never computed, as text.

The library that reads workbooks gives nothing for such a cell, so that it could not be told from a
blank one.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path

from salutogen.panel.readers.sheet_extent import MOST_BYTES, SHEET

UNCOMPUTED = "#FORMULA WITHOUT VALUE"
ERRORS = frozenset(
    {
        "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#N/A", "#GETTING_DATA",
        "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!",
        UNCOMPUTED,
    }
)  # fmt: skip
_CELL = re.compile(
    rb"<((?:\w+:)?)c((?:\s+[\w:]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*>(.*?)</\1c\s*>", re.DOTALL
)
_TYPE = re.compile(rb"\st\s*=\s*[\"'](\w+)[\"']")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</")


def with_errors_as_text(path: Path) -> bytes | None:
    """Copy a workbook with the text of errors in the place of error cells.

    Returns
    -------
    The bytes of the copy; None where no cell holds an error, or the file is no .xlsx workbook.
    """
    try:
        return _mended(path) if zipfile.is_zipfile(path) else None
    except (zipfile.BadZipFile, zlib.error, RuntimeError):
        return None  # a damaged workbook: its reader says so


def _mended(path: Path) -> bytes | None:
    with zipfile.ZipFile(path) as archive:
        mended: dict[str, bytes] = {}
        for entry in archive.infolist():
            if not SHEET.fullmatch(entry.filename) or entry.file_size > MOST_BYTES:
                continue
            data = archive.read(entry)
            if b"<f" in data or b":f" in data or re.search(rb"t\s*=\s*[\"']e[\"']", data):
                written = _CELL.sub(_as_text, data)
                if written != data:
                    mended[entry.filename] = written
        if not mended:
            return None
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as out:
            for entry in archive.infolist():
                out.writestr(
                    entry.filename, mended.get(entry.filename) or archive.read(entry.filename)
                )
        return copy.getvalue()


def _as_text(cell: re.Match[bytes]) -> bytes:
    prefix, attributes, inside = cell[1], cell[2], cell[3]
    kind, value = _TYPE.search(attributes), _VALUE.search(inside)
    stored = value[1].strip() if value else b""
    if kind is not None and kind[1] == b"e":
        text = stored or b"#UNKNOWN!"
    elif _FORMULA.search(inside) and not stored and (kind is None or kind[1] != b"str"):
        text = UNCOMPUTED.encode()
    else:
        return cell[0]
    rest = _TYPE.sub(b"", attributes)
    return b'<%bc%b t="inlineStr"><%bis><%bt>%b</%bt></%bis></%bc>' % (
        prefix, rest, prefix, prefix, text, prefix, prefix, prefix,
    )  # fmt: skip
