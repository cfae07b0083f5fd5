"""Cells of an old Excel file (.xls) that hold an error.

The library that reads workbooks gives nothing for such a cell, so that it could not be told from a
blank one. The layout of these files: Microsoft, [MS-CFB] Compound File Binary File Format and
[MS-XLS] Excel Binary File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!",
    0x2A: "#N/A",
}  # fmt: skip
_NO_SECTOR = 0xFFFFFFFA  # this number and higher ones end a chain
_ENTRY = 128  # bytes of an entry of the directory
_SMALL = 64  # bytes of a sector of the small stream
_BEGIN, _END, _SHEET, _FORMULA, _TRUTH_OR_ERROR = 0x0809, 0x000A, 0x0085, 0x0006, 0x0205
_CELLS = {0x0203, 0x0204, _TRUTH_OR_ERROR, _FORMULA, 0x027E, 0x00BD, 0x00FD, 0x00D6}
_NO_NUMBER = 0xFFFF  # in the last bytes of a formula's value: it is no number
_ERROR_VALUE = 2


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that holds an error: its row of the sheet, its column among those used, its text."""

    row: int
    column: int
    text: str


def error_cells(path: Path, sheet: int) -> list[ErrorCell]:
    """Find the cells of a sheet that hold an error, counted from the first column that is used.

    Parameters
    ----------
    path : Path
    sheet : int
        Number of the sheet, from 0.

    Returns
    -------
    list of ErrorCell
        Empty where the file is no old workbook, or damaged, which its reader says.
    """
    data = path.read_bytes()
    if not data.startswith(_SIGNATURE):
        return []
    try:
        book = _workbook(data)
        begins = [
            struct.unpack_from("<I", body)[0] for kind, body in _records(book, 0) if kind == _SHEET
        ]
        return _errors(book, begins[sheet]) if sheet < len(begins) else []
    except (struct.error, IndexError, ValueError):
        return []


def _errors(book: bytes, begin: int) -> list[ErrorCell]:
    """Read the cells of one sheet; charts inside it have cells of their own, which do not count."""
    depth, found, first = 0, [], None
    for kind, body in _records(book, begin):
        depth += (kind == _BEGIN) - (kind == _END)
        if depth == 0:
            break
        if depth > 1 or kind not in _CELLS:
            continue
        row, column = struct.unpack_from("<HH", body)
        first = column if first is None else min(first, column)
        code = _error_code(kind, body)
        if code is not None:
            found.append((row, column, _ERRORS.get(code, "#UNKNOWN!")))
    return [ErrorCell(row, column - (first or 0), text) for row, column, text in found]


def _error_code(kind: int, body: bytes) -> int | None:
    if kind == _TRUTH_OR_ERROR:
        return body[6] if body[7] else None
    if kind != _FORMULA or struct.unpack_from("<H", body, 12)[0] != _NO_NUMBER:
        return None
    return body[8] if body[6] == _ERROR_VALUE else None


def _records(book: bytes, begin: int) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each record from a place on."""
    while begin + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, begin)
        yield kind, book[begin + 4 : begin + 4 + length]
        begin += 4 + length


def _workbook(data: bytes) -> bytes:
    """Take the stream with the workbook out of the file."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    directory_begin, cutoff, small_begin = struct.unpack_from("<I4xII", data, 48)
    sectors = [data[place : place + size] for place in range(size, len(data), size)]
    table = _numbers(b"".join(sectors[number] for number in _tables(data, sectors)))
    directory = _chain(sectors, table, directory_begin)
    root = directory[:_ENTRY]
    for place in range(0, len(directory), _ENTRY):
        entry = directory[place : place + _ENTRY]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le")
        if name.lower() not in ("workbook", "book"):
            continue
        begin, length = struct.unpack_from("<II", entry, 116)
        if length >= cutoff:
            return _chain(sectors, table, begin)[:length]
        small = _chain(sectors, table, struct.unpack_from("<I", root, 116)[0])
        parts = [small[part : part + _SMALL] for part in range(0, len(small), _SMALL)]
        return _chain(parts, _numbers(_chain(sectors, table, small_begin)), begin)[:length]
    raise ValueError("no workbook")


def _tables(data: bytes, sectors: list[bytes]) -> list[int]:
    """Numbers of the sectors that hold the table of sectors."""
    found = list(struct.unpack_from("<109I", data, 76))
    more = struct.unpack_from("<I", data, 68)[0]
    for _ in sectors:
        if more >= len(sectors):
            break
        *numbers, more = _numbers(sectors[more])
        found += numbers
    return [number for number in found if number < len(sectors)]


def _chain(sectors: list[bytes], table: tuple[int, ...], begin: int) -> bytes:
    """Join the sectors that follow each other in the table."""
    found, number = [], begin
    while number < _NO_SECTOR:
        found.append(sectors[number])
        if len(found) > len(sectors):
            raise ValueError("a circle of sectors")
        number = table[number]
    return b"".join(found)


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
