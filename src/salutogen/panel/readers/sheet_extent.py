"""How far the cells of an Excel sheet reach, told before they are read."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
MOST_BYTES = 2**30  # larger sheets are left to the reader as they are
_ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["'](\d{1,7})["']""")
_COLUMNS = {number: re.compile(rb"""\br\s*=\s*["'][A-Z]{%d}\d""" % number) for number in (2, 3)}
_WIDTHS = {1: 26, 2: 702, 3: 16_384}  # columns that so many letters can name
_MOST_CELLS = 50_000_000
_MOST_TIMES = 100


def far_extent(path: Path) -> tuple[int, int] | None:
    """Find a sheet whose few cells stand so far apart that it could not be held whole.

    Returns
    -------
    Cells from the first to the last, and how many of them are filled; None where all is well.
    """
    try:
        if not zipfile.is_zipfile(path):
            return None
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if SHEET.fullmatch(entry.filename) and entry.file_size <= MOST_BYTES:
                    extent = _extent(archive.read(entry))
                    if extent[0] > max(_MOST_CELLS, _MOST_TIMES * extent[1]):
                        return extent
    except (zipfile.BadZipFile, zlib.error, RuntimeError):
        return None  # a damaged workbook: its reader says so
    return None


def _extent(data: bytes) -> tuple[int, int]:
    """Cells between the first and the last of a sheet, by its rows and letters; and how many."""
    rows = max((int(row) for row in _ROW.findall(data)), default=0)
    letters = next((number for number in (3, 2) if _COLUMNS[number].search(data)), 1)
    return rows * _WIDTHS[letters], sum(data.count(mark) for mark in (b"<c ", b"<c>", b":c "))
