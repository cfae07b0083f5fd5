"""A disk that keeps no machine code costs time, and no results."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from salutogen.models.compiling import cache
from salutogen.models.compiling.njit import njit


def twice(value: float) -> float:
    return 2.0 * value


def test_where_no_folder_can_be_written_functions_are_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from numba.core import caching

    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    compiled = njit(cache=True, nogil=True)(twice)
    assert compiled(1.5) == 3.0


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_while_code_is_kept(
    monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    from numba.core import caching

    asked: list[int] = []

    def refuse(self: Any, key: Any, data: Any) -> None:
        asked.append(error)
        raise OSError(error, "refused")

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", refuse)
    assert njit(cache=True)(twice)(1.5) == 3.0
    assert asked == [error], "it was tried"


def test_without_a_home_no_folder_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert not cache.cache_folder().exists()
    assert not cache.is_warm()
    cache.mark(cache.NEEDED)
    assert not cache.is_warm()
