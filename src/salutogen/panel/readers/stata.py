"""Stata files: codes, not labels."""

from __future__ import annotations

from salutogen.findings import Findings
from salutogen.panel.readers.source_table import SourceFile, SourceTable, file_table


def read_stata(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Read a Stata file: codes, not labels; extended missing values (.a to .z) become blank."""
    import pyreadstat

    frame, _ = pyreadstat.read_dta(str(file.path), output_format="polars")
    return file_table(file, frame, findings)
