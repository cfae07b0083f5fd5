"""Open every source of a study with the reader its suffix asks for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.errors import PanelError
from salutogen.panel.collecting import Gathering, counted
from salutogen.panel.locating import COMPRESSED, READABLE, TEXT_SUFFIXES, locate, suffix_of
from salutogen.panel.reading_text import read_text
from salutogen.panel.reading_typed import (
    read_excel,
    read_frame,
    read_parquet,
    read_spss,
    read_stata,
)
from salutogen.panel.tables import SourceTable
from salutogen.panel.wanted import known_columns
from salutogen.study.format import Source

if TYPE_CHECKING:
    from salutogen.study import Study


_DAMAGE = (
    pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, OSError, EOFError,
)  # fmt: skip


def open_sources(study: Study, data: Any, gathering: Gathering) -> dict[str, SourceTable]:
    """Open each source; what cannot be opened is said and left out."""
    tables: dict[str, SourceTable] = {}
    for name, given in locate(study, data, gathering).items():
        if isinstance(given, Path):
            source, expected = study.plan.sources[name], known_columns(study, name)
            table = _open_file(source, name, given, expected, gathering)
        else:
            table = read_frame(name, given, gathering)
        if table is not None:
            tables[name] = table
            _say_declared(table, known_columns(study, name), gathering)
    return tables


def _say_declared(table: SourceTable, expected: Collection[str], gathering: Gathering) -> None:
    declared = {
        column: ranges for column, ranges in table.user_missing.items() if column in expected
    }
    if declared:
        codes = sorted({end for ranges in declared.values() for pair in ranges for end in pair})
        gathering.add(
            "declared-missing",
            f"{table.label} declares values of {counted(len(declared), 'column')} as missing "
            f"({', '.join(f'{code:g}' for code in codes[:6])}); they were taken as skipped unless "
            "the study file gives another reason.",
            file=table.label,
            numbers={"columns": len(declared), "codes": codes[:6]},
        )


def open_table(path: Path) -> pl.DataFrame:
    """Read a whole data file of any readable kind, before there is a study file.

    Raises
    ------
    PanelError
        The file cannot be read.
    """
    gathering = Gathering()
    table = _open_file(Source(person="person"), path.stem, path, (), gathering)
    gathering.stop()
    if table is None:
        raise PanelError(gathering.findings)
    return table.read(table.columns)


def _open_file(
    source: Source, name: str, path: Path, expected: Collection[str], gathering: Gathering
) -> SourceTable | None:
    suffix = suffix_of(path)
    if suffix not in READABLE:
        gathering.add(
            "unknown-format",
            f"{path.name} has the suffix {suffix or '(none)'!r}; readable are "
            f"{', '.join(READABLE)}.",
            file=path.name,
        )
        return None
    try:
        if path.stat().st_size == 0:
            gathering.add("empty-file", f"{path.name} is empty.", file=path.name)
            return None
        return _read(source, name, path, suffix, expected, gathering)
    except FileNotFoundError:
        gathering.add("data-not-found", f"There is no file {str(path)!r}.", file=path.name)
    except OSError as error:
        gathering.add(
            "unreadable-file",
            f"{path.name} cannot be read: {error.strerror or error}.",
            file=path.name,
        )
    return None


def _read(
    source: Source,
    name: str,
    path: Path,
    suffix: str,
    expected: Collection[str],
    gathering: Gathering,
) -> SourceTable | None:
    if suffix in TEXT_SUFFIXES or suffix in COMPRESSED:
        return read_text(name, path, source, expected, gathering)
    try:
        if suffix == ".parquet":
            return read_parquet(name, path, gathering)
        if suffix in (".xlsx", ".xls"):
            return read_excel(name, path, source, gathering)
        if suffix == ".dta":
            return read_stata(name, path, gathering)
        return read_spss(name, path, gathering)
    except (Exception, pl.exceptions.PanicException) as error:
        if not _from_a_reader(error):
            raise
        reason = str(error).strip().splitlines()
        gathering.add(
            "unreadable-file",
            f"{path.name} cannot be read as a {suffix} file: "
            f"{reason[0] if reason else type(error).__name__}.",
            file=path.name,
        )
        return None


def _from_a_reader(error: BaseException) -> bool:
    """Whether an error says that the file is damaged: each reader has errors of its own."""
    home = type(error).__module__.partition(".")[0]
    readers = ("pyreadstat", "fastexcel", "_fastexcel", "polars")
    return home in readers or isinstance(error, _DAMAGE)
