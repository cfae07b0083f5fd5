"""Files that are read whole: plain ones and no larger than they may be.

A pipe, a device or a socket in the place of a file could be waited for, or read, without end.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class TooLargeError(OSError):
    """A file is larger than it may be; `size` in bytes, as far as it is known."""

    def __init__(self, size: int) -> None:
        super().__init__(f"it has {size / 1e6:,.0f} MB")
        self.size = size


def require_plain(path: Path) -> os.stat_result:
    """Look at a file, without opening it.

    Raises
    ------
    OSError
        It is not there, or is something else than a file: `strerror` says what.
    ValueError
        No file can have this name.
    """
    found = path.stat()
    for is_kind, name in _KINDS:
        if is_kind(found.st_mode):
            raise OSError(None, f"it is {name}, not a file", str(path))
    return found


def read_plain(path: Path, most: int) -> bytes:
    """Read a plain file of at most so many bytes.

    Raises
    ------
    TooLargeError
        It is larger, or grows while it is read.
    OSError, ValueError
        As `require_plain`, or it cannot be read.
    """
    size = require_plain(path).st_size
    if size <= most:
        with path.open("rb") as file:
            content = file.read(most + 1)
        size = max(size, len(content))
        if size <= most:
            return content
    raise TooLargeError(size)
