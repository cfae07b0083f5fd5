"""Turn frames into columns: the door through which data enter the models."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.python_columns import frame_of
from salutogen.models.formula.reading import INTERCEPT, plain_name, simple_terms, translated
from salutogen.models.formula.refusals import (
    as_numbers,
    refuse_absent,
    refuse_undefined,
    unreadable,
)

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Design:
    """An expression with the state it learned, so that new data give the same columns.

    Attributes
    ----------
    expression : str
        Such as ``1 + E`` or ``t + I(t**2)``.
    names : tuple of str
        Names of its columns, ``Intercept`` for the constant.
    variables : tuple of str
        Columns of the frame it needs.
    state : object or None
        What formulaic learned (levels, knots, means); None for a plain sum of names.
    """

    expression: str
    names: tuple[str, ...]
    variables: tuple[str, ...]
    state: Any = None

    def matrix(self, frame: pl.DataFrame) -> Float:
        """Return the columns (n, k); rows with missing variables give NaN on the simple path."""
        if self.state is None:
            columns = self.columns(frame)
            return np.column_stack(columns) if columns else np.empty((frame.height, 0))
        return self._computed(frame)

    def columns(self, frame: pl.DataFrame) -> list[Float]:
        """Return the same, column by column; a plain column is not copied, nor the constant."""
        if self.state is not None:
            return list(self._computed(frame).T)
        constant = np.broadcast_to(1.0, frame.height)
        return [constant if name == INTERCEPT else numeric(frame, name) for name in self.names]

    def _computed(self, frame: pl.DataFrame) -> Float:
        from formulaic.errors import DataMismatchWarning

        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error", DataMismatchWarning)
                rows = _pandas(frame, self.variables)
                matrix = self.state.get_model_matrix(rows, na_action="ignore")
        except Exception as error:
            raise unreadable(self.expression, "computed", error) from error
        values = np.asarray(matrix, dtype=float)
        refuse_undefined(dict(zip(self.names, values.T, strict=True)))
        return values


def variables_of(expression: str) -> tuple[str, ...]:
    """Return the columns of a frame that an expression needs."""
    terms = simple_terms(expression)
    if terms is not None:
        return tuple(term for term in terms if term != INTERCEPT)
    names: set[str] = set()
    for factor, is_name in _factors(expression):
        names |= {factor} if is_name else _names_in(factor)
    return tuple(sorted(names))


def _factors(expression: str) -> list[tuple[str, bool]]:
    """The factors of an expression's terms, and whether each is a column's name."""
    from formulaic import Formula

    try:
        formula: Any = Formula(translated(expression))
        return [
            (str(factor.expr), factor.eval_method.value == "lookup")
            for term in formula
            for factor in term.factors
            if factor.eval_method.value != "literal"
        ]
    except Exception as error:
        raise unreadable(expression, "read", error) from error


def _names_in(factor: str) -> set[str]:
    """Names in a piece of Python, without the functions that formulas know."""
    from formulaic.transforms import TRANSFORMS

    quoted = re.findall(r"`([^`]+)`", factor)
    try:
        tree = ast.parse(re.sub(r"`[^`]+`", "0", factor.strip("{}")), mode="eval")
    except SyntaxError as error:
        raise unreadable(factor, "read", error) from error
    known = {*TRANSFORMS, "abs"}
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    unknown = [call.id for call in calls if isinstance(call, ast.Name) and call.id not in known]
    if unknown:
        raise ModelError(
            f"formula: unknown function {unknown[0]!r} in {factor!r}; there are "
            "C, I, log, exp, sqrt, scale, center, poly, bs, cr, cs and those of numpy as np.name."
        )
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {*quoted, *names - known}


def learn_design(expression: str, frame: pl.DataFrame) -> Design:
    """Learn an expression's columns from complete rows of a frame.

    Text stands for categories only inside ``C(...)``; columns of a categorical type always do.
    """
    variables = variables_of(expression)
    terms = simple_terms(expression)
    categories = (pl.Categorical, pl.Enum)
    if terms is not None and not any(
        isinstance(frame.schema[name], categories) for name in variables
    ):
        return Design(expression=expression, names=terms, variables=variables)
    from formulaic import Formula

    for factor, is_name in _factors(expression):
        if is_name and not isinstance(frame.schema[factor], categories):
            numeric(frame, factor)
    try:
        formula = Formula(translated(expression))
        with np.errstate(all="ignore"):
            matrix = formula.get_model_matrix(_pandas(frame, variables), na_action="raise")
    except Exception as error:
        raise unreadable(expression, "computed", error) from error
    names = tuple(str(name) for name in matrix.columns)
    return Design(expression=expression, names=names, variables=variables, state=matrix.model_spec)


def learn_outcome(expression: str, frame: pl.DataFrame) -> Design:
    """Learn the outcome's expression, which gives exactly one column."""
    name = plain_name(expression)
    if name is not None:
        return Design(expression=expression, names=(name,), variables=(name,))
    design = learn_design(f"0 + {expression}", frame)
    if len(design.names) != 1:
        raise ModelError(f"formula: the outcome {expression!r} gives {len(design.names)} columns.")
    return design


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


def _first_text(column: pl.Series) -> str:
    if column.dtype != pl.String or not column.count():
        return ""
    words = column.filter(column.cast(pl.Float64, strict=False).is_null()).drop_nulls()
    return f" such as {(words if len(words) else column.drop_nulls())[0]!r}"


def read_columns(data: Any, names: Iterable[str]) -> pl.DataFrame:
    """Return the named columns of any frame that Narwhals knows, or of a mapping of arrays.

    Raises
    ------
    ModelError
        Not a frame, or columns are missing: all of them are named, with the nearest name.
    """
    selected = select_columns(data, names)
    import narwhals as nw

    eager = selected.collect() if isinstance(selected, nw.LazyFrame) else selected
    try:
        found: pl.DataFrame = eager.to_polars()
    except (TypeError, ValueError, pl.exceptions.PolarsError):  # objects of several kinds
        found = frame_of({name: eager[name].to_list() for name in eager.columns}, eager.columns)
    return found


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


def _pandas(frame: pl.DataFrame, variables: Iterable[str]) -> Any:
    """Copy columns into the frame formulaic reads."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in variables:
        column = frame[name]
        if isinstance(column.dtype, pl.Enum):
            levels = column.dtype.categories.to_list()
            columns[name] = pd.Categorical(column.to_list(), categories=levels)
        elif column.dtype.is_numeric():
            columns[name] = numeric(frame, name)
        elif column.dtype == pl.Categorical:
            columns[name] = pd.Categorical(column.to_list())
        else:
            columns[name] = np.array(column.to_list(), dtype=object)
    return pd.DataFrame(columns, index=range(frame.height))


def plain_design(names: tuple[str, ...]) -> Design:
    """Return the design of columns that are named as they are."""
    variables = tuple(name for name in names if name != INTERCEPT)
    return Design(expression=" + ".join(names), names=names, variables=variables)


def n_rows_of(frame: Any) -> int:
    """Return the number of rows of a frame or a mapping of arrays."""
    if isinstance(frame, dict):
        return max((len(values) for values in frame.values()), default=0)
    return len(frame)


def columns_of(design: Design, rows: pl.DataFrame) -> Float:
    """Return the design's columns, NaN in rows where one of its variables is missing."""
    missing = np.zeros(rows.height, dtype=bool)
    for name in design.variables:
        column = rows[name]
        missing |= column.is_null().to_numpy()
        if column.dtype.is_float():
            values = column.fill_null(np.nan).to_numpy()
            if np.isinf(values).any():
                first = int(np.flatnonzero(np.isinf(values))[0]) + 1
                raise ModelError(f"{name}: infinite values, the first in row {first}.")
            missing |= np.isnan(values)
    if not missing.any():
        return design.matrix(rows)
    columns = np.full((rows.height, len(design.names)), np.nan)
    columns[~missing] = design.matrix(rows.filter(pl.Series(~missing)))
    return columns
