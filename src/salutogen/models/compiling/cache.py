"""Where compiled kernels are kept, and whether they are there; loads neither numba nor NumPy."""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import subprocess
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
)  # what every run compiles
MIXTURES = (
    "mixture/likelihood/_kernels_density.py",
    "mixture/likelihood/_kernels_pass.py",
    "mixture/likelihood/_kernels_layout.py",
    "mixture/likelihood/_kernels_quasi_newton.py",
    "mixture/likelihood/_kernels_em.py",
)
IN_BACKGROUND = (
    "from salutogen.models.compiling.ahead_of_time import warm_mixtures; warm_mixtures()"
)

_background: list[subprocess.Popen[bytes]] = []


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


def announce(names: tuple[str, ...]) -> None:
    """Say once that kernels which not every run needs are compiled, in the log of `salutogen`.

    Parameters
    ----------
    names : tuple of str
        Files of the kernels.
    """
    wait_for_kernels()
    if is_warm(names):
        return
    logging.getLogger("salutogen").warning("compiling, once")
    mark(names)


def warm_mixtures_in_background() -> None:
    """Compile the kernels of growth mixtures in a process of its own, while this one goes on.

    Models wait for them where they need them; a process that ends earlier takes the other with it.
    """
    if not (_background or is_warm(MIXTURES)):
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            [sys.executable, "-c", IN_BACKGROUND], stdout=quiet, stderr=quiet
        )
        atexit.register(process.kill)
        _background.append(process)


def wait_for_kernels() -> None:
    """Wait for what `warm_mixtures_in_background` compiles; nothing to wait for is no error."""
    while _background:
        process = _background.pop()
        process.wait()
        atexit.unregister(process.kill)
