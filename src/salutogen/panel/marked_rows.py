"""Which rows of a file a finding is about."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

SHOWN = 10


def marked_rows(marked: pl.Series | NDArray[np.bool_]) -> dict[str, Any]:
    """Return the first rows of the file, from 1, that are marked, and how many are."""
    places = np.flatnonzero(np.asarray(marked))
    return {"rows": [int(place) + 1 for place in places[:SHOWN]], "n_rows": int(places.size)}


def first_marked(marked: pl.Series, cells: pl.Series) -> dict[str, Any]:
    """Return the same, the first row that is marked, and what stands there."""
    rows = marked_rows(marked)
    first = rows["rows"][0]
    return {**rows, "first": first, "shown": cells[first - 1]}
