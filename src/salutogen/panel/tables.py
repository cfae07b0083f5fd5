"""`SourceTable`: one source as it was read, columns on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import PanelError
from salutogen.findings import finding
from salutogen.panel.panel import InputFile


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
    user_missing : mapping of column to ranges
        Values a typed file itself declares as missing (SPSS), as pairs of lowest and highest.
    """

    name: str
    label: str
    frame: pl.DataFrame | pl.LazyFrame
    columns: tuple[str, ...]
    n_rows: int
    info: InputFile
    user_missing: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read some columns, in this order.

        Raises
        ------
        PanelError
            The file vanished or was damaged since it was opened.
        """
        if isinstance(self.frame, pl.DataFrame):
            return self.frame.select(columns)
        try:
            return self.frame.select(columns).collect()
        except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            reason = str(error).strip().splitlines()
            text = f"{self.label} cannot be read: {reason[0] if reason else type(error).__name__}."
            raise PanelError([finding("unreadable-file", text, file=self.label)]) from error

    def cells(self, columns: Sequence[str], rows: NDArray[np.int64]) -> pl.DataFrame:
        """Read a few rows (0-based) of some columns, one column at a time to spare memory."""
        index = pl.Series(rows, dtype=pl.Int64)
        return pl.DataFrame({name: self.column(name).gather(index) for name in columns})

    def column(self, name: str) -> pl.Series:
        """Read one column."""
        return self.read([name]).to_series()
