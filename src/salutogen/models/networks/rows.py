"""From a frame or an array to complete rows of a network's variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import as_numbers
from salutogen.models.formula.columns import complete_rows, numeric, read_columns, refuse_words

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MOSTLY = 0.8  # share of equal values from which a variable is named: it hardly tells anything


@dataclass(frozen=True, kw_only=True)
class NetworkRows:
    """Complete rows, a person each.

    Attributes
    ----------
    names : tuple of str
        Variables.
    values : array (n, k)
    group : polars.Series or None
        Group of each row, where one was asked for.
    messages : tuple of str
        What is doubtful.
    """

    names: tuple[str, ...]
    values: Float
    group: pl.Series | None
    messages: tuple[str, ...]


def read_network_rows(data: Any, variables: Sequence[str], group: str | None = None) -> NetworkRows:
    """Read the variables, by default all columns but the group.

    Raises
    ------
    ModelError
        Columns that are absent, named twice or no numbers; infinite values; fewer than two
        variables; no complete row.
    """
    if isinstance(data, np.ndarray):
        data = _columns_of(data)
    names = tuple(variables) or tuple(name for name in _all_names(data) if name != group)
    if len(set(names)) < max(len(names), 2):
        raise ModelError(
            f"variables: expected at least two, each named once, got {', '.join(names) or 'none'}."
        )
    needed = [*names, *([group] if group is not None else [])]
    frame = read_columns(data, needed, labels=(group,))
    refuse_words(frame, names)
    keep = complete_rows(frame)
    if not keep.any():
        raise ModelError(f"No row of {frame.height} has a value in all of {', '.join(needed)}.")
    used = frame.filter(pl.Series(keep))
    values = np.ascontiguousarray(np.column_stack([numeric(used, name) for name in names]))
    messages = []
    lost = frame.height - used.height
    if lost:
        messages.append(f"{lost} of {frame.height} rows with missing values were left out.")
    return NetworkRows(
        names=names,
        values=values,
        group=None if group is None else used[group],
        messages=(*messages, *mostly_equal(names, values)),
    )


def as_names(given: Any) -> tuple[str, ...]:
    """Take a single name, or a list of names, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given)


def mostly_equal(names: Sequence[str], values: Float) -> list[str]:
    """Name the variables of values (n, k) most of which are one and the same."""
    messages = []
    for name, column in zip(names, values.T, strict=True):
        found, counts = np.unique(column, return_counts=True)
        share = float(counts.max()) / len(column)
        if MOSTLY <= share < 1:
            messages.append(
                f"{name}: {100 * share:.0f} % of the values are {found[counts.argmax()]:g}. It "
                "hardly varies, and its edges rest on few rows."
            )
    return messages


def _columns_of(values: NDArray[Any]) -> Mapping[str, Float]:
    numbers = as_numbers(values, "data")
    if numbers.ndim != 2:
        raise ModelError(f"data: expected rows and columns, got shape {numbers.shape}.")
    return {f"x{j + 1}": column for j, column in enumerate(numbers.T)}


def _all_names(data: Any) -> list[str]:
    if isinstance(data, Mapping):
        return [str(name) for name in data]
    import narwhals as nw

    try:
        return list(nw.from_native(data).collect_schema().names())
    except TypeError as error:
        raise ModelError(
            f"data: expected a data frame or an array, got {type(data).__name__}."
        ) from error
