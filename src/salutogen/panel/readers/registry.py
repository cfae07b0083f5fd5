"""Which reader reads which file: one line for each, found by the file's suffix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from salutogen.findings import Findings
from salutogen.panel.readers.excel import read_excel
from salutogen.panel.readers.parquet import read_parquet
from salutogen.panel.readers.source_table import SourceFile, SourceTable
from salutogen.panel.readers.spss import read_spss
from salutogen.panel.readers.stata import read_stata
from salutogen.panel.readers.text import read_text


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of file.

    Attributes
    ----------
    suffixes : tuple of str
        In lower case, with the point; the longest that fits a file's name decides.
    read : callable
        Gives the table, or None after saying why in a finding. What it raises means that the file
        is damaged.
    has_header_rows : bool
        Whether such a file has a header of rows, which `header_rows` and `skip_rows` speak of.
    """

    suffixes: tuple[str, ...]
    read: Callable[[SourceFile, Findings], SourceTable | None]
    has_header_rows: bool = False


READERS: list[Reader] = [
    Reader((".csv", ".tsv", ".txt"), read_text, has_header_rows=True),
    Reader((".parquet",), read_parquet),
    Reader(
        (".xlsx", ".xls"),
        read_excel,
        has_header_rows=True,
    ),
    Reader((".sav", ".zsav"), read_spss),
    Reader((".dta",), read_stata),
    Reader((".csv.gz", ".tsv.gz", ".txt.gz"), read_text, has_header_rows=True),
]


def readable_suffixes() -> tuple[str, ...]:
    """Suffixes of every registered reader, in their order."""
    return tuple(suffix for reader in READERS for suffix in reader.suffixes)


def suffix_of(path: Path) -> str:
    """Return the suffix that decides the reader, `.csv.gz` included, in lower case."""
    name = path.name.lower()
    fitting = [suffix for suffix in readable_suffixes() if name.endswith(suffix)]
    return max(fitting, key=len, default=path.suffix.lower())


def reader_of(path: Path) -> Reader | None:
    """Return the reader of a file, or None where its suffix is not known."""
    suffix = suffix_of(path)
    return next((reader for reader in READERS if suffix in reader.suffixes), None)
