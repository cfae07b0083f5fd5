"""Completed sets that were made elsewhere, checked against the data that they complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import numeric, read_columns
from salutogen.models.imputation.completed import CompletedSets

Float = NDArray[np.float64]

SET, ROW = ".imp", ".id"  # as R's mice names them in `complete(x, "long", include = TRUE)`
SAME = 1e-9  # relative difference that comes from writing numbers as text
FIRST = 5  # columns that are named


def completed_sets(sets: Any, original: Any = None) -> CompletedSets:
    """Take completed data sets from elsewhere, to analyse and pool them.

    Parameters
    ----------
    sets : sequence of data frames, or one long frame
        One frame per set; or all below each other with a column `.imp` that counts them, as R's
        mice writes with ``complete(x, "long", include = TRUE)``. Set 0, where there is one, holds
        the data with their gaps; `.id`, where there is one, brings the rows into order.
    original : data frame, optional
        The data with their gaps, rows in the same order, where the long frame has no set 0.

    Returns
    -------
    CompletedSets

    Raises
    ------
    ModelError
        Fewer than two sets, other rows or columns, gaps that are left, or a value that was seen and
        differs in a set: it is not known then what was completed.

    Examples
    --------
    >>> import polars as pl
    >>> data = pl.DataFrame({"x": [1.0, None, 3.0]})
    >>> sets = completed_sets([pl.DataFrame({"x": [1.0, v, 3.0]}) for v in (1.5, 2.5)], data)
    >>> sets.n_sets, sets.imputed.tolist()
    (2, [[1.5], [2.5]])
    """
    frames, data = _split(sets, original)
    if len(frames) < 2:
        raise ModelError(f"Expected at least 2 completed sets, got {len(frames)}.")
    base = _plain(data)
    tables = [_plain(frame) for frame in frames]
    for number, table in enumerate(tables, start=1):
        _refuse_other_shape(base, table, number)
        _refuse_gaps(base, table, number)
    _refuse_text(base)
    names = tuple(n for n in base.columns if _is_number(base[n]))
    observed = np.column_stack([numeric(base, name) for name in names]) if names else None
    if observed is None or not np.isnan(observed).any():
        raise ModelError("No number is missing in the data that the sets complete.")
    values = np.array([[numeric(table, name) for name in names] for table in tables])
    _refuse_changed(base, tables)
    gaps = np.isnan(observed.T)
    return CompletedSets(
        original=data,
        columns=names,
        observed=observed,
        imputed=values[:, gaps],
        kept_type=tuple(_whole(names, values)),
        trace=None,
        messages=("Made elsewhere: how, and whether the chains had come together, is not known.",),
    )


def _split(sets: Any, original: Any) -> tuple[list[Any], Any]:
    """Return the sets one by one, and the data with their gaps."""
    if isinstance(sets, Sequence) and not isinstance(sets, str):
        if original is None:
            raise ModelError("original: give the data with their gaps beside a list of sets.")
        return list(sets), original
    import narwhals as nw

    long = nw.from_native(_plain(sets) if isinstance(sets, Mapping) else sets, eager_only=True)
    if SET not in long.columns:
        raise ModelError(f"sets: expected a list of frames, or a long frame with {SET!r}.")
    helpers = [SET, *([ROW] if ROW in long.columns else [])]
    if original is not None:
        helpers = [name for name in helpers if name not in _plain(original).columns]
    parts, rows = {}, None
    for number in long[SET].unique().sort():
        part = long.filter(nw.col(SET) == number)
        if ROW in part.columns:
            part = part.sort(ROW)
            own = part[ROW].to_list()
            rows = own if rows is None else rows
            if own != rows:
                raise ModelError(f"sets: {ROW!r} of set {number} is not that of the first one.")
        parts[_set_number(number)] = part.drop(*helpers).to_native()
    known = parts.pop(0, None)
    data = known if original is None else original
    if data is None:
        raise ModelError(
            f"sets: no set 0 with the gaps is in {SET!r}. Write it with include = TRUE, or give "
            "`original`."
        )
    return list(parts.values()), data


def _set_number(value: Any) -> int:
    """Return the number of a set, which is whole: 1.5 is not set 1 once more."""
    try:
        number = int(value)
        whole = number >= 0 and float(value) == number
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise ModelError(f"{SET}: expected whole numbers from 0, got {value!r}.")
    return number


def _plain(data: Any) -> pl.DataFrame:
    if isinstance(data, pl.DataFrame):
        return data
    import narwhals as nw

    if isinstance(data, Mapping):
        return read_columns(data, list(data))
    try:
        return read_columns(data, nw.from_native(data).collect_schema().names())
    except TypeError as error:
        raise ModelError(f"sets: expected data frames, got {type(data).__name__}.") from error


def _is_number(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype == pl.Boolean


def _gap(column: pl.Series) -> NDArray[np.bool_]:
    found = column.is_null()
    if column.dtype.is_float():
        found = found | column.is_nan().fill_null(True)
    return found.to_numpy()


def _refuse_other_shape(base: pl.DataFrame, table: pl.DataFrame, number: int) -> None:
    lacking = [name for name in base.columns if name not in table.columns]
    more = [name for name in table.columns if name not in base.columns]
    if lacking or more or table.height != base.height:
        words = [
            f"lacks {', '.join(lacking[:FIRST])}" if lacking else "",
            f"has {', '.join(more[:FIRST])} besides" if more else "",
            f"has {table.height} rows instead of {base.height}"
            if table.height != base.height
            else "",
        ]
        raise ModelError(
            f"Completed set {number} {', '.join(w for w in words if w)}: expected the rows and "
            "columns of the data. Add what is computed within the analysis."
        )


def _refuse_text(base: pl.DataFrame) -> None:
    words = [n for n in base.columns if not _is_number(base[n]) and _gap(base[n]).any()]
    if words:
        raise ModelError(
            f"{', '.join(words[:FIRST])}: text with gaps. Give categories as columns of 0 and 1, "
            "in the data and in the sets."
        )


def _refuse_gaps(base: pl.DataFrame, table: pl.DataFrame, number: int) -> None:
    numbers = [name for name in base.columns if _is_number(base[name])]
    left = [name for name in numbers if _gap(table[name]).any()]
    if left:
        raise ModelError(
            f"Completed set {number} still lacks values of {', '.join(left[:FIRST])}. Leave these "
            "columns out of the data and of the sets, or complete them."
        )
    endless = [name for name in numbers if np.isinf(numeric(table, name)).any()]
    if endless:
        raise ModelError(f"Completed set {number} has infinite values of {endless[0]}.")


def _refuse_changed(base: pl.DataFrame, tables: Sequence[pl.DataFrame]) -> None:
    """Refuse sets in which something that was seen is not what it was."""
    for number, table in enumerate(tables, start=1):
        changed = []
        for name in base.columns:
            seen = ~_gap(base[name])
            if _is_number(base[name]):
                old, new = numeric(base, name)[seen], numeric(table, name)[seen]
                other = np.abs(new - old) > SAME * np.maximum(np.abs(old), 1.0)
            else:
                other = (base[name].cast(pl.String) != table[name].cast(pl.String)).to_numpy()
                other = other[seen].astype(bool)
            if other.any():
                rows = np.flatnonzero(seen)[other]
                changed.append(f"{name} ({rows.size} rows, the first {rows[0] + 1})")
        if changed:
            raise ModelError(
                f"Completed set {number} differs where values were seen: "
                f"{', '.join(changed[:FIRST])}. Were rows sorted in another way or numbers "
                "rounded, or are the sets of other data?"
            )


def _whole(names: Sequence[str], values: Float) -> list[str]:
    """Columns in which only whole numbers stand."""
    return [name for j, name in enumerate(names) if np.all(values[:, j] == np.round(values[:, j]))]
