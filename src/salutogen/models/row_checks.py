"""Refuse rows of a long frame that cannot stand: without a key, infinite, or twice."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError

Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

FIRST = 10  # rows that are named in a refusal


def missing_in(column: pl.Series) -> Bool:
    """Whether each value is missing."""
    gone = column.is_null().to_numpy()
    return gone | np.isnan(column.fill_null(0).to_numpy()) if column.dtype.is_float() else gone


def refuse_rows(wrong: Bool, name: str, what: str, mend: str) -> None:
    """Refuse rows (n,) that are wrong, by their number in the frame."""
    found = np.flatnonzero(wrong)
    if found.size:
        raise ModelError(f"{name}: {what} in {found.size} rows ({listed_rows(found)}). {mend}")


def listed_rows(rows: Int) -> str:
    """Numbers from 1 of the first rows in order."""
    more = ", …" if len(rows) > FIRST else ""
    return ", ".join(str(row + 1) for row in np.sort(rows)[:FIRST].tolist()) + more
