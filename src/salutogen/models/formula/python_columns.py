"""Read columns that come as plain Python values: arrays, lists, single values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import ModelError


def frame_of(data: Mapping[Any, Any], names: Sequence[str]) -> pl.DataFrame:
    """Return the named columns of a mapping as a frame; a single value stands for every row.

    Raises
    ------
    ModelError
        Columns of different lengths, something that is no column, or one that mixes numbers, text
        and dates (text would win, and 1 and "1" would be one person).
    """
    columns = {name: _column(name, data[name]) for name in names}
    single = {name for name in names if _is_single(data[name])}
    lengths = {name: len(columns[name]) for name in names if name not in single}
    rows = max(lengths.values(), default=1)
    wrong = [f"{name} has {length}" for name, length in lengths.items() if length != rows]
    if wrong:
        raise ModelError(f"data: expected {rows} rows in every column, but {', '.join(wrong)}.")
    return pl.DataFrame(
        [c.new_from_index(0, rows) if name in single else c for name, c in columns.items()]
    )


def _is_single(values: Any) -> bool:
    return isinstance(values, str | bytes) or not hasattr(values, "__iter__")


def _column(name: str, values: Any) -> pl.Series:
    if isinstance(values, Iterator):
        raise ModelError(f"{name}: expected an array or a list, got a {type(values).__name__}.")
    if isinstance(values, np.ndarray) and values.dtype == object:
        values = values.tolist()
    if isinstance(values, list | tuple):
        kinds = sorted({_kind(value) for value in values} - {""})
        if len(kinds) > 1:
            raise ModelError(f"{name}: expected values of one kind, got {' and '.join(kinds)}.")
    try:
        return pl.Series(name, [values] if _is_single(values) else values, strict=False)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise ModelError(
            f"{name}: expected an array or a list, got {type(values).__name__}."
        ) from error


def _kind(value: Any) -> str:
    """What a value is, in a word; empty for a missing one."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float | Decimal | np.number | np.bool_):
        return "" if value != value else "numbers"
    return type(value).__name__
