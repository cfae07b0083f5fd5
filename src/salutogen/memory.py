"""Memory: how much a process may still take, and how what was freed goes back to the system."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_GROUPS = (  # limit and use of a control group: its second and its first version
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def memory_left() -> int | None:
    """Bytes that can still be taken: the least of what machine, group and process may have.

    Returns
    -------
    int or None
        None where the system does not tell.
    """
    found = [_of_machine(), _of_process(), *(_of_group(*pair) for pair in _GROUPS)]
    known = [size for size in found if size is not None]
    return max(0, min(known)) if known else None


def address_space() -> int | None:
    """Bytes of address space that this process may use, where that is limited (`ulimit -v`)."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def give_back_memory() -> None:
    """Return freed memory to the system.

    The C library keeps what lies between pieces still in use. Of a million persons that is a
    quarter of all; nothing is done where the library has no way to return it.
    """
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _of_machine() -> int | None:
    kilobytes = _entry(_PROC / "meminfo", "MemAvailable:")
    return None if kilobytes is None else kilobytes * 1024


def _of_process() -> int | None:
    limit = address_space()
    if limit is None:
        return None
    used = _entry(_PROC / "self" / "status", "VmSize:")
    return limit - (used or 0) * 1024


def _of_group(limit: str, used: str) -> int | None:
    try:
        return int(Path(limit).read_text("ascii")) - int(Path(used).read_text("ascii"))
    except (OSError, ValueError):  # no such group, or one without a limit
        return None


def _entry(path: Path, name: str) -> int | None:
    try:
        lines = path.read_text("ascii", "replace").splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith(name)), None)
    except (OSError, ValueError, IndexError):
        return None
