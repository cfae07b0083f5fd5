"""Data frames of any kind that Narwhals knows, in the place of files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.panel import InputFile
from salutogen.panel.readers.source_table import SourceTable, reason_of


def read_frame(name: str, native: Any, findings: Findings) -> SourceTable | None:
    """Take a data frame of any kind that Narwhals knows."""
    import narwhals as nw

    label = f"frame {name!r}"
    try:
        frame = nw.from_native(native)
        if isinstance(native, pl.LazyFrame):
            lazy = native
            columns = lazy.collect_schema().names()
            n_rows = int(lazy.select(pl.len()).collect().item())
            return _frame_table(name, label, lazy, columns, n_rows, findings)
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect()
        table = _eager(frame)
    except (TypeError, ValueError, nw.exceptions.NarwhalsError, pl.exceptions.PolarsError) as error:
        findings.tell(
            "unreadable-frame", source=name, kind=type(native).__name__, reason=reason_of(error)
        )
        return None
    return _frame_table(name, label, table, table.columns, table.height, findings)


def _eager(frame: Any) -> pl.DataFrame:
    """Convert a Narwhals frame to Polars; columns of mixed objects become text."""
    import narwhals as nw

    objects = [name for name, kind in frame.schema.items() if kind == nw.Object]
    try:
        table: pl.DataFrame = frame.drop(objects).to_polars()
    except (TypeError, ValueError, ArithmeticError, pl.exceptions.PolarsError):
        return _column_by_column(frame)
    if not objects:
        return table
    plain = [plain_column(frame[name].to_list()).alias(name) for name in objects]
    return table.with_columns(plain).select(frame.columns)


def _column_by_column(frame: Any) -> pl.DataFrame:
    return pl.DataFrame({column: plain_column(frame[column].to_list()) for column in frame.columns})


def plain_column(values: Iterable[Any]) -> pl.Series:
    """Make a column of Python values: numbers or dates where all are, else text."""
    listed = [None if value is None or value != value else value for value in values]
    try:
        if _has_zones(listed):  # one column has one zone: others would be moved to it
            raise TypeError("moments of zones of their own")
        return pl.Series(listed, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series([None if v is None else str(v) for v in listed], dtype=pl.String)


def _has_zones(values: Iterable[Any]) -> bool:
    return any(isinstance(value, datetime) and value.tzinfo is not None for value in values)


def _frame_table(
    name: str,
    label: str,
    frame: pl.DataFrame | pl.LazyFrame,
    columns: list[str],
    n_rows: int,
    findings: Findings,
) -> SourceTable | None:
    if not columns or n_rows == 0:
        findings.tell("no-rows", variant="frame", file=label)
        return None
    return SourceTable(
        name=name,
        label=label,
        frame=frame,
        columns=tuple(columns),
        n_rows=n_rows,
        info=InputFile(name, label, None, n_rows, len(columns)),
    )
