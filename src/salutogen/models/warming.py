"""Compile every kernel once, ahead of the first use, into the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of compiled kernels: `NUMBA_CACHE_DIR`, else the user's cache."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "salutogen" / "kernels"


def _marker() -> Path:
    """File that says the kernels in their present form were compiled here."""
    kernels = Path(__file__).with_name("_kernels.py")
    stat = kernels.stat()
    state = f"{kernels}|{stat.st_mtime_ns}|{stat.st_size}|{version('numba')}|{sys.version}"
    return cache_folder() / f"warm-{hashlib.sha256(state.encode()).hexdigest()[:16]}"


def is_warm() -> bool:
    """Whether `warm` has compiled what every run needs for this Python and this user."""
    return _marker().exists()


def warm(*, everything: bool = True) -> None:
    """Compile kernels and keep the machine code in the user's cache folder.

    Parameters
    ----------
    everything : bool
        Every kernel (default), or only those that every run needs.

    Notes
    -----
    Takes some seconds the first time and a fraction of one afterwards. Where the cache folder
    cannot be written, the kernels are compiled for this process alone.
    """
    import numpy as np

    from salutogen.models import _kernels as kernels

    columns = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 3.0], [1.0, 2.0, 2.0], [1.0, 4.0, 7.0]])
    codes = np.array([0, 0, 1, 1], dtype=np.int64)
    packed = kernels.group_cross_products(columns, codes, 2)
    states = np.arange(2, dtype=np.uint64)
    kernels.bootstrap_coefficients(0, 2, packed, 3, states, np.empty((2, 2)))
    left = np.eye(3)[:, :1].copy()
    products = np.empty((2, 3))
    kernels.map_cross_products(0, 1, packed, 3, left, np.eye(3), products)
    factor = np.ones((1, 1))
    out = np.empty((1, 4))
    kernels.explained_by_persons(0, 1, products, 1, 3, factor, out)
    kernels.gradient_by_persons(0, 1, products, 1, 3, factor, np.eye(2), out[:, :1].copy())
    kernels.conditional_modes(0, 1, products, 1, 3, factor, np.zeros(1), np.empty((2, 1)))
    marker = _marker()
    if os.access(marker.parent, os.W_OK):
        marker.touch()
    if everything:
        _warm_k_means()
        _warm_structures()


def _warm_k_means() -> None:
    """Compile the kernels of longitudinal k-means by a fit to six persons."""
    from salutogen.models.longitudinal_k_means import LongitudinalKMeans

    LongitudinalKMeans(classes=2, starts=2).fit([[0, 1], [1, 1], [0, 0], [5, 6], [6, 6], [5, 5]])


def _warm_structures() -> None:
    """Compile the kernels of sites and of residual structures by fits to sixteen persons."""
    import numpy as np

    from salutogen.models.mixed_model import MixedModel
    from salutogen.models.residual_structures import ContinuousAR1

    t, person = np.tile([0.0, 1.0, 2.0], 16), np.repeat(np.arange(16), 3)
    y = np.sin(3.0 * np.arange(48)) + np.sin(person) + np.sin(person // 4) + t
    frame = {"id": person, "site": person // 4, "t": t, "y": y}
    MixedModel("y ~ t + (1 | id) + (1 | site)", residual=ContinuousAR1("t")).fit(frame)
