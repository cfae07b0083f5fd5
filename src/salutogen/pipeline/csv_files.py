"""CSV files: a long table is made ready part by part, and texts are harmless in spreadsheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from salutogen.analyses.plain_data import DIGITS
from salutogen.findings import Finding, finding
from salutogen.page.words import cell
from salutogen.pipeline.spreadsheet_text import IN_CODEBOOK, harmless, harmless_name

type Whole = Callable[[pl.DataFrame], pl.DataFrame]

ROWS_AT_ONCE = 100_000


class Texts:
    """Writes the CSV files of one folder, and keeps account of texts that were made harmless."""

    def __init__(self, folder: Path, *, verbatim: bool) -> None:
        self._folder, self._verbatim = folder, verbatim
        self._changed: dict[str, Mapping[str, int]] = {}

    def write(self, table: pl.DataFrame, name: str, whole: Whole | None = None) -> None:
        """Write a table under a name in the folder; `whole` as in `write_csv`."""
        changed = write_csv(table, self._folder / name, verbatim=self._verbatim, whole=whole)
        if changed:
            self._changed[name] = changed

    def remarks(self) -> dict[str, dict[str, str]]:
        """What the codebook says of columns with texts that were changed, by file."""
        return {
            name: dict.fromkeys(columns, IN_CODEBOOK) for name, columns in self._changed.items()
        }

    def findings(self) -> tuple[Finding, ...]:
        """Say what was changed, if anything."""
        if not self._changed:
            return ()
        n = sum(sum(columns.values()) for columns in self._changed.values())
        return (finding("text-like-formulas", n=n, files=sorted(self._changed)),)


def write_csv(
    table: pl.DataFrame, path: Path, *, verbatim: bool = False, whole: Whole | None = None
) -> Mapping[str, int]:
    """Write a table as CSV: UTF-8, floats with ten significant digits, missing values empty.

    What CSV has no form for, such as lists, is written as words, and texts that a spreadsheet
    would take for formulas are made harmless. A long table is made ready part by part, so that it
    never stands in memory twice.

    Parameters
    ----------
    table : DataFrame
    path : Path
    verbatim : bool, default False
        Keep texts to the letter.
    whole : callable, optional
        Makes of some rows what is written of them.

    Returns
    -------
    mapping of str to int
        How many texts were made harmless, by column; columns without any are left out.
    """
    changed: Counter[str] = Counter()
    with path.open("wb") as file:
        for start in range(0, max(table.height, 1), ROWS_AT_ONCE):
            rows = table.slice(start, ROWS_AT_ONCE)
            part = _for_csv(rows if whole is None else whole(rows))
            if not verbatim:
                part, found = harmless(part)
                changed.update(found if start == 0 else _cells_only(found))
            part.write_csv(file, include_header=start == 0)
    return dict(changed)


def _cells_only(found: Mapping[str, int]) -> dict[str, int]:
    """Counts of one part of a table, whose names were counted with the first."""
    return {name: n - (harmless_name(name) != name) for name, n in found.items()}


def _for_csv(table: pl.DataFrame) -> pl.DataFrame:
    floats = [name for name, kind in table.schema.items() if kind.is_float()]
    rounded = table.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).round_sig_figs(DIGITS).alias(name)
        for name in floats
    )
    nested = [name for name, kind in table.schema.items() if kind.is_nested() or kind == pl.Object]
    in_words = [
        pl.Series(name, [None if item is None else cell(item) for item in table[name].to_list()])
        for name in nested
    ]
    return rounded.with_columns(in_words)
