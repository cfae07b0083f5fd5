"""The lock beside an output folder: one run at a time writes it.

The lock is a file that names machine and process. The operating system holds it for the process,
so that the lock of a process that died is free; on disks where it cannot, the process is looked
for. A lock that another machine left cannot be told from one in use, so it is respected.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from salutogen.pipeline.stopping import unstopped

_AT = 1 << 30  # Windows locks bytes, not files: one that nobody reads
_NOT_OFFERED = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


class LockedError(Exception):
    """Another process has the lock.

    Attributes
    ----------
    holder : mapping
        `host`, `process` and `since`, as far as the lock tells them.
    here : bool
        Whether the holder is on this machine.
    """

    def __init__(self, holder: Mapping[str, Any]) -> None:
        self.holder = holder
        self.here = holder.get("host", platform.node()) == platform.node()
        super().__init__(str(dict(holder)))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; it is gone afterwards.

    Raises
    ------
    LockedError
        Another process holds it, or a process of another machine left it.
    OSError
        The file cannot be written.
    """
    descriptor = _take(path)
    try:
        yield
    finally:
        with unstopped():
            if os.name == "nt":  # an open file cannot be deleted there
                os.close(descriptor)
            with suppress(OSError):  # a lock that stays is free once this process has ended
                path.unlink(missing_ok=True)
            if os.name != "nt":
                os.close(descriptor)


def _take(path: Path) -> int:
    """Open, lock and sign the file; again where its holder deleted it in between."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        try:
            offered = _hold(descriptor)
            found = _holder(descriptor)
            if offered and not _is_still(path, descriptor):
                os.close(descriptor)
                continue
            if found and (found.get("host") != platform.node() or not (offered or _gone(found))):
                raise LockedError(found)
            _sign(descriptor)
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise LockedError(holder) from None
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _hold(descriptor: int) -> bool:
    """Let the system hold the file for this process; False where the disk does not offer it.

    Raises
    ------
    BlockingIOError
        Another process has it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _AT, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except PermissionError as error:
                raise BlockingIOError from error
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NOT_OFFERED:
            return False
        raise
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the open file still stands under its name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> dict[str, Any]:
    """Who signed the file; nothing where nobody has, or not in a form that can be read."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with suppress(ValueError):
        content = json.loads(os.read(descriptor, 4096))
        if isinstance(content, dict):
            return content
    return {}


def _sign(descriptor: int) -> None:
    content = {
        "host": platform.node(),
        "process": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(content).encode())


def _gone(holder: Mapping[str, Any]) -> bool:
    """Whether the process of this machine that signed has ended."""
    process = holder.get("process")
    if not isinstance(process, int) or process <= 0 or os.name == "nt":
        return False  # asking on Windows would end the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
