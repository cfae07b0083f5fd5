"""Dates of statistics programs that stand for a month, a quarter or a week."""

from __future__ import annotations

from collections.abc import Iterable

from salutogen.findings import Findings
from salutogen.panel.readers.source_table import SourceFile


def tell_coarse_dates(file: SourceFile, columns: Iterable[str], findings: Findings) -> None:
    """Say which columns of the study hold periods, whose first day was taken."""
    used = [column for column in columns if column in file.expected]
    if used:
        findings.tell("coarse-dates", file=file.label, columns=len(used), named=used)
