"""The column within which the identifiers of persons are unique, where they are not alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.numeric import is_blank
from salutogen.panel.readers.source_table import SourceTable

Integers = NDArray[np.int64]
_FEW_GROUPS = 3  # fewer conflicts than this can be told apart by any column of numbers


def separating_column(
    table: SourceTable,
    persons: Integers,
    rows: Integers,
    group: Integers,
    candidates: Sequence[str],
) -> str | None:
    """Find the column that tells persons of the same identifier apart.

    Parameters
    ----------
    persons : (rows of the table,) int64
        Person of each row of the file.
    rows : (n,) int64
        0-based file rows that conflict.
    group : (n,) int64
        Number of the conflict each belongs to, ascending.

    Returns
    -------
    The candidate that differs within every conflict, has no more values for a person than the
    largest conflict has rows, and the fewest values of all; None where there is none.
    """
    _, sizes = np.unique(group, return_counts=True)
    conflicting = np.unique(persons[rows])
    theirs = np.flatnonzero(np.isin(persons, conflicting))
    found: list[tuple[int, str]] = []
    for column in candidates:
        cells = table.column(column).cast(pl.String)
        text = cells.str.strip_chars()
        here = pl.DataFrame({"group": group, "cell": text.gather(pl.Series(rows))})
        if is_blank(here["cell"]).any():
            continue
        if sizes.size < _FEW_GROUPS and here["cell"].cast(pl.Float64, strict=False).count():
            continue
        within = here.group_by("group").agg(pl.col("cell").n_unique().alias("kinds"), pl.len())
        if (within["kinds"] != within["len"]).any():
            continue
        values = text.n_unique()
        each = pl.DataFrame({"person": persons[theirs], "cell": text.gather(pl.Series(theirs))})
        most = each.group_by("person").agg(pl.col("cell").n_unique())["cell"].max()
        if isinstance(most, int) and most <= sizes.max() and values <= max(2, table.n_rows // 2):
            found.append((values, column))
    return min(found)[1] if found else None
