"""Which rows belong to whom: rows that come person by person are taken as they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Int = NDArray[np.int64]

COMPACT = 4  # range of whole-number labels, in rows, up to which they are counted in a table


@dataclass(frozen=True)
class Grouping:
    """Rows by person.

    Attributes
    ----------
    persons : polars.Series
        Distinct persons, sorted.
    edges : array (n_persons + 1,)
        Person i has the rows from ``edges[i]`` up to ``edges[i + 1]``.
    order : array (n,) or None
        The rows in the order of the persons, each person's as they were; None if they lie so.
    """

    persons: pl.Series
    edges: Int
    order: Int | None


def group_by_person(labels: pl.Series) -> Grouping:
    """Find each person's rows; `labels` has no missing values."""
    from salutogen.models.moments._kernels_reduction import sort_by_code

    found = _already_grouped(labels)
    if found is not None:
        return found
    persons = labels.unique().sort()
    order, edges = sort_by_code(_codes(labels, persons), len(persons))
    return Grouping(persons, edges, order)


def _already_grouped(labels: pl.Series) -> Grouping | None:
    """The grouping of rows that come person by person in ascending order."""
    if is_whole(labels):
        from salutogen.models.moments._kernels_reduction import find_edges

        edges = np.empty(len(labels) + 1, dtype=np.int64)
        n = find_edges(_whole(labels), edges)
        if n < 0:
            return None
        edges = edges[: n + 1].copy()
        return Grouping(labels.gather(edges[:-1]), edges, None)
    starts = (labels != labels.shift(1)).fill_null(True).arg_true()
    persons = labels.gather(starts)
    if not persons.is_sorted() or persons.n_unique() != len(persons):
        return None
    return Grouping(persons, np.append(starts.to_numpy().astype(np.int64), len(labels)), None)


def is_whole(labels: pl.Series) -> bool:
    """Whether labels are whole numbers of 64 bits; longer ones are told apart like text."""
    if labels.dtype in (pl.UInt64, pl.Int128, pl.UInt128):
        return labels.cast(pl.Int64, strict=False).null_count() == 0
    return labels.dtype.is_integer()


def _whole(labels: pl.Series) -> Int:
    return labels.cast(pl.Int64).to_numpy()


def _codes(labels: pl.Series, persons: pl.Series) -> Int:
    """Place of each label among the sorted persons."""
    if is_whole(labels):
        values, distinct = _whole(labels), _whole(persons)
        first, width = distinct[0], int(distinct[-1]) - int(distinct[0]) + 1
        if width <= COMPACT * len(values):
            table = np.empty(width, dtype=np.int64)
            table[distinct - first] = np.arange(len(distinct))
            found: Int = table[values - first]
            return found
    places = pl.DataFrame({"label": persons}).with_row_index("place")
    joined = pl.DataFrame({"label": labels}).join(
        places, on="label", how="left", maintain_order="left"
    )
    return joined["place"].to_numpy().astype(np.int64)
