"""Files and frames that carry their own types: Parquet, Excel, SPSS, Stata, data frames."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.panel.collecting import Gathering, quoted
from salutogen.panel.panel import InputFile
from salutogen.panel.reading_text import header_is_sound, named_columns
from salutogen.panel.tables import SourceTable

if TYPE_CHECKING:
    from salutogen.study.format import Source


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_parquet(name: str, path: Path, gathering: Gathering) -> SourceTable | None:
    """Open a Parquet file; its columns are read when they are asked for."""
    frame = pl.scan_parquet(path)
    columns = frame.collect_schema().names()
    n_rows = int(frame.select(pl.len()).collect().item())
    return _table(name, path, frame, columns, n_rows, gathering)


def read_excel(name: str, path: Path, source: Source, gathering: Gathering) -> SourceTable | None:
    """Read one sheet of an Excel file, as text."""
    import fastexcel

    workbook = fastexcel.read_excel(path)
    sheets = workbook.sheet_names
    sheet = source.sheet if source.sheet is not None else 0
    known = sheet in sheets if isinstance(sheet, str) else 0 <= sheet < len(sheets)
    if not known:
        gathering.add(
            "sheet-not-found",
            f"{path.name} has no sheet {sheet!r}; its sheets are {quoted(sheets)}.",
            file=path.name,
        )
        return None
    if source.sheet is None and len(sheets) > 1:
        gathering.add(
            "first-sheet",
            f"{path.name} has {len(sheets)} sheets; the first, {sheets[0]!r}, was read.",
            file=path.name,
            numbers={"sheets": len(sheets)},
        )
    table = workbook.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    if table.height == 0:
        gathering.add("empty-file", f"{path.name} is empty.", file=path.name)
        return None
    header = ["" if cell is None else str(cell) for cell in table.row(0)]
    if not header_is_sound(header, path.name, gathering):
        return None
    frame = table.slice(1)
    frame.columns = named_columns(header)
    return _table(name, path, frame, frame.columns, frame.height, gathering)


def read_spss(name: str, path: Path, gathering: Gathering) -> SourceTable | None:
    """Read an SPSS file: codes, not labels; values it declares missing are kept and named."""
    import pyreadstat

    frame, meta = pyreadstat.read_sav(str(path), user_missing=True, output_format="polars")
    ranges = {
        column: _ranges(given) for column, given in (meta.missing_ranges or {}).items() if given
    }
    return _table(name, path, frame, frame.columns, frame.height, gathering, ranges)


def read_stata(name: str, path: Path, gathering: Gathering) -> SourceTable | None:
    """Read a Stata file: codes, not labels; extended missing values (.a to .z) become blank."""
    import pyreadstat

    frame, _ = pyreadstat.read_dta(str(path), output_format="polars")
    return _table(name, path, frame, frame.columns, frame.height, gathering)


def read_frame(name: str, native: Any, gathering: Gathering) -> SourceTable | None:
    """Take a data frame of any kind that Narwhals knows."""
    import narwhals as nw

    label = f"frame {name!r}"
    try:
        frame = nw.from_native(native)
        if isinstance(native, pl.LazyFrame):
            lazy = native
            columns = lazy.collect_schema().names()
            n_rows = int(lazy.select(pl.len()).collect().item())
            return _frame_table(name, label, lazy, columns, n_rows, gathering)
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect()
        table = _eager(frame)
    except (TypeError, ValueError, nw.exceptions.NarwhalsError, pl.exceptions.PolarsError) as error:
        gathering.add(
            "unreadable-frame",
            f"What was given for the source {name!r} ({type(native).__name__}) cannot be read as a "
            f"data frame: {str(error).splitlines()[0] if str(error) else type(error).__name__}.",
        )
        return None
    return _frame_table(name, label, table, table.columns, table.height, gathering)


def _eager(frame: Any) -> pl.DataFrame:
    """Convert a Narwhals frame to Polars; columns of mixed objects become text."""
    try:
        table: pl.DataFrame = frame.to_polars()
    except (TypeError, ValueError, ArithmeticError, pl.exceptions.PolarsError):
        table = _column_by_column(frame)
    return table


def _column_by_column(frame: Any) -> pl.DataFrame:
    return pl.DataFrame({column: plain_column(frame[column].to_list()) for column in frame.columns})


def plain_column(values: Iterable[Any]) -> pl.Series:
    """Make a column of Python values: numbers or dates where all are, else text."""
    listed = [None if value is None or value != value else value for value in values]
    try:
        return pl.Series(listed, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series([None if v is None else str(v) for v in listed], dtype=pl.String)


def _ranges(given: Iterable[Any]) -> tuple[tuple[float, float], ...]:
    ranges: list[tuple[float, float]] = []
    for entry in given:
        low, high = (
            (entry.get("lo"), entry.get("hi")) if isinstance(entry, Mapping) else (entry, entry)
        )
        if isinstance(low, int | float) and isinstance(high, int | float):
            ranges.append((float(low), float(high)))
    return tuple(ranges)


def _table(
    name: str,
    path: Path,
    frame: pl.DataFrame | pl.LazyFrame,
    columns: list[str],
    n_rows: int,
    gathering: Gathering,
    ranges: Mapping[str, tuple[tuple[float, float], ...]] | None = None,
) -> SourceTable | None:
    if not columns:
        gathering.add("empty-file", f"{path.name} has no columns.", file=path.name)
        return None
    if n_rows == 0:
        gathering.add("no-rows", f"{path.name} has a header but no row of data.", file=path.name)
        return None
    return SourceTable(
        name=name,
        label=path.name,
        frame=frame,
        columns=tuple(columns),
        n_rows=n_rows,
        info=InputFile(name, path.name, file_hash(path), n_rows, len(columns)),
        user_missing=ranges or {},
    )


def _frame_table(
    name: str,
    label: str,
    frame: pl.DataFrame | pl.LazyFrame,
    columns: list[str],
    n_rows: int,
    gathering: Gathering,
) -> SourceTable | None:
    if not columns or n_rows == 0:
        gathering.add("no-rows", f"The {label} has no row of data.", file=label)
        return None
    return SourceTable(
        name=name,
        label=label,
        frame=frame,
        columns=tuple(columns),
        n_rows=n_rows,
        info=InputFile(name, label, None, n_rows, len(columns)),
    )
