"""Columns of a formula's expression, learned once and made again for new data."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.categories import as_text, used_levels
from salutogen.models.formula.columns import numeric
from salutogen.models.formula.mixed_formula import INTERCEPT, plain_name, simple_terms, translated
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]


@short_repr("expression", "names")
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
    levels : dict
        Levels of each category that declares their order, the reference first.
    messages : tuple of str
        Levels that are declared and do not occur.
    """

    expression: str
    names: tuple[str, ...]
    variables: tuple[str, ...]
    state: Any = None
    levels: dict[str, list[str]] = field(default_factory=dict)
    messages: tuple[str, ...] = ()

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

        _refuse_unknown(frame, self.levels)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error", DataMismatchWarning)
                rows = _pandas(frame, self.variables, self.levels)
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
    The first level of a column that declares an order is the reference; otherwise the first by
    alphabet or size. Levels that do not occur are left out, with a message.
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
    levels, messages = used_levels(frame, variables)
    try:
        formula = Formula(translated(expression))
        with np.errstate(all="ignore"):
            matrix = formula.get_model_matrix(_pandas(frame, variables, levels), na_action="raise")
    except Exception as error:
        raise unreadable(expression, "computed", error) from error
    names = tuple(str(name) for name in matrix.columns)
    return Design(
        expression=expression,
        names=names,
        variables=variables,
        state=matrix.model_spec,
        levels=levels,
        messages=messages,
    )


def learn_outcome(expression: str, frame: pl.DataFrame) -> Design:
    """Learn the outcome's expression, which gives exactly one column."""
    name = plain_name(expression)
    if name is not None:
        return Design(expression=expression, names=(name,), variables=(name,))
    design = learn_design(f"0 + {expression}", frame)
    if len(design.names) != 1:
        raise ModelError(f"formula: the outcome {expression!r} gives {len(design.names)} columns.")
    return design


def _pandas(
    frame: pl.DataFrame, variables: tuple[str, ...], levels: Mapping[str, list[str]]
) -> Any:
    """Copy columns into the frame formulaic reads; `levels` of categories whose order is known."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in variables:
        column = frame[name]
        if name in levels:
            columns[name] = pd.Categorical(as_text(column).to_list(), categories=levels[name])
        elif column.dtype.is_numeric():
            columns[name] = numeric(frame, name)
        elif column.dtype in (pl.Categorical, pl.Enum):
            columns[name] = pd.Categorical(column.to_list())
        else:
            columns[name] = np.array(column.to_list(), dtype=object)
    return pd.DataFrame(columns, index=range(frame.height))


def _refuse_unknown(frame: pl.DataFrame, levels: Mapping[str, list[str]]) -> None:
    """Refuse categories that the fit has not seen, by column."""
    wrong = []
    for name, known in levels.items():
        found = as_text(frame[name]).unique(maintain_order=True).drop_nulls().to_list()
        unknown = [repr(level) for level in found if level not in known]
        if unknown:
            wrong.append(
                f"{name}: the fit knows no category {', '.join(unknown[:10])}; it has "
                f"{', '.join(map(repr, known))}"
            )
    if wrong:
        raise ModelError("; ".join(wrong) + ".")


def plain_design(names: tuple[str, ...]) -> Design:
    """Return the design of columns that are named as they are."""
    variables = tuple(name for name in names if name != INTERCEPT)
    return Design(expression=" + ".join(names), names=names, variables=variables)


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
