"""`codebook.csv`: every column of every output file, from where it is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from salutogen.columns import Column, declared
from salutogen.resilience.levels import COLUMNS

LEVEL_FILES: Mapping[str, tuple[Column, ...]] = {
    "scores.csv": COLUMNS["occasion"],
    "windows.csv": COLUMNS["window"],
    "person.csv": COLUMNS["person"],
    "phases.csv": COLUMNS["phase"],
}
OF_THE_STUDY = Column(name="", unit="as in the data", meaning="Factor or scale of the study file")


def codebook(
    tables: Mapping[str, pl.DataFrame],
    more: Mapping[str, Sequence[Column]] | None = None,
    remarks: Mapping[str, Mapping[str, str]] | None = None,
) -> pl.DataFrame:
    """Describe each column of each output table.

    Parameters
    ----------
    tables : mapping of file name to DataFrame
        Row-level tables as they are written.
    more : mapping of file name to Columns
        Columns of files that analyses write.
    remarks : mapping of file name to mapping of column to str
        What is to be said of single columns beside their meaning.

    Returns
    -------
    DataFrame
        `file, column, unit, sign, meaning`.
    """
    known = {**LEVEL_FILES, **(more or {})}
    rows = []
    for file, table in tables.items():
        for name in table.columns:
            found = declared(name, known[file]) or OF_THE_STUDY
            said = (remarks or {}).get(file, {}).get(name)
            meaning = f"{found.meaning}; {said}" if said else found.meaning
            rows.append((file, name, found.unit, found.sign, meaning))
    return pl.DataFrame(
        rows, schema=["file", "column", "unit", "sign", "meaning"], orient="row"
    ).cast(pl.String)
