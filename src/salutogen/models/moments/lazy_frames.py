"""Moments of rows that stay where they are: pushed down to their engine, or read in batches.

Batches serve formulas that no engine can compute. The formula's state (levels, knots, means) is
learned once, from all complete rows if they are few and otherwise from evenly spaced ones, with
the extremes of every variable and every level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from salutogen.errors import ModelError
from salutogen.models.formula.categories import with_levels
from salutogen.models.formula.columns import complete_rows, rows_weights, select_columns
from salutogen.models.formula.design import Design, learn_design, learn_outcome
from salutogen.models.formula.mixed_formula import MixedFormula
from salutogen.models.moments.moments import Moments, learned_columns
from salutogen.models.moments.pushed_down import Source, reduce_at_source

BATCH = 1 << 18  # rows
LEARNED = 1 << 20  # rows from which a formula's state is learned


def is_lazy(data: Any) -> bool:
    """Whether data are a plan (lazy Polars, DuckDB, Spark, …) and not rows in memory."""
    if isinstance(data, Mapping):
        return False
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
    if not (weights is None or isinstance(weights, str)):
        raise ModelError(
            f"weights: rows of a lazy frame have theirs in a column, got {type(weights).__name__}."
        )
    frame = select_columns(data, [*needed, *([] if weights is None else [weights])])
    variables = tuple(dict.fromkeys(name for name in needed if name != parsed.group))
    source = Source(frame, parsed.group, variables, weights)
    found = reduce_at_source(formula, parsed, source)
    return reduce_batches(formula, parsed, source) if found is None else found


def batches(source: Source) -> Iterator[pl.DataFrame]:
    """The rows of a lazy frame, in its order, in frames of the same length."""
    native, declared = source.frame.to_native(), source.declared
    waiting: list[pl.DataFrame] = []
    for part in _parts(source, native):
        waiting.append(with_levels(part, declared))
        while sum(frame.height for frame in waiting) >= BATCH:
            joined = pl.concat(waiting)
            yield joined[:BATCH]
            waiting = [joined[BATCH:]]
    rest = pl.concat(waiting) if waiting else None
    if rest is not None and rest.height:
        yield rest


def _parts(source: Source, native: Any) -> Iterator[pl.DataFrame]:
    kind = source.frame.implementation
    if kind.is_polars():
        yield from native.collect_batches(chunk_size=BATCH, maintain_order=True)
    elif kind.is_duckdb():
        reader = native.to_arrow_reader(BATCH)
        for batch in reader:
            yield pl.DataFrame(batch)
    elif kind.is_spark_like():
        rows: list[tuple[Any, ...]] = []
        for row in native.toLocalIterator(prefetchPartitions=True):
            rows.append(tuple(row))
            if len(rows) == BATCH:
                yield pl.DataFrame(rows, schema=native.columns, orient="row")
                rows = []
        if rows:
            yield pl.DataFrame(rows, schema=native.columns, orient="row")
    else:
        yield source.fetch(source.frame)


def reduce_batches(formula: str, parsed: MixedFormula, source: Source) -> dict[str, Any]:
    """Return the attributes of `Moments`, from two readings of the rows."""
    n_rows = int(source.fetch(source.frame.select(nw.len().alias("rows")))["rows"][0])
    sample = _sample(source, max(1, -(-n_rows // LEARNED)))
    if sample is None:
        names = ", ".join((*source.variables, source.group))
        raise ModelError(f"No row of {n_rows} has a value in all of {names}.")
    outcome = learn_outcome(parsed.outcome, sample)
    designs = [learn_design(expression, sample) for expression in (parsed.fixed, *parsed.blocks)]
    _, shifts = learned_columns(outcome, designs, sample)
    parts = [
        part
        for batch in batches(source)
        if (part := _reduced(batch, source, outcome, designs, shifts)) is not None
    ]
    whole = parts[0].merge(*parts[1:], same_persons=True) if len(parts) > 1 else parts[0]
    return {
        **{name: getattr(whole, name) for name in Moments.__dataclass_fields__},
        "formula": formula,
        "n_dropped": n_rows - whole.n_obs,
        "path": "streamed",
    }


def _sample(source: Source, every: int) -> pl.DataFrame | None:
    """Complete rows to learn from."""
    kept: list[pl.DataFrame] = []
    ends: list[pl.DataFrame] = []
    start = 0
    for batch in batches(source):
        rows_weights(source.weights, batch)
        used = batch.filter(pl.Series(complete_rows(batch.drop(source.weights or []))))
        numbers = np.arange(start, start + used.height)
        start += used.height
        if every > 1:
            for name in source.variables:
                if used.height and used.schema[name].is_numeric():
                    values = used[name].to_numpy()
                    ends.append(used[[int(values.argmin()), int(values.argmax())]])
                elif used.height:
                    ends.append(used.unique(name, keep="first", maintain_order=True))
        kept.append(used.filter(pl.Series(numbers % every == 0)))
    if not start:
        return None
    return pl.concat([*kept, *ends])


def _reduced(
    batch: pl.DataFrame,
    source: Source,
    outcome: Design,
    designs: list[Design],
    shifts: dict[str, float],
) -> Moments | None:
    """Moments of a batch, None if none of its rows is complete."""
    w = rows_weights(source.weights, batch)
    keep = complete_rows(batch.drop(source.weights or []))
    used = batch.filter(pl.Series(keep))
    if not used.height:
        return None
    return Moments.from_columns(
        learned_columns(outcome, designs, used, shifts)[0],
        used[source.group],
        shifts=shifts,
        weights=None if w is None else w[keep],
        fixed=designs[0].names,
        random=tuple(design.names for design in designs[1:]),
        designs=(outcome, *designs),
    )
