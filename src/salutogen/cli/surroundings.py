"""What a process is given to compute with, looked at before any library meets it.

Libraries end the whole process, at any moment and without words for people, where their threads or
their memory are not to be had.
"""

from __future__ import annotations

import os

from salutogen.errors import UsageError
from salutogen.findings import finding
from salutogen.memory import address_space

THREADS = ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")  # others are lenient with what is no number
LEAST_MEMORY = 2 * 10**9  # bytes of address space in which a run of a small study goes through


def require_surroundings() -> None:
    """Refuse settings under which libraries would end a run in the middle.

    Raises
    ------
    UsageError
        A number of threads is no whole number from 1, or less memory may be used than any run
        needs.
    """
    wrong = [
        finding("threads-setting", name=name, value=value)
        for name in THREADS
        if (value := os.environ.get(name)) and not _counts(value)
    ]
    limit = address_space()
    if limit is not None and limit < LEAST_MEMORY:
        wrong.append(finding("memory-limit", limit=limit // 10**6, least=LEAST_MEMORY // 10**6))
    if wrong:
        raise UsageError(wrong)


def _counts(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) > 0
