"""Rows that stay where they are: which of two ways a lazy frame is reduced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from salutogen.errors import ModelError
from salutogen.models.formula.frames import select_columns
from salutogen.models.formula.reading import MixedFormula


def is_lazy(data: Any) -> bool:
    """Whether data are a plan (lazy Polars, DuckDB, Spark, …) and not rows in memory."""
    if isinstance(data, Mapping):
        return False
    import narwhals as nw

    try:
        return isinstance(nw.from_native(data, pass_through=True), nw.LazyFrame)
    except nw.exceptions.DuplicateError:  # rows in memory; said where they are read
        return False


def reduce_lazily(
    formula: str, parsed: MixedFormula, data: Any, needed: Sequence[str], weights: Any
) -> dict[str, Any]:
    """Return the attributes of `Moments` of a lazy frame.

    Raises
    ------
    ModelError
        As `Moments.from_frame`; weights that are not the name of a column.
    """
    from salutogen.models.moments.pushed_down import Source, reduce_there
    from salutogen.models.moments.streamed import reduce_batches

    if not (weights is None or isinstance(weights, str)):
        raise ModelError(
            f"weights: rows of a lazy frame have theirs in a column, got {type(weights).__name__}."
        )
    frame = select_columns(data, [*needed, *([] if weights is None else [weights])])
    variables = tuple(dict.fromkeys(name for name in needed if name != parsed.group))
    source = Source(frame, parsed.group, variables, weights)
    found = reduce_there(formula, parsed, source)
    return reduce_batches(formula, parsed, source) if found is None else found
