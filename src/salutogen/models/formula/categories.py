"""The order of categories that a column declares, in any kind of frame.

The first level is the reference. pandas' Categorical, Arrow's dictionary, Polars' Enum and DuckDB's
ENUM declare an order; text and Polars' Categorical do not and are taken in alphabetical order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

Levels = tuple[Any, ...]


def declared_levels(frame: Any, names: Iterable[str]) -> dict[str, Levels]:
    """Return the levels, in their order, of those named columns that declare one.

    Parameters
    ----------
    frame : Narwhals frame, lazy or not, or mapping of arrays
    names : iterable of str
        Columns to look at.
    """
    if isinstance(frame, Mapping):
        found = {name: _levels_of(frame[name]) for name in names if name in frame}
        return {name: levels for name, levels in found.items() if levels}
    import narwhals as nw

    schema, native = frame.collect_schema(), frame.to_native()
    columns = frame.implementation.is_pandas_like() or frame.implementation.is_pyarrow()
    found = {}
    for name in names:
        if isinstance(schema[name], nw.Enum):
            found[name] = tuple(schema[name].categories)
        elif columns and schema[name] == nw.Categorical:
            found[name] = _levels_of(native[name])
    return {name: levels for name, levels in found.items() if levels}


def _levels_of(column: Any) -> Levels:
    """Levels of a native column; none where no order is declared, or one that cannot be used."""
    if hasattr(getattr(column, "dtype", None), "pyarrow_dtype"):  # Arrow within pandas
        column = column.array.__arrow_array__()
    levels = getattr(getattr(column, "dtype", None), "categories", None)
    if levels is None and hasattr(getattr(column, "type", None), "index_type"):
        if hasattr(column, "chunks"):
            chunks = column.unify_dictionaries().chunks
            levels = chunks[0].dictionary if chunks else None
        else:
            levels = column.dictionary
    if levels is None:
        return ()
    listed = levels.to_pylist() if hasattr(levels, "to_pylist") else list(levels)
    usable = all(
        isinstance(v, str | int | float | np.number) and not isinstance(v, bool) for v in listed
    )
    if not usable or len({_label(level) for level in listed}) != len(listed):
        return ()
    return tuple(listed)


def _label(level: Any) -> str:
    """How a level prints: whole numbers without a point."""
    if isinstance(level, str):
        return level
    return repr(float(level)).removesuffix(".0")


def with_levels(frame: pl.DataFrame, declared: Mapping[str, Levels]) -> pl.DataFrame:
    """Return the frame with declared orders as Polars' Enum."""
    columns = [in_order(frame[name], levels) for name, levels in declared.items()]
    return frame.with_columns(columns) if columns else frame


def in_order(column: pl.Series, levels: Levels) -> pl.Series:
    """Return a column of text or numbers as categories with these levels; others become null."""
    labels = [_label(level) for level in levels]
    return as_text(column).cast(pl.Enum(labels), strict=False)


def as_text(column: pl.Series) -> pl.Series:
    """Return labels as text; missing and undefined ones as null."""
    if column.dtype.is_numeric():
        texts = [
            None if value is None or value != value else _label(value) for value in column.to_list()
        ]
        return pl.Series(column.name, texts, dtype=pl.String)
    return column.cast(pl.String)


def used_levels(
    frame: pl.DataFrame, names: Collection[str]
) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Return each category's levels that occur, in their order, and a message on the others.

    Parameters
    ----------
    frame : polars.DataFrame
        Complete rows.
    names : collection of str
        Columns of the frame; those that declare no order are passed over.
    """
    levels: dict[str, list[str]] = {}
    messages = []
    for name in names:
        dtype = frame.schema[name]
        if not isinstance(dtype, pl.Enum):
            continue
        seen = set(frame[name].unique().drop_nulls().to_list())
        listed = dtype.categories.to_list()
        levels[name] = [level for level in listed if level in seen]
        unused = [level for level in listed if level not in seen]
        if unused:
            first = ", ".join(repr(level) for level in unused[:10])
            more = f" and {len(unused) - 10} more" if len(unused) > 10 else ""
            reference = f"; the reference is {levels[name][0]!r}" if unused[0] == listed[0] else ""
            messages.append(
                f"{name}: no complete row has {first}{more}, which the column declares: left "
                f"out{reference}."
            )
    return levels, tuple(messages)
