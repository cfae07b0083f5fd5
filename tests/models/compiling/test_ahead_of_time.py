"""Kernels are compiled into the user's cache and stay out of the way of imports."""

from __future__ import annotations

import os
import subprocess
import sys

from salutogen.models.compiling import background
from salutogen.models.compiling.background import announce
from salutogen.models.compiling.cache import MIXTURES, cache_folder, is_warm


def test_cache_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "salutogen" / "kernels"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "salutogen" / "kernels"


def test_asking_whether_kernels_are_warm_loads_no_numba(tmp_path):
    script = (
        "import sys; from salutogen.models import is_warm; "
        "print(is_warm(), 'numba' in sys.modules, 'numpy' in sys.modules)"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == ["False", "False", "False"]


def test_compiling_is_announced_once(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # no other process compiles
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    announce(MIXTURES)
    assert [record.message for record in caplog.records] == ["compiling, once"]
    announce(MIXTURES)
    assert len(caplog.records) == 1


def test_kernels_are_compiled_beside_in_their_order_and_waited_for(tmp_path):
    script = (
        "from salutogen.models.compiling.background import *\n"
        "from salutogen.models.compiling.cache import *\n"
        "compile_in_background(MIXTURES, K_MEANS); print(is_warm(MIXTURES), is_compiling())\n"
        "wait_for_kernels(MIXTURES); print(is_warm(MIXTURES), is_compiling())\n"
        "wait_for_kernels(K_MEANS, NEEDED)\n"
        "print(is_warm(K_MEANS), is_warm(NEEDED), is_compiling())"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "True", "True", "True", "True", "False", "False"]
    assert not done.stderr


def test_a_process_that_cannot_compile_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(background, "SCRIPT", "raise SystemExit(3)")
    background.compile_in_background(MIXTURES)
    background.wait_for_kernels(MIXTURES)
    assert not is_warm(MIXTURES)
    assert not background.is_compiling()


def test_a_cache_folder_that_cannot_be_made_stops_nothing(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "kernels"))
    for _ in range(2):
        announce(MIXTURES)
    assert [record.message for record in caplog.records] == ["compiling, once"] * 2
