"""One run at a time writes a folder; locks of runs that ended are no obstacle."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import pytest

from salutogen.pipeline.output_folder import (
    OutputRefusedError,
    claimed,
)
from tests.pipeline.outputs import NEW, gone, names, new, write


def test_a_second_run_is_refused_at_once(tmp_path: Path) -> None:
    with claimed(tmp_path / "out") as place:
        with pytest.raises(OutputRefusedError, match=f"process {os.getpid()} of this machine"):
            write(tmp_path / "out", force=True)
        place.write(new)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    write(tmp_path / "out", force=True)


@pytest.mark.parametrize("offered", [True, False], ids=["held by the system", "by process only"])
def test_the_lock_of_a_dead_process_is_taken_over(
    tmp_path: Path, offered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from salutogen.pipeline import folder_lock

    if not offered:
        monkeypatch.setattr(folder_lock, "_hold", lambda descriptor: False)
    lock = tmp_path / ".out.lock"
    lock.write_text(json.dumps({"host": platform.node(), "process": gone(), "since": "2026"}))
    write(tmp_path / "out")
    assert names(tmp_path) == {f"out/{name}" for name in NEW}
    if not offered and sys.platform != "win32":
        lock.write_text(json.dumps({"host": platform.node(), "process": os.getppid()}))
        with pytest.raises(OutputRefusedError, match=f"process {os.getppid()}"):
            write(tmp_path / "out", force=True)


def test_the_lock_of_another_machine_is_respected(tmp_path: Path) -> None:
    lock = tmp_path / ".out.lock"
    lock.write_text(json.dumps({"host": "node-7", "process": gone(), "since": "2026-01-01"}))
    with pytest.raises(OutputRefusedError, match="'node-7'") as refused:
        write(tmp_path / "out")
    assert "'.out.lock'" in refused.value.findings[0].mend
    assert [path.name for path in tmp_path.iterdir()] == [".out.lock"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 3}'])
def test_a_lock_that_says_nothing_of_this_machine(tmp_path: Path, content: str) -> None:
    (tmp_path / ".out.lock").write_text(content)
    if "host" in content:
        with pytest.raises(OutputRefusedError):
            write(tmp_path / "out")
    else:
        write(tmp_path / "out")
        assert names(tmp_path / "out") == NEW
