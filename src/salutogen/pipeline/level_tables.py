"""The long tables of a run: scores of each level, written while the run goes on.

They are known once resilience is scored. The engine that writes tables leaves the interpreter to
the analyses and to the report, whose figures are drawn by other processes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from salutogen.pipeline.csv_files import Texts
from salutogen.pipeline.manifest import sha256_of
from salutogen.resilience.levels import POSITIONS, completed

if TYPE_CHECKING:
    from salutogen.norm import Norm
    from salutogen.norm.lines import Level
    from salutogen.resilience import Resilience

ROWS_FOR_PARQUET = 1_000_000


class _StoppedError(Exception):
    """The run ended before its tables were written."""


class LevelTables:
    """Writes the tables of levels into a folder, in a thread of their own.

    Attributes
    ----------
    texts : Texts
        Account of texts that were made harmless, in these tables and in those written after them.
    digests : dict of str to str
        SHA-256 of each file of these that is written.
    """

    def __init__(self, folder: Path, *, verbatim: bool) -> None:
        self.texts = Texts(folder, verbatim=verbatim)
        self.digests: dict[str, str] = {}
        self._folder = folder
        self._thread = ThreadPoolExecutor(1)
        self._stopped = threading.Event()
        self._columns: Future[dict[str, pl.DataFrame]] | None = None

    @property
    def begun(self) -> bool:
        """Whether the tables are being written."""
        return self._columns is not None

    def begin(self, resilience: Resilience, norm: Norm) -> None:
        """Begin to write scores of occasions, windows, persons and phases."""
        self._columns = self._thread.submit(self._write, resilience, norm)

    def columns(self) -> Mapping[str, pl.DataFrame]:
        """Wait for the tables; give each file with its columns and no rows.

        Raises
        ------
        OSError
            The disk refuses.
        """
        return {} if self._columns is None else self._columns.result()

    def then[T](self, task: Callable[[], T]) -> Future[T]:
        """Do something in the same thread, once the tables are written."""
        return self._thread.submit(task)

    def close(self) -> None:
        """End the thread; a table that is being written is left as it is."""
        self._stopped.set()
        self._thread.shutdown(cancel_futures=True)

    def _write(self, resilience: Resilience, norm: Norm) -> dict[str, pl.DataFrame]:
        self._folder.mkdir(exist_ok=True)
        columns: dict[str, pl.DataFrame] = {}
        for name, (level, table) in _levels(resilience).items():

            def whole(rows: pl.DataFrame, level: Level = level) -> pl.DataFrame:
                if self._stopped.is_set():
                    raise _StoppedError
                return _whole(rows, level, norm)

            self.texts.write(table, name, whole)
            self.digests[name] = sha256_of(self._folder / name)
            columns[name] = whole(table.clear())
        return columns


@contextmanager
def tables_beside(folder: Path, *, verbatim: bool) -> Iterator[LevelTables]:
    """Provide what writes the tables of levels; its thread ends with the block."""
    tables = LevelTables(folder, verbatim=verbatim)
    try:
        yield tables
    finally:
        tables.close()


def write_parquet(resilience: Resilience, norm: Norm, folder: Path) -> None:
    """Write the scores of a large study as Parquet too. They stand in memory as a whole."""
    if resilience.occasions.height > ROWS_FOR_PARQUET:
        whole = _whole(resilience.occasions, "occasion", norm)
        whole.write_parquet(folder / "scores.parquet")


def _levels(found: Resilience) -> dict[str, tuple[Level, pl.DataFrame]]:
    """Scores of each level by the file that holds them."""
    levels: dict[str, tuple[Level, pl.DataFrame]] = {
        "scores.csv": ("occasion", found.occasions),
        "windows.csv": ("window", found.windows),
        "person.csv": ("person", found.persons),
    }
    return levels | ({"phases.csv": ("phase", found.phases)} if found.phases.height else {})


def _whole(rows: pl.DataFrame, level: Level, norm: Norm) -> pl.DataFrame:
    """Return some rows of a level as a file has them."""
    return completed(rows, level, norm).drop(*POSITIONS, strict=False)
