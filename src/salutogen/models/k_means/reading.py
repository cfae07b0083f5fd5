"""Read persons' trajectories from an array or a frame with a column per occasion."""

from __future__ import annotations

import re
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
MANY = 30  # persons among whom scores in whole numbers rarely all differ
SLIPS = 20  # one row in so many may lack or repeat a person's number
NAMES = {"id", "pid", "uid", "sid", "ids", "subject", "subj", "participant", "person", "patient"}


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
    numbers = _numbers_of_persons(frame)
    if numbers:
        others = [name for name in frame.columns if name not in numbers] or frame.columns
        first = ", ".join(repr(name) for name in others[:2])
        more = ", …" if len(others) > 2 else ""
        raise ModelError(
            f"data: {', '.join(numbers)} holds whole numbers that are (nearly) all different, as "
            "persons' numbers are. Name the columns of the occasions, as "
            f"occasions=[{first}{more}]; a column named there is taken whatever it holds."
        )


def _numbers_of_persons(frame: pl.DataFrame) -> list[str]:
    """Names of the columns that look like persons' numbers.

    Whole numbers that hardly repeat are such if they have a name such as `id` or run without gaps
    (one in twenty may be missing or repeated, as a slip), or if all differ and they are sorted or
    the only such column of many persons. Scores may all differ in a small group, and may all
    differ at each occasion, as steps a day do.
    """
    slips = {
        column.name: found
        for column in frame.get_columns()
        if (found := _slips(column)) is not None
    }
    several = sum(found == 0 for found in slips.values()) > 1
    return [
        name
        for name, found in slips.items()
        if _is_named_so(name)
        or _runs_without_gaps(frame[name])
        or (found == 0 and (frame[name].is_sorted() or (frame.height >= MANY and not several)))
    ]


def _slips(column: pl.Series) -> int | None:
    """Rows that are missing or repeat a number, of whole numbers that hardly do; else None."""
    if not column.dtype.is_numeric():
        return None
    values = column.cast(pl.Float64).fill_nan(None).drop_nulls()
    if not values.is_finite().all() or not (values == values.round()).all():
        return None
    slips = len(column) - values.n_unique()
    return slips if slips <= max(1, len(column) // SLIPS) else None


def _runs_without_gaps(column: pl.Series) -> bool:
    """Whether the numbers fill what lies between the lowest and the highest, but for slips."""
    values = column.cast(pl.Float64).fill_nan(None).drop_nulls().to_numpy()
    return bool(np.ptp(values) < len(column) + max(1, len(column) // SLIPS))


def _is_named_so(name: str) -> bool:
    """Whether a name is one of persons' numbers: `id`, `pid`, `subject_id`, `participant`."""
    parts = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return any(part in NAMES for part in parts)


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
