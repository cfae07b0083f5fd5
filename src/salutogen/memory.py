"""Memory of large studies: what was freed goes back to the system."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back_memory() -> None:
    """Return freed memory to the system.

    The C library keeps what lies between pieces still in use. Of a million persons that is a
    quarter of all; nothing is done where the library has no way to return it.
    """
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
