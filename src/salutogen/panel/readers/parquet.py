"""Parquet files, scanned lazily."""

from __future__ import annotations

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.readers.source_table import SourceFile, SourceTable, file_table


def read_parquet(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Open a Parquet file; its columns are read when they are asked for."""
    frame = pl.scan_parquet(file.path)
    n_rows = int(frame.select(pl.len()).collect().item())
    return file_table(file, frame, findings, n_rows=n_rows)
