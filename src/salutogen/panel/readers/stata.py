"""Stata files: codes, not labels."""

from __future__ import annotations

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.readers.coarse_dates import tell_coarse_dates
from salutogen.panel.readers.encodings import read_encoded
from salutogen.panel.readers.source_table import SourceFile, SourceTable, file_table

_PER_YEAR = {"%tm": 12, "%tq": 4, "%th": 2}  # periods since the first of 1960
_WEEKS = 52  # Stata has 52 weeks in each year, the last one longer


def read_stata(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Read a Stata file: codes, not labels; extended missing values (.a to .z) become blank."""
    import pyreadstat

    read = read_encoded(pyreadstat.read_dta, file, findings)
    if read is None:
        return None
    frame, meta = read
    coarse = {
        column: kind[:3]
        for column, kind in meta.original_variable_types.items()
        if kind[:3] in (*_PER_YEAR, "%tw") and frame[column].dtype.is_numeric()
    }
    frame = frame.with_columns(_first_days(column, kind) for column, kind in coarse.items())
    tell_coarse_dates(file, coarse, findings)
    return file_table(file, frame, findings, encoding=file.source.encoding)


def _first_days(column: str, kind: str) -> pl.Expr:
    """Write the first day of each period."""
    count = pl.selectors.by_name(column).cast(pl.Int64)
    per_year = _PER_YEAR.get(kind, _WEEKS)
    year, place = 1960 + count // per_year, count % per_year
    if kind == "%tw":
        return (pl.date(year, 1, 1) + pl.duration(days=7 * place)).alias(column)
    return pl.date(year, 1 + place * (12 // per_year), 1).alias(column)
