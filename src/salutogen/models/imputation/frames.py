"""Completed sets in the form in which the data came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from salutogen.models.imputation.completed import CompletedSets


def filled_like(sets: CompletedSets, place: int) -> Any:
    """Return a completed set as array, mapping or frame, like the original."""
    values = sets.array(place)
    if isinstance(sets.original, np.ndarray | list | tuple):
        return values
    with_gaps = [
        (name, values[:, j])
        for j, name in enumerate(sets.columns)
        if np.isnan(sets.observed[:, j]).any()
    ]
    if isinstance(sets.original, Mapping):
        return {**sets.original, **dict(with_gaps)}
    import narwhals as nw

    frame = nw.from_native(sets.original)
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    new = []
    for name, column in with_gaps:
        kind = eager.schema[name]
        keeps = kind.is_float() or (
            name in sets.kept_type and (kind.is_integer() or kind == nw.Boolean)
        )
        series = nw.new_series(name, column, nw.Float64, backend=eager.implementation)
        new.append(series.cast(kind) if keeps else series)
    return eager.with_columns(*new).to_native()
