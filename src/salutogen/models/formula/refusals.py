"""What is said where a formula and the data do not fit together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]


def refuse_undefined(columns: Mapping[str, Float]) -> None:
    """Refuse computed columns that are infinite or no number somewhere, as the logarithm of 0."""
    wrong = []
    for name, values in columns.items():
        if not np.isfinite(values.sum()):
            rows = np.flatnonzero(~np.isfinite(values))
            if rows.size:
                first = ", ".join(str(row + 1) for row in rows[:10])
                wrong.append(
                    f"{name}: infinite or undefined in {rows.size} complete rows ({first})"
                )
    if wrong:
        raise ModelError("; ".join(wrong) + ". Transform what every row allows, as log(x + 1).")


def unreadable(expression: str, done: str, error: Exception) -> ModelError:
    """The first line of what the reader of formulas says, without its colours."""
    said = re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(error)).strip().split("\n")[0]
    if "contains null values" in said:
        said = "in some rows the result is no number, as the logarithm of a negative one"
    if "categories outside of the nominated levels" in said:
        found = re.sub(r"np\.\w+\(([^)]*)\)", r"\1", said[said.index("{") + 1 : said.rindex("}")])
        said = f"the fit knows no category {found}"
    elif "extend beyond upper and/or lower bounds" in said:
        said = "values are outside the range that the fit has seen"
    if isinstance(error, SyntaxError):
        said = (
            "names with spaces or signs, and those that are words of Python such as class, need "
            "backticks, as `class`"
        )
    if expression.strip() == ".":
        said = "write the columns out"
    return ModelError(f"formula: {expression!r} cannot be {done}: {said.rstrip('.')}.")


def refuse_absent(wanted: Sequence[str], present: Sequence[Any]) -> None:
    """Name every wanted column that is not there, with the nearest name."""
    absent = [name for name in wanted if name not in present]
    if not absent:
        return
    known, hints = [str(name) for name in present], []
    for name in map(str, absent):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hints.append(f"{name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    raise ModelError(f"Unknown column {', '.join(hints)}; the frame has {', '.join(known)}.")


def nothing_complete(frame: pl.DataFrame) -> str:
    """Say which columns are to blame that no row has everything."""
    names = frame.columns
    empty = [c.name for c in frame.get_columns() if c.null_count() + _n_nan(c) == frame.height]
    blame = f" {', '.join(empty)}: missing in every row." if empty and frame.height else ""
    return f"No row of {frame.height} has a value in all of {', '.join(names)}.{blame}"


def _n_nan(column: pl.Series) -> int:
    return int(column.is_nan().sum()) if column.dtype.is_float() else 0


def as_numbers(values: Any, name: str) -> Float:
    """Return an array of floats; refuse what is none."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name}: expected numbers, got {values!r:.60}.") from error


def not_whole(least: int, **settings: Any) -> list[str]:
    """Say which settings are no whole numbers from `least`."""
    return [
        f"{name}: expected a whole number from {least}, got {value!r}."
        for name, value in settings.items()
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least
    ]


def refuse_not_whole(least: int, **settings: Any) -> None:
    """Refuse settings that are no whole numbers from `least`, such as draws and seeds."""
    problems = not_whole(least, **settings)
    if problems:
        raise ModelError(" ".join(problems))


def is_between(value: Any, low: float, high: float) -> bool:
    """Whether a setting is a number between two others, itself none of them."""
    return isinstance(value, int | float | np.number) and bool(low < value < high)
