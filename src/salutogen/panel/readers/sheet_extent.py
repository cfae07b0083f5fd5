"""How far the cells of an Excel sheet reach, and whether they say where they stand."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
MOST_BYTES = 2**30  # larger sheets are left to the reader as they are
_IN_CELL_OR_ROW = rb"""<(?:\w+:)?(?:c|row)\b[^>]*?\sr\s*=\s*(["'])"""
_ROWS = re.compile(_IN_CELL_OR_ROW + rb"[A-Za-z]{0,3}(\d{1,7})\1")
_COLUMNS = {number: re.compile(rb"""\br\s*=\s*["'][A-Za-z]{%d}\d""" % number) for number in (2, 3)}
_LAST_ROW = 1_048_576
_NO_PLACE = re.compile(  # beyond column XFD, the last; or no place at all
    _IN_CELL_OR_ROW
    + rb"(?!(?i:[A-Z]{1,2}|[A-W][A-Z]{2}|X[A-E][A-Z]|XF[A-D])?[1-9]\d{0,6}\1)([^\"']*)"
)
_SHOWN = 20
_WIDTHS = {1: 26, 2: 702, 3: 16_384}  # columns that so many letters can name
_MOST_CELLS = 50_000_000
_MOST_TIMES = 100


def far_extent(path: Path) -> tuple[int, int] | None:
    """Find a sheet whose few cells stand so far apart that it could not be held whole.

    Returns
    -------
    Cells from the first to the last, and how many of them are filled; None where all is well.
    """
    for sheet in _sheets(path):
        extent = _extent(sheet)
        if extent[0] > max(_MOST_CELLS, _MOST_TIMES * extent[1]):
            return extent
    return None


def odd_place(path: Path) -> str | None:
    """Find a row or cell that names a place which no sheet has, such as `ZZZZ1`."""
    for sheet in _sheets(path):
        found = _NO_PLACE.search(sheet)
        if found is not None:
            return found[2][:_SHOWN].decode("utf-8", "replace")
        if (last := _last_row(sheet)) > _LAST_ROW:
            return str(last)
    return None


def _last_row(sheet: bytes) -> int:
    return max((int(row) for row in {found[1] for found in _ROWS.findall(sheet)}), default=0)


def _sheets(path: Path) -> Iterator[bytes]:
    """Each sheet of a workbook; none where it is damaged, which its reader says."""
    with suppress(zipfile.BadZipFile, zlib.error, RuntimeError):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    if SHEET.fullmatch(entry.filename) and entry.file_size <= MOST_BYTES:
                        yield archive.read(entry)


def _extent(data: bytes) -> tuple[int, int]:
    """Cells between the first and the last of a sheet, by its rows and letters; and how many."""
    rows = _last_row(data)
    letters = next((number for number in (3, 2) if _COLUMNS[number].search(data)), 1)
    return rows * _WIDTHS[letters], sum(data.count(mark) for mark in (b"<c ", b"<c>", b":c "))
