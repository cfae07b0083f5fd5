"""Numbers of threads in the environment, looked at before any library reads them."""

from __future__ import annotations

import os

from salutogen.errors import UsageError
from salutogen.findings import finding

READ = ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")  # others are lenient with what is no number


def require_threads() -> None:
    """Refuse settings that would stop a library in the middle of a run.

    Raises
    ------
    UsageError
        A variable is set and is no whole number from 1.
    """
    wrong = [
        finding("threads-setting", name=name, value=value)
        for name in READ
        if (value := os.environ.get(name)) and not _counts(value)
    ]
    if wrong:
        raise UsageError(wrong)


def _counts(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value[:9]) > 0
