"""What is looked at before a file is read: that it is a plain file, and can be held.

A small file can stand for a very large one, and a pipe or a device for one without end.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib

from salutogen.findings import Findings
from salutogen.memory import memory_left
from salutogen.panel.readers.source_table import SourceFile
from salutogen.plain_files import require_plain

MOST_UNPACKED = 2**27
"""Bytes to which any packed file may grow."""
MOST_TIMES = 100
"""Answers are hardly ever packed into less than a hundredth: what grows further must be small."""
BYTES_PER_CELL = 8
_WORKBOOKS = (".xlsx", ".xls")
_PACKED_SAV = b"$FL3"
_DEFLATED = 1032  # times that zlib can make something smaller
_PIECE = 2**20
_MOST_ROWS = 2**31 - 1  # that libraries count
_COPIES = 2  # text is held as bytes and as cells at the same time


def is_fit(file: SourceFile, findings: Findings) -> bool:
    """Tell whether a file may be opened; say why not.

    It must be a plain file that is not empty. What is read as a whole (anything but Parquet) must
    fit into the memory that is left, unpacked where it is a workbook.
    """
    try:
        size = require_plain(file.path).st_size
        if size == 0:
            findings.tell("empty-file", file=file.label)
            return False
        with file.path.open("rb") as opened:
            begins = opened.read(4)
    except FileNotFoundError:
        findings.tell("data-not-found", variant="file", path=str(file.path), file=file.label)
        return False
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        findings.tell("unreadable-file", file=file.label, reason=reason)
        return False
    if begins == b"PAR1":
        return True
    if not fits_memory(_COPIES * size, file, findings):
        return False
    packed = begins == b"PK\3\4" and file.path.suffix.lower() in _WORKBOOKS
    return _unpacks(file, findings) if packed else True


def fits_memory(needed: float, file: SourceFile, findings: Findings) -> bool:
    """Tell whether so many bytes can be held; say so where they cannot."""
    left = memory_left()
    if left is None or needed <= left:
        return True
    findings.tell(
        "file-too-large", variant="memory", file=file.label, needed=needed / 1e9, left=left / 1e9
    )
    return False


def most_rows(rows: int | None, columns: int, file: SourceFile, findings: Findings) -> int | None:
    """Return how many rows may be read of a file that says how many it has, at the most.

    Returns
    -------
    int or None
        None, and a finding, where they could not be held. Where the file does not say how many
        rows it has: as many as can be held.
    """
    left, row = memory_left(), BYTES_PER_CELL * max(1, columns)
    if rows is None or rows < 0:
        return _MOST_ROWS if left is None else min(_MOST_ROWS, left // row)
    if left is None or rows * row <= left:
        return rows
    findings.tell(
        "file-too-large",
        variant="rows",
        file=file.label,
        count=rows,
        columns=columns,
        needed=rows * row / 1e9,
        left=left / 1e9,
    )
    return None


def may_have(rows: int | None, columns: int, file: SourceFile, findings: Findings) -> bool:
    """Tell whether a file of its size can have so many cells, of at least a byte each."""
    if rows is None or rows < 0:
        return True
    with file.path.open("rb") as opened:
        packed = opened.read(4) == _PACKED_SAV
    if rows * columns <= file.path.stat().st_size * (_DEFLATED if packed else 1):
        return True
    findings.tell("unreadable-file", variant="rows", file=file.label, count=rows, columns=columns)
    return False


def unpacked_text(raw: bytes, file: SourceFile, findings: Findings) -> bytes | None:
    """Unpack a text that was packed by gzip, as long as it stays within what text can be."""
    pieces: list[bytes] = []
    size, packed = 0, io.BytesIO(raw)
    try:
        with gzip.GzipFile(fileobj=packed) as whole:
            while piece := whole.read(_PIECE):
                pieces.append(piece)
                size += len(piece)
                if _grows(size, packed.tell(), file, findings):
                    return None
    except (OSError, EOFError, zlib.error) as error:
        findings.tell("unreadable-file", variant="compressed", file=file.label, reason=str(error))
        return None
    return b"".join(pieces)


def _grows(unpacked: int, packed: int, file: SourceFile, findings: Findings) -> bool:
    """Whether so much came out of so few bytes that no answers can be meant."""
    if unpacked > max(MOST_UNPACKED, MOST_TIMES * packed):
        findings.tell("file-too-large", variant="unpacked", file=file.label, times=MOST_TIMES)
        return True
    return not fits_memory(_COPIES * unpacked, file, findings)


def _unpacks(file: SourceFile, findings: Findings) -> bool:
    """Whether the parts of a workbook unpack to what they say, and to what can be held.

    Each part is unpacked piece by piece and thrown away: what it says of its size may be wrong.
    """
    unpacked = packed = 0
    with zipfile.ZipFile(file.path) as archive:
        for entry in archive.infolist():
            packed += entry.compress_size
            with archive.open(entry) as part:
                while piece := part.read(_PIECE):
                    unpacked += len(piece)
                    if _grows(unpacked, packed, file, findings):
                        return False
    return True
