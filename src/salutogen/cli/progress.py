"""A progress bar on stderr for people who watch; silent for scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from salutogen.cli.ending import is_terminal

WORDS = {
    "answers": "reading answers",
    "scores": "scoring problems and exposure",
    "norm": "fitting the lines",
    "resilience": "scoring resilience",
    "analyses": "running analyses",
    "report": "drawing the report",
    "files": "writing files",
}


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give a callback `progress(stage, done, total)` that moves a bar."""
    if not (shown and is_terminal()):
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def move(stage: str, done: int, total: int) -> None:
            bar.update(task, description=WORDS.get(stage, stage), completed=done, total=total)

        yield move
