"""What is freed goes back to the system, where the C library can be told to."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest

from salutogen.memory import give_back_memory


def resident() -> float:
    """Resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the system of Linux")
def test_freed_pieces_between_kept_ones_are_returned() -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("this C library returns memory by itself")
    pieces = [np.ones(8_000) for _ in range(3_000)]  # too small to be mapped one by one
    kept = pieces[::100]
    before = resident()
    pieces = kept
    give_back_memory()
    assert resident() < before - 100
    assert len(pieces) == 30
