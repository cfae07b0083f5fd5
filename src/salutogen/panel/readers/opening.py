"""The one place where a file is opened: whatever its reader raises becomes a finding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
from polars import selectors

from salutogen.errors import SalutogenError
from salutogen.findings import Findings
from salutogen.panel.readers.limits import is_fit
from salutogen.panel.readers.registry import readable_suffixes, reader_of, suffix_of
from salutogen.panel.readers.source_table import SourceFile, SourceTable, reason_of

_ODD = (pl.List, pl.Array, pl.Struct, pl.Binary, pl.Duration, pl.Object, pl.Unknown)
_PANIC = "PanicException"  # each library written in Rust has a class of its own by this name


def open_file(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Read one file of answers; None, and a finding, where it cannot be read."""
    suffix, reader = suffix_of(file.path), reader_of(file.path)
    if reader is None:
        findings.tell(
            "unknown-format",
            file=file.label,
            suffix=suffix or "(none)",
            readable=", ".join(readable_suffixes()),
        )
        return None
    try:
        return reader.read(file, findings) if is_fit(file, findings) else None
    except SalutogenError:
        raise
    except MemoryError:
        reason = "it asks for more memory than is left"
    except BaseException as error:
        if not (isinstance(error, Exception) or type(error).__name__ == _PANIC):
            raise
        reason = reason_of(error)
    findings.tell(
        "unreadable-file", variant="suffix", file=file.label, suffix=suffix, reason=reason
    )
    return None


def without_odd_columns(
    table: SourceTable, expected: set[str], findings: Findings
) -> SourceTable | None:
    """Leave out columns whose cells are no numbers, words or dates; refuse them where they count.

    Parameters
    ----------
    expected : set of str
        Columns that the study names.
    """
    schema = table.frame.collect_schema()
    odd = {name: kind for name, kind in schema.items() if isinstance(kind, _ODD)}
    if not odd:
        return table
    for name in odd:
        if name in expected:
            findings.tell("column-kind", file=table.label, column=name, kind=_in_words(odd[name]))
    if expected.intersection(odd):
        return None
    kept = tuple(name for name in table.columns if name not in odd)
    return replace(table, frame=table.frame.drop(selectors.by_name(*odd)), columns=kept)


def _in_words(kind: Any) -> str:
    if isinstance(kind, pl.Duration):
        return "lengths of time"
    if isinstance(kind, pl.List | pl.Array):
        return "lists"
    if isinstance(kind, pl.Struct):
        return "several fields in one"
    return "bytes" if isinstance(kind, pl.Binary) else "objects"
