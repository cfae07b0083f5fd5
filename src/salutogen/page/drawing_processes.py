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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from typing import IO, Any

N_PROCESSES = 2
PNG_SCALE = 2
VEGA_LITE = "6.4"
_LENGTH = 8
_NOTHING: dict[str, Any] = {"data": {"values": [{"x": 0}]}, "mark": "point"}
Drawing = tuple[str, bytes]


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


def _drawn_or_none(specification: str) -> Drawing | None:
    """Draw one figure in this process, or None where its specification cannot be drawn."""
    try:
        return draw_here(specification)
    except ValueError:  # what vl-convert raises for every specification that it cannot draw
        return None


class DrawingProcesses:
    """A few drawing processes; without any, figures are drawn in this process."""

    def __init__(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        self._processes = processes

    def draw(self, specifications: Sequence[dict[str, Any]]) -> list[Drawing | None]:
        """Draw every figure; the drawings come in the order of the specifications.

        A specification that cannot be drawn gives None.
        """
        texts = [json.dumps(spec, allow_nan=False) for spec in specifications]
        if not self._processes:
            return [_drawn_or_none(text) for text in texts]
        count = len(self._processes)
        drawings: list[Drawing | None] = [None] * len(texts)
        with ThreadPoolExecutor(count) as pool:
            parts = [
                pool.submit(_draw_there, process, texts[first::count])
                for first, process in enumerate(self._processes)
            ]
            for first, part in enumerate(parts):
                drawings[first::count] = part.result()
        return drawings


@contextmanager
def drawing_processes(*, wanted: bool = True) -> Iterator[DrawingProcesses]:
    """Start the drawing processes; they end with the block."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        if wanted:
            _start(processes)
        yield DrawingProcesses(processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def _start(processes: list[subprocess.Popen[bytes]]) -> None:
    """Start as many as this machine allows."""
    try:
        for _ in range(N_PROCESSES):
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", __name__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            )
    except OSError:
        return  # fewer, or none: the figures are drawn all the same


def _draw_there(process: subprocess.Popen[bytes], texts: Sequence[str]) -> list[Drawing | None]:
    """Let one process draw; whatever it fails to give is drawn here, where errors have words."""
    drawings: list[Drawing | None] = []
    for text in texts:
        svg = png = None
        if process.stdin is not None and process.stdout is not None and process.poll() is None:
            try:
                _send(process.stdin, text.encode())
                svg, png = _next(process.stdout), _next(process.stdout)
            except BrokenPipeError:
                svg = None
        drawings.append(_drawn_or_none(text) if svg is None or png is None else (svg.decode(), png))
    return drawings


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
    """Draw until the input ends."""
    draw_here(json.dumps(_NOTHING))
    while (text := _next(sys.stdin.buffer)) is not None:
        svg, png = draw_here(text.decode())
        _send(sys.stdout.buffer, svg.encode())
        _send(sys.stdout.buffer, png)


if __name__ == "__main__":
    main()
