"""Signals that stop a run: all are met as Ctrl-C is, and none cuts a short piece of work in two."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end."""


@contextmanager
def stops_as_interrupts() -> Iterator[list[int]]:
    """Let the signals that end a program raise `Stopped`, so that what was begun is cleared away.

    Signals that are ignored (as under `nohup`) stay ignored, and other threads are left alone.

    Yields
    ------
    list of int
        Numbers of the signals that came, in their order.
    """
    came: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise Stopped

    with _handled(stop):
        yield came


@contextmanager
def unstopped() -> Iterator[None]:
    """Finish a short piece of work first; a signal that came meanwhile is acted on afterwards."""
    came: list[int] = []
    with _handled(lambda number, _: came.append(number)):
        yield
    for number in came:
        signal.raise_signal(number)


@contextmanager
def _handled(handler: Any) -> Iterator[None]:
    """Handle the stopping signals in another way for a while; only the main thread can."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        known = {number: signal.getsignal(number) for number in STOPPING}
        before = {n: found for n, found in known.items() if found not in (None, signal.SIG_IGN)}
    try:
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        for number, found in before.items():
            signal.signal(number, found)
