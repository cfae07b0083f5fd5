"""Figures are drawn by processes of their own, whose end costs pictures and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from salutogen.page import drawing_processes
from salutogen.page.drawing_processes import DrawingProcesses, Undrawn

pytestmark = pytest.mark.figures

FINE: dict[str, Any] = {"data": {"values": [{"x": 1}]}, "mark": "point"}
WRONG: dict[str, Any] = {"mark": "no such mark", "data": 3}

# In the place of vl-convert: draws at once, and ends where the specification says so.
SCRIPT = """
import json, os, sys
from salutogen.page.drawing_processes import _next, _send
while (text := _next(sys.stdin.buffer)) is not None:
    spec = json.loads(text)
    if spec.get("die") == "always" or (spec.get("die") and not os.path.exists(spec["die"])):
        open(spec["die"], "w").close() if spec["die"] != "always" else None
        os.abort()
    if spec.get("sleep"):
        import time; time.sleep(600)
    _send(sys.stdout.buffer, json.dumps(spec).encode()); _send(sys.stdout.buffer, b"png")
"""
begin = subprocess.Popen


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Light drawing processes, in the order they were begun."""
    made: list[subprocess.Popen[bytes]] = []

    def light(command: list[str], **streams: Any) -> subprocess.Popen[bytes]:
        made.append(begin([sys.executable, "-c", SCRIPT], **streams))
        return made[-1]

    monkeypatch.setattr(drawing_processes.subprocess, "Popen", light)
    return made


def test_a_specification_that_cannot_be_drawn_costs_itself_only() -> None:
    with drawing_processes.drawing_processes() as processes:
        first, wrong, third = processes.draw([FINE, WRONG, FINE])
        assert wrong is Undrawn.SPECIFICATION
        assert isinstance(first, tuple)
        assert first[0].startswith("<svg")
        assert first[1].startswith(b"\x89PNG")
        assert third == first


def test_a_process_that_dies_once_is_begun_anew(
    begun: list[subprocess.Popen[bytes]], tmp_path: Any
) -> None:
    with drawing_processes.drawing_processes() as processes:
        drawn = processes.draw([{"n": 0}, {"n": 1, "die": str(tmp_path / "died")}, {"n": 2}])
    assert [item is not None and isinstance(item, tuple) for item in drawn] == [True] * 3
    assert len(begun) == drawing_processes.N_PROCESSES + 1
    assert all(process.poll() is not None for process in begun)


def test_a_figure_that_ends_its_process_is_left_out(begun: list[subprocess.Popen[bytes]]) -> None:
    processes = DrawingProcesses(1)
    drawn = processes.draw([{"n": 0}, {"die": "always"}, {"n": 2}])
    processes.close()
    assert drawn[1] is Undrawn.PROCESS
    assert isinstance(drawn[0], tuple)
    assert isinstance(drawn[2], tuple)


def test_where_every_process_dies_soon_no_more_are_begun(
    begun: list[subprocess.Popen[bytes]],
) -> None:
    processes = DrawingProcesses(1)
    assert set(processes.draw([{"die": "always"}] * 40)) == {Undrawn.PROCESS}
    processes.close()
    assert len(begun) == drawing_processes.MOST_BARREN


def test_where_no_process_can_be_begun_pictures_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(drawing_processes.subprocess, "Popen", refuse)
    processes = DrawingProcesses()
    assert processes.draw([FINE, FINE]) == [Undrawn.PROCESS] * 2
    processes.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interruption_ends_processes_that_draw(begun: list[subprocess.Popen[bytes]]) -> None:
    processes = DrawingProcesses()
    stop = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    stop.start()
    with pytest.raises(KeyboardInterrupt):
        processes.draw([{"sleep": True}] * 6)
    assert time.monotonic() - start < 60
    assert all(process.poll() is not None for process in begun)


def test_what_was_begun_ahead_is_not_drawn_again(begun: list[subprocess.Popen[bytes]]) -> None:
    asked = [{"n": 0}, {"n": 1}]
    with drawing_processes.drawing_processes() as processes:
        processes.begin(asked)
        ahead = dict(processes._ahead)
        drawn = processes.draw([*asked, {"n": 2}])
        assert [len(left) for left in processes._ahead.values()] == [0, 0]
        assert len(ahead) == 2
        assert drawn == processes.draw([*asked, {"n": 2}])


def test_what_was_begun_and_is_never_asked_for_ends_with_the_processes(
    begun: list[subprocess.Popen[bytes]],
) -> None:
    start = time.monotonic()
    with drawing_processes.drawing_processes() as processes:
        processes.begin([{"sleep": True}] * 4)
    assert time.monotonic() - start < 60
    assert all(process.poll() is not None for process in begun)
