"""Runs without pixels: drawing is most of a small run, and few tests look at what is drawn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from salutogen.page import drawing_processes
from salutogen.page.drawing_processes import Drawing, DrawingProcesses, Undrawn


class BlankFigures(DrawingProcesses):
    """Makes every specification ready to be drawn, and draws nothing."""

    def __init__(self) -> None:
        super().__init__(0)

    def begin(self, specifications: Iterable[dict[str, Any]]) -> None:
        """Begin nothing."""

    def draw(self, specifications: Sequence[dict[str, Any]]) -> list[Drawing | Undrawn]:
        """Return an empty drawing for each specification."""
        return [
            (f'<svg width="1" height="1"><!--{len(json.dumps(one, allow_nan=False))}--></svg>', b"")
            for one in specifications
        ]


def blank_figures() -> Iterator[None]:
    """Let runs in this process leave their figures blank."""
    return _drawing_by(BlankFigures)


@contextmanager
def drawn_figures() -> Iterator[None]:
    """Let runs in this process draw, also where the module that asks first leaves figures blank."""
    yield from _drawing_by(DrawingProcesses)


def _drawing_by(processes: type[DrawingProcesses]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing_processes, "DrawingProcesses", processes)
        yield
