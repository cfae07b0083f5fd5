"""SPSS files: codes, not labels, and the values that the file itself declares missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.readers.coarse_dates import tell_coarse_dates
from salutogen.panel.readers.encodings import read_encoded
from salutogen.panel.readers.source_table import Declared, SourceFile, SourceTable, file_table

_COARSE = ("MOYR", "QYR", "WKYR")  # the library leaves these formats as seconds
_SECONDS_PER_DAY = 86_400
_DAYS_TO_1970 = 141_428  # from 14 October 1582, where SPSS begins to count


def read_spss(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Read an SPSS file: codes, not labels; values it declares missing are kept and named."""
    import pyreadstat

    read = read_encoded(pyreadstat.read_sav, file, findings, user_missing=True)
    if read is None:
        return None
    frame, meta = read
    coarse = [
        column
        for column, kind in meta.original_variable_types.items()
        if kind.upper().startswith(_COARSE) and frame[column].dtype.is_numeric()
    ]
    days = (pl.selectors.by_name(*coarse) / _SECONDS_PER_DAY).floor() - _DAYS_TO_1970
    frame = frame.with_columns(days.cast(pl.Int32).cast(pl.Date)) if coarse else frame
    tell_coarse_dates(file, coarse, findings)
    declared = {
        column: _declared(given) for column, given in (meta.missing_ranges or {}).items() if given
    }
    return file_table(file, frame, findings, user_missing=declared, encoding=file.source.encoding)


def _declared(given: Iterable[Any]) -> Declared:
    found: list[tuple[float, float] | str] = []
    for entry in given:
        low, high = (
            (entry.get("lo"), entry.get("hi")) if isinstance(entry, Mapping) else (entry, entry)
        )
        if isinstance(low, int | float) and isinstance(high, int | float):
            found.append((float(low), float(high)))
        elif isinstance(low, str) and low == high:
            found.append(low)
    return tuple(found)
