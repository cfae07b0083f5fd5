"""Workbooks of Excel 97 (.xls), written by hand: texts, numbers, errors and formulas."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SECTOR = 512
END, FAT_SECTOR, FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
CODES = {
    "#NULL!": 0x00, "#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17,
    "#NAME?": 0x1D, "#NUM!": 0x24, "#N/A": 0x2A,
}  # fmt: skip


class Computed(NamedTuple):
    """A formula whose value is an error."""

    error: str


Cell = str | float | bool | Computed | None


def write_xls(
    path: Path,
    sheets: Sequence[Sequence[Sequence[Cell]]],
    *,
    first: tuple[int, int] = (0, 0),
    small: bool = False,
) -> None:
    """Write sheets of cells; a text such as `#REF!` is an error.

    `first` is the place of the first cell; `small` leaves a short workbook in the small stream.
    """
    stream = _workbook(sheets, first)
    if not small:
        stream = stream.ljust(4096, b"\0")
    path.write_bytes(_container(stream))


def _workbook(sheets: Sequence[Sequence[Sequence[Cell]]], first: tuple[int, int]) -> bytes:
    bodies = [_sheet(rows, first) for rows in sheets]
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0))
    begin += _record(0x0042, struct.pack("<H", 1200))
    names = [f"Sheet{number}".encode("latin-1") for number in range(1, len(sheets) + 1)]
    length = len(begin) + sum(4 + 8 + len(name) for name in names) + 4
    bounds = b""
    for name, body in zip(names, bodies, strict=True):
        told = struct.pack("<IBBBB", length, 0, 0, len(name), 0) + name
        bounds += _record(0x0085, told)
        length += len(body)
    return begin + bounds + _record(0x000A, b"") + b"".join(bodies)


def _sheet(rows: Sequence[Sequence[Cell]], first: tuple[int, int]) -> bytes:
    body = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0))
    for row, cells in enumerate(rows, start=first[0]):
        for column, cell in enumerate(cells, start=first[1]):
            body += _cell(struct.pack("<HHH", row, column, 0), cell)
    return body + _record(0x000A, b"")


def _cell(place: bytes, cell: Cell) -> bytes:
    if cell is None:
        return b""
    if isinstance(cell, Computed):
        value = struct.pack("<BBBBBBH", 2, 0, CODES[cell.error], 0, 0, 0, 0xFFFF)
        return _record(0x0006, place + value + struct.pack("<HIH", 0, 0, 0))
    if isinstance(cell, bool):
        return _record(0x0205, place + struct.pack("<BB", cell, 0))
    if isinstance(cell, int | float):
        return _record(0x0203, place + struct.pack("<d", cell))
    if cell in CODES:
        return _record(0x0205, place + struct.pack("<BB", CODES[cell], 1))
    text = cell.encode("utf-16-le")
    return _record(0x0204, place + struct.pack("<HB", len(cell), 1) + text)


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _container(stream: bytes) -> bytes:
    """Put the workbook into the file system that such a file is."""
    small = len(stream) < 4096
    size = len(stream)
    stream = stream.ljust(-(-size // SECTOR) * SECTOR, b"\0")
    sectors = len(stream) // SECTOR
    small_fat = b""
    if small:
        parts = -(-size // 64)
        chain = [*range(1, parts), END]
        small_fat = struct.pack(f"<{parts}I", *chain).ljust(SECTOR, b"\xff")
    first = 2 + len(small_fat) // SECTOR  # table of sectors, directory, small table, stream
    chain = [FAT_SECTOR, END, *([END] if small else []), *range(first + 1, first + sectors), END]
    tables = -(-len(chain) // (SECTOR // 4))
    assert tables == 1, "too long for one table of sectors"
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(SECTOR, b"\xff")
    whole = len(stream) if small else 0
    directory = _entry("Root Entry", 5, first if small else END, whole, child=1)
    directory += _entry("Workbook", 2, 0 if small else first, size)
    directory = directory.ljust(SECTOR, b"\0")
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 2 if small else END, int(small), END, 0)
    header += struct.pack("<I", 0) + struct.pack("<I", FREE) * 108
    return header + fat + directory + small_fat + stream


def _entry(name: str, kind: int, first: int, size: int, child: int = FREE) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    entry = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
    entry += struct.pack("<III", FREE, FREE, child) + bytes(36)
    return entry + struct.pack("<II", first, size) + bytes(4)
