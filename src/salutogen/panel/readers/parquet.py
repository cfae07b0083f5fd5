"""Parquet files, scanned lazily."""

from __future__ import annotations

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.readers.limits import most_rows
from salutogen.panel.readers.source_table import SourceFile, SourceTable, file_table

_AT_ONCE = 3  # person, occasion and one more column


def read_parquet(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Open a Parquet file; its columns are read when they are asked for."""
    frame = pl.scan_parquet(file.path)
    n_rows = int(frame.select(pl.len()).collect().item())
    if most_rows(n_rows, _AT_ONCE, file, findings) is None:
        return None
    return file_table(file, frame, findings, n_rows=n_rows)
