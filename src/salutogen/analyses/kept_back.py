"""Which figures of a result were kept back when it was made, where persons are hidden."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl


def kept_back(before: pl.DataFrame, after: pl.DataFrame, path: str) -> Iterator[str]:
    """Yield the paths of cells of a table that are null after it was made fit to be told.

    Parameters
    ----------
    before, after : DataFrame
        The same rows.
    path : str
        Of the table in its result.

    Examples
    --------
    >>> table = pl.DataFrame({"mean": [1.0, None]})
    >>> list(kept_back(table, table.with_columns(mean=None), "windows"))
    ['windows[0].mean']
    """
    for name in before.columns:
        gone = after[name].is_null() & before[name].is_not_null()
        for row in gone.arg_true():
            yield f"{path}[{row}].{name}"
