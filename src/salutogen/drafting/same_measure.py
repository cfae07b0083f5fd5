"""Columns that another column gives: centred, standardised or turned round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.drafting.cells import DataTable
from salutogen.drafting.items import Block
from salutogen.drafting.layout import Layout

_ALIKE = 0.9999  # correlation of deviations; rounding in the file leaves less than 1
_SAME_ROWS = 0.99
_FEWEST_ROWS = 20

_Deviations = tuple[NDArray[np.bool_], NDArray[np.float64]]


def without_repeats(
    table: DataTable, layout: Layout, blocks: Sequence[Block]
) -> tuple[list[Block], list[tuple[Block, str]]]:
    """Part scores and single answers that only repeat another column, each with the reason."""
    if layout.kind != "row-per-occasion" or not layout.person:
        return list(blocks), []
    singles = [one.columns[0] for one in blocks if one.n_items == 1 and one.codes is not None]
    others = [
        name
        for name, column in table.columns.items()
        if name in layout.taken and name not in layout.person and column.numeric
    ]
    same = same_measures(table, others, singles, layout.person)
    kept = [one for one in blocks if one.n_items > 1 or one.columns[0] not in same]
    return kept, [(one, same[one.columns[0]]) for one in blocks if one not in kept]


def same_measures(
    table: DataTable, others: Sequence[str], names: Sequence[str], person: Sequence[str]
) -> dict[str, str]:
    """Find columns that go up and down within persons exactly as another one does.

    Such a column is the other with a mean taken off (of all rows or of each person), divided or
    turned round; as a measure of its own it would count the same answers twice.

    Parameters
    ----------
    others : sequence of str
        Columns that have their place in the study already; none of them is found.
    names : sequence of str
        Columns that may repeat one of `others` or of each other. The original of two is the one
        without negative numbers, else the first.

    Returns
    -------
    dict of column to reason
    """
    found: dict[str, str] = {}
    kept: dict[str, _Deviations] = {}
    for name in (*others, *sorted(names, key=lambda one: _has_negative(table, one))):
        own = _deviations(table, name, person)
        if own is None:
            continue
        original = next((one for one, other in kept.items() if _alike(own, other)), None)
        if original is not None and name not in others:
            found[name] = f"follows {original!r} within persons: the same, centred or rescaled"
        else:
            kept[name] = own
    return found


def _has_negative(table: DataTable, name: str) -> bool:
    low = table.columns[name].numbers.min()
    return isinstance(low, float) and low < 0


def _deviations(table: DataTable, name: str, person: Sequence[str]) -> _Deviations | None:
    """Which rows are answered, and deviations from the person's mean with length 1."""
    keys = [table.columns[one].texts.alias(f"p{place}") for place, one in enumerate(person)]
    frame = pl.DataFrame([*keys, table.columns[name].numbers.alias("number")])
    centred = frame.select(
        pl.col("number") - pl.col("number").mean().over([key.name for key in keys])
    ).to_series()
    answered = centred.is_not_null().to_numpy()
    values = centred.fill_null(0.0).to_numpy().astype(float)
    length = float(np.sqrt(np.sum(values**2)))
    if answered.sum() < _FEWEST_ROWS or length <= 1e-9 * answered.sum():
        return None
    return answered, values / length


def _alike(one: _Deviations, other: _Deviations) -> bool:
    same_rows = np.mean(one[0] == other[0]) >= _SAME_ROWS
    return bool(same_rows and abs(np.sum(one[1] * other[1])) >= _ALIKE)
