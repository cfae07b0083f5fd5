"""Tables from rows, with the kinds that their columns declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from salutogen.columns import Column, Kind

_KINDS = {Kind.LABEL: pl.String, Kind.IDENTIFIER: pl.String, Kind.COUNT: pl.Int64}


def frame_of(rows: Iterable[Mapping[str, object]], columns: Sequence[Column]) -> pl.DataFrame:
    """Make a table of rows; labels are text, counts whole, what is not known is missing."""
    schema = {column.name: _KINDS.get(column.kind, pl.Float64) for column in columns}
    known = pl.col(pl.Float64)
    return pl.DataFrame(list(rows), schema=schema).with_columns(
        pl.when(known.is_finite()).then(known)
    )
