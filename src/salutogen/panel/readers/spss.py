"""SPSS files: codes, not labels, and the values that the file itself declares missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from salutogen.findings import Findings
from salutogen.panel.readers.source_table import SourceFile, SourceTable, file_table


def read_spss(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Read an SPSS file: codes, not labels; values it declares missing are kept and named."""
    import pyreadstat

    frame, meta = pyreadstat.read_sav(str(file.path), user_missing=True, output_format="polars")
    ranges = {
        column: _ranges(given) for column, given in (meta.missing_ranges or {}).items() if given
    }
    return file_table(file, frame, findings, user_missing=ranges)


def _ranges(given: Iterable[Any]) -> tuple[tuple[float, float], ...]:
    ranges: list[tuple[float, float]] = []
    for entry in given:
        low, high = (
            (entry.get("lo"), entry.get("hi")) if isinstance(entry, Mapping) else (entry, entry)
        )
        if isinstance(low, int | float) and isinstance(high, int | float):
            ranges.append((float(low), float(high)))
    return tuple(ranges)
