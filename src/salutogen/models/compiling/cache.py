"""Where compiled kernels are kept, and whether they are there; loads neither numba nor NumPy."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

MODELS = Path(__file__).parents[1]
NEEDED = (
    "resampling/_kernels_bootstrap.py",
    "moments/_kernels_reduction.py",
    "mixed/likelihood/_kernels_sums.py",
    "mixed/likelihood/_kernels_profile.py",
    "person_levels/_kernels_levels.py",
)  # what every run compiles
K_MEANS = (
    "k_means/_kernels_starts.py",
    "k_means/_kernels_lloyd.py",
    "k_means/_kernels_pairs.py",
)
MIXTURES = (
    "mixture/likelihood/_kernels_density.py",
    "mixture/likelihood/_kernels_pass.py",
    "mixture/likelihood/_kernels_layout.py",
    "mixture/likelihood/_kernels_quasi_newton.py",
    "mixture/likelihood/_kernels_em.py",
)
PARTS = (NEEDED, K_MEANS, MIXTURES)  # what a process of its own may compile


def cache_folder() -> Path:
    """Return the folder of compiled kernels: `NUMBA_CACHE_DIR`, else the user's cache.

    Where the user has no home the folder is one that cannot be, so that nothing is kept.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return Path(chosen)
    try:
        return _users_cache() / "salutogen" / "kernels"
    except RuntimeError:
        return Path(os.devnull) / "kernels"


def _users_cache() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base


def _marker(names: tuple[str, ...] = NEEDED) -> Path:
    """File that says the kernels in their present form were compiled here."""
    state = f"{version('numba')}|{sys.version}"
    for name in names:
        stat = (MODELS / name).stat()
        state += f"|{MODELS}|{name}|{stat.st_mtime_ns}|{stat.st_size}"
    return cache_folder() / f"warm-{hashlib.sha256(state.encode()).hexdigest()[:16]}"


def is_warm(names: tuple[str, ...] = NEEDED) -> bool:
    """Whether kernels (by default what every run needs) were compiled for this Python and user."""
    return _marker(names).exists()


def mark(names: tuple[str, ...]) -> None:
    """Keep in the cache folder, where it can be written, that these kernels were compiled."""
    marker = _marker(names)
    with suppress(OSError):  # without the mark they are only compiled again
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()


def can_be_kept() -> bool:
    """Whether the cache folder is there, or can be made, and can be written."""
    with suppress(OSError):
        cache_folder().mkdir(parents=True, exist_ok=True)
    return os.access(cache_folder(), os.W_OK)
