"""Read the columns that a formula needs from any frame, or from a mapping of arrays.

This is the door through which data enter the models: what is missing, infinite, of another type or
of another name is said here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import as_numbers
from salutogen.models.formula.categories import declared_levels, with_levels
from salutogen.names import nearest

Float = NDArray[np.float64]


def numeric(frame: pl.DataFrame, name: str) -> Float:
    """Return a column as floats, missing as NaN; refuse text and dates."""
    column = frame[name]
    if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
        if column.dtype.is_temporal():
            raise ModelError(
                f"{name}: expected numbers, got {column.dtype}. Count from a first date in one "
                "unit, such as days or years."
            )
        raise ModelError(
            f"{name}: expected numbers, got {column.dtype}"
            f"{_first_text(column)}. Write C({name}) if it names categories."
        )
    values = column.cast(pl.Float64)
    return (values.fill_null(np.nan) if values.null_count() else values).to_numpy()


def refuse_words(frame: pl.DataFrame, names: Sequence[str]) -> None:
    """Refuse text where only numbers can be used, and say how categories become numbers."""
    words = [
        name
        for name in names
        if not (frame[name].dtype.is_numeric() or frame[name].dtype in (pl.Boolean, pl.Null))
        and not frame[name].dtype.is_temporal()
    ]
    if words:
        raise ModelError(
            f"{', '.join(words)}: expected numbers. Code two categories as 0 and 1, more of them "
            "as several columns of 0 and 1."
        )


def _first_text(column: pl.Series) -> str:
    if column.dtype != pl.String or not column.count():
        return ""
    words = column.filter(column.cast(pl.Float64, strict=False).is_null()).drop_nulls()
    return f" such as {(words if len(words) else column.drop_nulls())[0]!r}"


def read_columns(
    data: Any, names: Iterable[str], *, labels: Collection[str | None] = ()
) -> pl.DataFrame:
    """Return the named columns of any frame that Narwhals knows, or of a mapping of arrays.

    Parameters
    ----------
    data : data frame or mapping of arrays
    names : iterable of str
        Columns; those that declare an order of categories keep it, as Polars' Enum.
    labels : collection of str
        Those that only tell rows apart (persons): left as they come.

    Raises
    ------
    ModelError
        Not a frame, or columns are missing: all of them are named, with the nearest name.
    """
    selected = select_columns(data, names)
    import narwhals as nw

    source = data if isinstance(data, Mapping) else selected
    declared = declared_levels(source, [name for name in selected.columns if name not in labels])
    eager = selected.collect() if isinstance(selected, nw.LazyFrame) else selected
    try:
        found: pl.DataFrame = eager.to_polars()
    except (TypeError, ValueError, pl.exceptions.PolarsError):  # objects of several kinds
        found = frame_of({name: eager[name].to_list() for name in eager.columns}, eager.columns)
    return with_levels(found, declared)


def select_columns(data: Any, names: Iterable[str]) -> Any:
    """Return the named columns as a Narwhals frame, lazy if the data are; see `read_columns`."""
    wanted = list(dict.fromkeys(names))
    import narwhals as nw

    if isinstance(data, Mapping):
        refuse_absent(wanted, list(data))
        data = frame_of(data, wanted)

    try:
        frame = nw.from_native(data)
    except TypeError as error:
        raise ModelError(
            f"data: expected a data frame (Polars, pandas, Arrow, …), got {type(data).__name__}."
        ) from error
    except nw.exceptions.DuplicateError as error:
        columns = list(data.columns)
        twice = sorted({str(name) for name in columns if columns.count(name) > 1})
        raise ModelError(
            f"data: more than one column is called {', '.join(twice)}. Rename or drop the others."
        ) from error
    refuse_absent(wanted, frame.collect_schema().names())
    return frame.select(wanted)


def complete_rows(frame: pl.DataFrame) -> NDArray[np.bool_]:
    """Whether each row has every column.

    Raises
    ------
    ModelError
        Infinite values; every such column is named with its first rows.
    """
    keep = np.ones(frame.height, dtype=bool)
    infinite = []
    for column in frame.get_columns():
        if _is_plain(column):
            continue
        keep &= column.is_not_null().to_numpy()
        if column.dtype.is_float():
            values = column.fill_null(np.nan).to_numpy()
            keep &= ~np.isnan(values)
            rows = np.flatnonzero(np.isinf(values))
            if rows.size:
                first = ", ".join(str(row + 1) for row in rows[:10])
                infinite.append(f"{column.name}: {rows.size} infinite values, rows {first}")
    if infinite:
        raise ModelError("; ".join(infinite) + ". Mend them or make them missing.")
    return keep


def rows_weights(weights: Any, rows: pl.DataFrame) -> Float | None:
    """Return the rows' precision weights: a column's, or those given."""
    if weights is None:
        return None
    if isinstance(weights, str):
        return checked_weights(numeric(rows, weights), rows.height, name=weights)
    return checked_weights(weights, rows.height)


def checked_weights(weights: Any, n: int, *, name: str = "weights") -> Float:
    """Return positive, finite weights.

    Raises
    ------
    ModelError
        Not one per row, or weights that are missing, infinite, zero or negative, with their rows.
    """
    values = as_numbers(weights, name)
    if values.shape != (n,):
        raise ModelError(f"{name}: expected one for each of {n} rows, got shape {values.shape}.")
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if bad.size:
        first = ", ".join(str(row + 1) for row in bad[:10])
        raise ModelError(
            f"{name}: expected positive numbers, got {values[bad[0]]:g} and the like in "
            f"{bad.size} rows ({first}). Leave those rows out, or give them a weight."
        )
    return values


def _is_plain(column: pl.Series) -> bool:
    """Whether a glance shows that nothing is missing or infinite: the sum would be, too."""
    if column.null_count():
        return False
    return not column.dtype.is_float() or bool(np.isfinite(column.to_numpy().sum()))


def n_rows_of(frame: Any) -> int:
    """Return the number of rows of a frame or a mapping of arrays."""
    if isinstance(frame, dict):
        return max((len(values) for values in frame.values()), default=0)
    return len(frame)


def refuse_absent(wanted: Sequence[str], present: Sequence[Any]) -> None:
    """Name every wanted column that is not there, with the nearest name."""
    absent = [name for name in wanted if name not in present]
    if not absent:
        return
    known, hints = [str(name) for name in present], []
    for name in map(str, absent):
        near = nearest(name, known)
        hints.append(f"{name!r}" + (f" (did you mean {near!r}?)" if near else ""))
    raise ModelError(f"Unknown column {', '.join(hints)}; the frame has {', '.join(known)}.")


def nothing_complete(frame: pl.DataFrame) -> str:
    """Say which columns are to blame that no row has everything."""
    names = frame.columns
    empty = [c.name for c in frame.get_columns() if c.null_count() + _n_nan(c) == frame.height]
    blame = f" {', '.join(empty)}: missing in every row." if empty and frame.height else ""
    return f"No row of {frame.height} has a value in all of {', '.join(names)}.{blame}"


def _n_nan(column: pl.Series) -> int:
    return int(column.is_nan().sum()) if column.dtype.is_float() else 0


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
    is_object = isinstance(values, np.ndarray) and values.dtype == object
    if is_object or hasattr(values, "categories"):
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
