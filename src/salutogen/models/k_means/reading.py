"""Read persons' trajectories from an array or a frame with a column per occasion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import read_columns
from salutogen.models.k_means.imputation import trajectories

Float = NDArray[np.float64]

FEWEST = 5  # persons from which values that all differ look like the persons' numbers


def read_trajectories(
    data: Any, occasions: Sequence[str] | None = None
) -> tuple[Float, tuple[str, ...]]:
    """Return an array (n_persons, n_occasions) and the occasions' names from array or frame."""
    if isinstance(data, np.ndarray | list | tuple):
        if occasions is not None:
            raise ModelError("occasions: names of columns can only be given with a data frame.")
        table = trajectories(data)
        return table, tuple(f"occasion {t + 1}" for t in range(table.shape[1]))
    frame = read_columns(data, _columns(data) if occasions is None else occasions)
    wrong = [
        f"{column.name} ({column.dtype})"
        for column in frame.get_columns()
        if not (column.dtype.is_numeric() or column.dtype == pl.Boolean)
    ]
    if wrong:
        raise ModelError(
            f"data: expected a number at each occasion, got {', '.join(wrong)}. Name the columns "
            "of the occasions in `occasions` if these are none."
        )
    if occasions is None:
        _refuse_numbers_of_persons(frame)
    columns = [
        column.cast(pl.Float64).fill_null(np.nan).to_numpy() for column in frame.get_columns()
    ]
    return trajectories(np.column_stack(columns)), tuple(frame.columns)


def _refuse_numbers_of_persons(frame: pl.DataFrame) -> None:
    """Refuse columns that look like the persons' numbers: classes would be classes of them."""
    if frame.height < FEWEST:
        return
    numbers = [column.name for column in frame.get_columns() if _all_differ(column)]
    if numbers:
        others = [name for name in frame.columns if name not in numbers] or frame.columns
        first = ", ".join(repr(name) for name in others[:2])
        more = ", …" if len(others) > 2 else ""
        raise ModelError(
            f"data: {', '.join(numbers)} holds whole numbers that are all different, as persons' "
            f"numbers are. Name the columns of the occasions, as occasions=[{first}{more}]; a "
            "column named there is taken whatever it holds."
        )


def _all_differ(column: pl.Series) -> bool:
    """Whether a column holds a whole number in every row, and no number twice."""
    if column.null_count() or not column.dtype.is_numeric():
        return False
    if not column.dtype.is_integer():
        values = column.cast(pl.Float64)
        if not values.is_finite().all() or not (values == values.round()).all():
            return False
    return column.n_unique() == len(column)


def _columns(data: Any) -> list[str]:
    import narwhals as nw

    try:
        return (
            list(data) if isinstance(data, dict) else nw.from_native(data).collect_schema().names()
        )
    except TypeError as error:
        raise ModelError(
            f"data: expected an array or a data frame, got {type(data).__name__}."
        ) from error
