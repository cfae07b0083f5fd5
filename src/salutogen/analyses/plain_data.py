"""Frames, arrays and NumPy numbers as the plain data of JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

DIGITS = 10


def to_plain(value: Any, digits: int = DIGITS) -> Any:
    """Turn frames, arrays and NumPy scalars into JSON types.

    Floats keep `digits` significant digits; NaN and infinity become None.
    """
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, digits) for key, item in value.items()}
    if isinstance(value, pl.DataFrame):
        return [to_plain(row, digits) for row in value.iter_rows(named=True)]
    if isinstance(value, np.ndarray | list | tuple):
        return [to_plain(item, digits) for item in value]
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating | float):
        number = float(value)
        return float(f"{number:.{digits}g}") if math.isfinite(number) else None
    return value
