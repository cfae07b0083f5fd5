"""What a reader is given, `SourceFile`, and what it gives: `SourceTable`, columns on demand."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import PanelError
from salutogen.findings import Findings, finding
from salutogen.namespaces import is_pattern
from salutogen.panel.panel import InputFile

if TYPE_CHECKING:
    from salutogen.study.format import Source

Declared = tuple[tuple[float, float] | str, ...]  # values from lowest to highest, or texts


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file to be read.

    Attributes
    ----------
    name : str
        Name of the source in the study file.
    path : Path
    source : Source
        What the study file says of it: delimiter, encoding, sheet and so on.
    expected : collection of str
        Column names the study knows, where they help to find the delimiter.
    """

    name: str
    path: Path
    source: Source
    expected: Collection[str] = ()

    @property
    def label(self) -> str:
        """File name, for findings."""
        return self.path.name


@dataclass(frozen=True, kw_only=True)
class SourceTable:
    """One file or frame of answers, its columns still as they stand there.

    Attributes
    ----------
    name : str
        Name of the source in the study file.
    label : str
        File name (or `frame NAME`) for findings.
    frame : DataFrame or LazyFrame
        Text files are all text; typed files keep their types. Parquet stays lazy.
    user_missing : mapping of column to values
        What a typed file itself declares as missing (SPSS): pairs of lowest and highest, or texts.
    occasion : str or None
        Label of the occasion to which every row belongs, where the study has a file for each.
    header : DataFrame, optional
        Further rows of the header, which are no data.
    """

    name: str
    label: str
    frame: pl.DataFrame | pl.LazyFrame
    columns: tuple[str, ...]
    n_rows: int
    info: InputFile
    user_missing: Mapping[str, Declared] = field(default_factory=dict)
    occasion: str | None = None
    header: pl.DataFrame | None = None

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read some columns, in this order.

        Raises
        ------
        PanelError
            The file vanished or was damaged since it was opened.
        """
        named = pl.selectors.by_name(*columns)  # a column may be called `*` or like a pattern
        if isinstance(self.frame, pl.DataFrame):
            return self.frame.select(named)
        try:
            return self.frame.select(named).collect()
        except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            refused = finding("unreadable-file", file=self.label, reason=reason_of(error))
            raise PanelError([refused]) from error

    def cells(self, columns: Sequence[str], rows: NDArray[np.int64]) -> pl.DataFrame:
        """Read a few rows (0-based) of some columns, one column at a time to spare memory."""
        index = pl.Series(rows, dtype=pl.Int64)
        return pl.DataFrame({name: self.column(name).gather(index) for name in columns})

    def column(self, name: str) -> pl.Series:
        """Read one column; one that is called like a pattern (`*`, `^a$`) without its name.

        Polars takes such a name of a series for all columns that fit it.
        """
        cells = self.read([name]).to_series()
        return cells.alias("cells") if is_pattern(name) else cells

    def described(self, name: str) -> pl.Series:
        """Read one column without the values that the file itself declares as missing."""
        cells = self.column(name)
        declared = self.user_missing.get(name)
        if not declared:
            return cells
        return cells.zip_with(~declared_missing(cells, declared), nothing_like(cells))

    def with_cells(self, columns: Mapping[str, pl.Series]) -> SourceTable:
        """Return the table with other cells in some of its columns."""
        frame = self.frame if isinstance(self.frame, pl.DataFrame) else self.read(self.columns)
        return replace(
            self,
            frame=frame.with_columns(cells.alias(name) for name, cells in columns.items()),
        )


def file_table(
    file: SourceFile,
    frame: pl.DataFrame | pl.LazyFrame,
    findings: Findings,
    *,
    n_rows: int | None = None,
    digest: str | None = None,
    encoding: str | None = None,
    user_missing: Mapping[str, Declared] | None = None,
    header: pl.DataFrame | None = None,
) -> SourceTable | None:
    """Make the table of one file; one without columns or rows is refused.

    Parameters
    ----------
    frame : DataFrame or LazyFrame
    n_rows : int, optional
        Height of a lazy frame.
    digest : str, optional
        SHA-256 of the file, where the reader has held it whole.
    encoding : str, optional
        Encoding of a text file, for the manifest.
    user_missing, header : optional
        As in `SourceTable`.
    """
    columns = frame.collect_schema().names()
    height = frame.height if isinstance(frame, pl.DataFrame) else n_rows
    if not columns:
        findings.tell("empty-file", variant="no-columns", file=file.label)
        return None
    if not height:
        findings.tell("no-rows", file=file.label)
        return None
    digest = digest or file_hash(file.path)
    return SourceTable(
        name=file.name,
        label=file.label,
        frame=frame,
        columns=tuple(columns),
        n_rows=height,
        info=InputFile(file.name, file.label, digest, height, len(columns), encoding),
        user_missing=user_missing or {},
        header=header,
    )


def nothing_like(cells: pl.Series) -> pl.Series:
    """Return a blank column of the same name, type and height."""
    return pl.Series(cells.name, [None], dtype=cells.dtype).new_from_index(0, cells.len())


def declared_missing(cells: pl.Series, declared: Declared) -> pl.Series:
    """Tell which cells hold a value that the file itself declares as missing."""
    found = pl.repeat(False, cells.len(), dtype=pl.Boolean, eager=True)
    for given in declared:
        if isinstance(given, str):
            found |= cells.cast(pl.String).str.strip_chars() == given.strip()
        elif cells.dtype.is_numeric():
            found |= cells.is_between(*given)
    return found.fill_null(value=False)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason_of(error: BaseException) -> str:
    """First line of what an error says, or its kind where it says nothing."""
    said = str(error).strip().splitlines()
    return said[0] if said else type(error).__name__
