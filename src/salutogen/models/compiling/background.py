"""Kernels are compiled by processes of their own; this one goes on and loads what they keep.

Two processes compile twice as much as one on two cores. And a process that compiles a kernel calls
other copies of what is inside it than one that loads it, which may differ in the last digits: where
kernels are loaded only, the first run has the bytes of the second.
"""

from __future__ import annotations

import atexit
import logging
import os
import subprocess
import sys
from threading import RLock

from salutogen.models.compiling.cache import PARTS, can_be_kept, is_warm, mark

SCRIPT = (
    "import sys; from salutogen.models.compiling.ahead_of_time import compile_for_others; "
    "compile_for_others([int(number) for number in sys.argv[1:]])"
)

_elsewhere: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}
_here: set[tuple[str, ...]] = set()
_lock = RLock()


def compile_in_background(*parts: tuple[str, ...]) -> None:
    """Compile kernels in a process of its own, while this one goes on.

    Models wait for them where they need them; a process that ends earlier takes the other with it.

    Parameters
    ----------
    *parts : tuple of str
        Of `PARTS`, in the order in which they are needed.
    """
    with _lock:
        missing = [part for part in parts if not (part in _elsewhere or is_warm(part))]
        if not missing or not can_be_kept():
            return
        numbers = [str(PARTS.index(part)) for part in missing]
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *numbers],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(_stop, process)
        _elsewhere.update(dict.fromkeys(missing, process))


def is_compiling() -> bool:
    """Whether other processes compile something that nobody has waited for yet."""
    return bool(_elsewhere)


def wait_for_kernels(*parts: tuple[str, ...]) -> None:
    """Wait for what is compiled in the background; nothing to wait for is no error."""
    with _lock:
        for part in parts:
            process = _elsewhere.get(part)
            if process is None or process.stdout is None:
                continue
            while not is_warm(part) and process.stdout.readline():
                pass  # a line comes when a part is there, none when the process has ended
            del _elsewhere[part]
            if process not in _elsewhere.values():
                process.stdout.close()
                process.wait()


def compile_here(part: tuple[str, ...]) -> None:
    """Leave these kernels to this process, which is about to compile them."""
    _here.add(part)


def announce(part: tuple[str, ...]) -> None:
    """Wait for kernels that not every run needs; if nobody compiles them yet, say so in the log.

    Parameters
    ----------
    part : tuple of str
        Of `PARTS`.
    """
    if part in _here:
        return
    if part not in _elsewhere and not is_warm(part):
        logging.getLogger("salutogen").warning("compiling, once")
        if os.environ.get("NUMBA_DISABLE_JIT", "0") == "0":
            compile_in_background(part)
    wait_for_kernels(part)
    if not is_warm(part):  # this process compiles them
        mark(part)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process whose kernels are no longer needed."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
