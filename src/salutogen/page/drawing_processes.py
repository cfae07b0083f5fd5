"""Processes that draw: Vega-Lite specifications in, SVG and PNG out.

vl-convert needs a second to start and keeps the interpreter to itself while it draws, so figures
are drawn by a few processes of their own. Started early, they are ready when the report is. Each
reads specifications from its standard input and writes drawings to its standard output, every
piece after its length (8 bytes); it ends when its input ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from enum import Enum
from functools import cache
from importlib.resources import as_file, files
from queue import SimpleQueue
from typing import IO, Any

N_PROCESSES = 2
ATTEMPTS = 2  # processes that try one figure
MOST_BARREN = 3  # processes in a row that may end without a drawing; then no more are begun
GLANCE = 0.2  # seconds between looks for signals
PNG_SCALE = 2
VEGA_LITE = "6.4"
_LENGTH = 8
_NOTHING: dict[str, Any] = {"data": {"values": [{"x": 0}]}, "mark": "point"}
Drawing = tuple[str, bytes]


class Undrawn(Enum):
    """Why there is no drawing."""

    SPECIFICATION = "the specification cannot be drawn"
    PROCESS = "the drawing process ended"


@cache
def _register_fonts() -> None:
    """Let vl-convert measure text with the shipped Liberation Sans."""
    import vl_convert

    with as_file(files("salutogen.page") / "fonts") as folder:
        vl_convert.register_font_directory(str(folder))


def draw_here(specification: str) -> Drawing:
    """Draw one figure in this process: its SVG and its PNG."""
    import vl_convert

    _register_fonts()
    svg: str = vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE)
    return svg, vl_convert.svg_to_png(svg, scale=PNG_SCALE)


class DrawingProcesses:
    """A few drawing processes, each begun anew where it ends before its figure is drawn.

    Figures are never drawn in the process of the run: what ends a drawing process (a limit of
    memory, a defect of the drawing library) would end the run and lose its results.
    """

    def __init__(self, count: int = N_PROCESSES) -> None:
        self._workers = [_Worker() for _ in range(count)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._pool: ThreadPoolExecutor | None = None
        self._ahead: dict[str, list[Future[Drawing | Undrawn]]] = {}

    def begin(self, specifications: Iterable[dict[str, Any]]) -> None:
        """Begin to draw figures that `draw` will be asked for, while others are still made."""
        for text in map(_text, specifications):
            self._ahead.setdefault(text, []).append(self._submitted(text))

    def draw(self, specifications: Sequence[dict[str, Any]]) -> list[Drawing | Undrawn]:
        """Draw every figure; the drawings come in the order of the specifications."""
        try:
            parts = [self._begun(text) for text in map(_text, specifications)]
            while wait(parts, timeout=GLANCE).not_done:
                pass  # a signal may reach any thread; this one acts on it when it wakes
            return [part.result() for part in parts]
        except BaseException:
            self.close()  # the threads would go on drawing
            raise

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for worker in self._workers:
            worker.close()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _begun(self, text: str) -> Future[Drawing | Undrawn]:
        ahead = self._ahead.get(text)
        return ahead.pop() if ahead else self._submitted(text)

    def _submitted(self, text: str) -> Future[Drawing | Undrawn]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(len(self._workers))
        return self._pool.submit(self._draw, text)

    def _draw(self, text: str) -> Drawing | Undrawn:
        worker = self._idle.get()
        try:
            return worker.draw(text)
        finally:
            self._idle.put(worker)


def _text(specification: dict[str, Any]) -> str:
    return json.dumps(specification, allow_nan=False)


class _Worker:
    """One drawing process, and its successors."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._barren = 0  # processes in a row that ended without a drawing
        self._begin()

    def draw(self, text: str) -> Drawing | Undrawn:
        """Draw a figure; one that ends two processes is left out."""
        for _ in range(ATTEMPTS):
            if self._closed or self._barren >= MOST_BARREN:
                return Undrawn.PROCESS
            if self._process is None:
                self._begin()
            answer = self._ask(text)
            if answer is not None:
                self._barren = 0
                svg, png = answer
                return (svg.decode(), png) if svg else Undrawn.SPECIFICATION
            self._barren += 1
            self._end()
        return Undrawn.PROCESS

    def _ask(self, text: str) -> tuple[bytes, bytes] | None:
        """Send a specification and wait for its drawing; None where the process ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        try:
            _send(process.stdin, text.encode())
            svg, png = _next(process.stdout), _next(process.stdout)
        except (OSError, ValueError):  # the process ended, or was closed from another thread
            return None
        return None if svg is None or png is None else (svg, png)

    def _begin(self) -> None:
        with suppress(OSError):  # no process to be had: asked again for the next figure
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not sent cannot be any more
                    stream.close()

    def close(self) -> None:
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()  # first, so that a thread that waits for its drawing goes on
        self._end()


@contextmanager
def drawing_processes() -> Iterator[DrawingProcesses]:
    """Start the drawing processes; they end with the block."""
    processes = DrawingProcesses()
    try:
        yield processes
    finally:
        processes.close()


def _send(stream: IO[bytes], content: bytes) -> None:
    stream.write(len(content).to_bytes(_LENGTH))
    stream.write(content)
    stream.flush()


def _next(stream: IO[bytes]) -> bytes | None:
    head = stream.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    size = int.from_bytes(head)
    content = stream.read(size)
    return content if len(content) == size else None


def main() -> None:
    """Draw until the input ends; what cannot be drawn gives an empty drawing."""
    draw_here(json.dumps(_NOTHING))
    while (text := _next(sys.stdin.buffer)) is not None:
        try:
            svg, png = draw_here(text.decode())
        except ValueError:  # what vl-convert raises for every specification that it cannot draw
            svg, png = "", b""
        _send(sys.stdout.buffer, svg.encode())
        _send(sys.stdout.buffer, png)


if __name__ == "__main__":
    main()
