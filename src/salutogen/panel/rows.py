"""The rows of the panel: every person-occasion that some source holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.panel.aligned import Aligned, Integers
from salutogen.panel.wanted import is_per_person

if TYPE_CHECKING:
    from salutogen.study import Study


@dataclass(frozen=True)
class UnitedRows:
    """Union of the person-occasions of all sources with repeated answers.

    `places` gives for each source where its rows stand: the place of each panel row in the source
    (null where it has none), or None where the source has exactly these rows.
    """

    keys: Integers
    persons: Integers
    occasions: Integers
    places: Mapping[str, pl.Series | None]

    def spread(self, source: str, values: pl.Series) -> pl.Series:
        """Put one source's column into the rows of the panel; null where it has no row."""
        index = self.places[source]
        return values if index is None else values.gather(index)


def unite(study: Study, aligned: Mapping[str, Aligned]) -> UnitedRows:
    """Join the person-occasions of all sources; nothing is copied where they agree."""
    repeated = [name for name in aligned if not is_per_person(study, name)]
    every = [aligned[name].keys for name in repeated]
    places: dict[str, pl.Series | None] = dict.fromkeys(repeated)
    if every and all(np.array_equal(every[0], keys) for keys in every[1:]):
        keys = every[0]
    else:
        keys = np.unique(np.concatenate(every)) if every else np.zeros(0, dtype=np.int64)
        places = {name: places_in(aligned[name].keys, keys) for name in repeated}
    n_occasions = len(study.labels)
    return UnitedRows(keys, keys // n_occasions, keys % n_occasions, places)


def places_in(given: Integers, keys: Integers) -> pl.Series:
    """For each key its place among the given ones (ascending), null where it is not there."""
    if not given.size:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, keys.size)
    found = np.minimum(np.searchsorted(given, keys), given.size - 1)
    present = pl.Series(given[found] == keys)
    return pl.select(pl.when(present).then(pl.Series(found))).to_series()
