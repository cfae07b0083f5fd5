"""Every output column with its unit, sign and meaning: `codebook.csv` and the docs page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from salutogen.columns import Column, declared
from salutogen.norm.lines import Level
from salutogen.resilience.levels import COLUMNS


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """One column of one output file; `<type>` or `<name>` stands for a name from the study file."""

    file: str
    column: str
    unit: str
    meaning: str
    sign: str = ""


LEVEL_FILES: Mapping[str, Level] = {
    "scores.csv": "occasion",
    "windows.csv": "window",
    "person.csv": "person",
    "phases.csv": "phase",
}
OUTPUT_COLUMNS = tuple(
    OutputColumn(file, item.name, item.unit, item.meaning, item.sign)
    for file, level in LEVEL_FILES.items()
    for item in COLUMNS[level]
)


def codebook(
    tables: Mapping[str, pl.DataFrame],
    types: tuple[str, ...],
    more: Mapping[str, Sequence[Column]] | None = None,
) -> pl.DataFrame:
    """Describe each column of each output table.

    Parameters
    ----------
    tables : mapping of file name to DataFrame
        Row-level tables as they are written.
    types : tuple of str
        Exposure types, which name the columns `E_<type>` and `SR_<type>`.
    more : mapping of file name to Columns
        Columns of files that analyses write.
    """
    known = {(entry.file, entry.column): entry for entry in OUTPUT_COLUMNS}
    rows = []
    for file, table in tables.items():
        for column in table.columns:
            if more and file in more:
                rows.append(_declared(file, column, more[file]))
            else:
                rows.append(_describe(file, column, known, types))
    return pl.DataFrame(
        rows, schema=["file", "column", "unit", "sign", "meaning"], orient="row"
    ).cast(pl.String)


def _declared(file: str, column: str, columns: Sequence[Column]) -> tuple[str, str, str, str, str]:
    found = declared(column, columns)
    if found is None:
        return file, column, "", "", ""
    return file, column, found.unit, found.sign, found.meaning


def _describe(
    file: str,
    column: str,
    known: Mapping[tuple[str, str], OutputColumn],
    types: tuple[str, ...],
) -> tuple[str, str, str, str, str]:
    entry = known.get((file, column))
    if entry is None:
        for prefix in ("E_", "SR_"):
            if column.removeprefix(prefix) in types and column.startswith(prefix):
                entry = known.get((file, f"{prefix}<type>"))
    if entry is None:
        return (file, column, "as in the data", "", "Factor or scale of the study file")
    return (file, column, entry.unit, entry.sign, entry.meaning)
