"""The one place that loads numba: compiled kernels are kept in the user's cache folder."""

from __future__ import annotations

import os

from salutogen.models.compiling.cache import cache_folder

os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder()))

import numba  # reads the variable above while it loads

# Where numba was loaded by someone else before the variable was set:
settings = vars(numba.config)
settings["CACHE_DIR"] = settings.get("CACHE_DIR") or os.environ["NUMBA_CACHE_DIR"]

njit = numba.njit

__all__ = ["njit"]
