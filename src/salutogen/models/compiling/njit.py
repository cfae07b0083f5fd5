"""The one place that loads numba: compiled kernels are kept in the user's cache folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from salutogen.models.compiling.cache import cache_folder

os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder()))

import numba  # reads the variable above while it loads

# Where numba was loaded by someone else before the variable was set:
settings = vars(numba.config)
settings["CACHE_DIR"] = settings.get("CACHE_DIR") or os.environ["NUMBA_CACHE_DIR"]

__all__ = ["njit"]


def njit[F: Callable[..., Any]](*, cache: bool, **options: Any) -> Callable[[F], F]:
    """Compile a function at its first call, as `numba.njit`; a disk that refuses costs time only.

    Parameters
    ----------
    cache : bool
        Keep the machine code. Where no folder can be written (read-only disks, no home), or one is
        full, the function is compiled for this process alone.
    **options
        As of `numba.njit`.
    """

    def compiled(function: F) -> F:
        try:
            made: F = numba.njit(cache=cache, **options)(function)
        except RuntimeError:  # numba found no folder that it may write
            made = numba.njit(**options)(function)
        kept = getattr(made, "_cache", None)  # absent where nothing is compiled at all
        if kept is not None:
            kept.save_overload = _where_possible(kept.save_overload)
        return made

    return compiled


def _where_possible(save: Callable[..., None]) -> Callable[..., None]:
    """Save machine code, or go on without."""

    def saved(*arguments: Any) -> None:
        with suppress(OSError):
            save(*arguments)

    return saved
