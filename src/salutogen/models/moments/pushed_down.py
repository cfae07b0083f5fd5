"""Moments made where the data are: the engine groups the rows, a small table comes back.

Columns, products, whole powers, logarithms, exponentials and categories become Narwhals
expressions, which a lazy Polars frame, a DuckDB relation or a Spark frame computes. Products are
made before rows are grouped. Engines add up in any order; here each product is first split into
two parts on a grid, whose sums are exact, so that the order does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.categories import Levels, declared_levels, in_order
from salutogen.models.formula.design import Design, learn_design, learn_outcome
from salutogen.models.formula.mixed_formula import INTERCEPT, NAME, MixedFormula, split_at
from salutogen.models.linear_algebra import triangular_inverse
from salutogen.models.moments.centred_powers import (
    POWER,
    degree,
    local_columns,
    shift_matrix,
    shiftable,
)
from salutogen.models.moments.reduction import ILL_CONDITIONED, Reduction, refuse_extreme

Float = NDArray[np.float64]

COARSE = 1.5 * 2.0**36  # adding and subtracting it rounds to multiples of 2⁻¹⁶
FINE = 1.5 * 2.0**-4  # the same for 2⁻⁵⁶
LARGEST = 1.7976931348623157e308
FUNCTION = re.compile(rf"(?:np\.)?(log|exp|sqrt)\((?:{NAME.pattern})\)")
LEVEL = re.compile(rf"(?:C\((?:{NAME.pattern})\)|(?:{NAME.pattern}))\[(?:T\.)?(.+)\]")
CATEGORY = re.compile(rf"C\(\s*(?:{NAME.pattern})")


@dataclass(frozen=True)
class Source:
    """A lazy frame with what is known of the columns a formula needs."""

    frame: Any
    group: str
    variables: tuple[str, ...]
    weights: str | None

    @property
    def schema(self) -> Any:
        """Types by column."""
        return self.frame.collect_schema()

    @property
    def complete(self) -> Any:
        """Whether a row has everything."""
        found = ~nw.col(self.group).is_null()
        for name in self.variables:
            found = found & ~nw.col(name).is_null()
            if self.schema[name].is_float():
                found = found & ~nw.col(name).is_nan()
        return found

    @property
    def declared(self) -> dict[str, Levels]:
        """Orders of categories that the predictors' columns declare."""
        return declared_levels(self.frame, self.variables)

    def fetch(self, frame: Any) -> pl.DataFrame:
        """Compute a lazy frame and bring the result here."""
        streaming = frame.implementation.is_polars()
        more = {"engine": "streaming"} if streaming else {}
        found: pl.DataFrame = frame.collect(backend="polars", **more).to_native()
        return found


def push_down(
    parsed: MixedFormula, source: Source
) -> tuple[Design, list[Design], dict[str, Any], list[str]] | None:
    """Translate a formula into expressions of the engine; None where one has no translation.

    Returns the designs of outcome, fixed part and random blocks, the distinct columns as
    expressions (the outcome last), and the variables whose powers can be made about a centre. The
    translation is checked against formulaic's columns on a few example rows.
    """
    expressions = (parsed.fixed, *parsed.blocks)
    text = " ".join((parsed.outcome, *expressions))
    categories = {match[1] or match[2] for match in CATEGORY.finditer(text)}
    example, levels = _example(source, categories)
    try:
        outcome = learn_outcome(parsed.outcome, example)
        designs = [learn_design(expression, example) for expression in expressions]
    except ModelError:
        return None  # read row by row, where the same is said if it is wrong
    made: dict[str, Any] = {}
    checks: dict[str, Float] = {}
    for design in (*designs, outcome):
        for name, values in zip(design.names, design.columns(example), strict=True):
            if name == INTERCEPT or name in made:
                continue
            expression = _column(name, levels, source.schema)
            if expression is None:
                return None
            made[name], checks[name] = expression, np.asarray(values)
    if outcome.names[0] in {name for design in designs for name in design.names}:
        raise ModelError(f"{outcome.names[0]} is the outcome and a predictor at once.")
    ours = nw.from_native(example).select(*(e.alias(n) for n, e in made.items())).to_native()
    for name, values in checks.items():
        if not np.allclose(ours[name].to_numpy(), values, rtol=1e-12):
            return None
    names = sorted(list(made)[:-1], key=degree)
    columns = {name: made[name] for name in (*names, outcome.names[0])}
    shifted = shiftable(names, lambda name: _is_number(source.schema, name))
    return outcome, designs, columns, shifted


def _is_number(schema: Mapping[str, Any], name: str) -> bool:
    return name in schema and bool(schema[name].is_numeric())


def _example(
    source: Source, categories: set[str]
) -> tuple[pl.DataFrame, dict[str, dict[str, Any]]]:
    """A few rows that have every level of every category, and the levels by how they print."""
    columns: dict[str, pl.Series] = {}
    declared = source.declared
    for name in source.variables:
        dtype = source.schema[name]
        if name in categories or not (dtype.is_numeric() or dtype == nw.Boolean):
            distinct = source.frame.filter(source.complete).select(name).unique()
            found = source.fetch(distinct)[name]
            columns[name] = (in_order(found, declared[name]) if name in declared else found).sort()
    levels = {n: {str(v): v for v in values.to_list()} for n, values in columns.items()}
    n = max([4, *(len(values) for values in columns.values())])
    for j, name in enumerate(source.variables):
        if name in columns:
            values = columns[name]
            if len(values):
                columns[name] = values.gather(np.arange(n) % len(values))
        else:
            numbers = 1.25 + 0.5 * ((np.arange(n) * (j + 2)) % (n + 3))
            columns[name] = pl.Series(name, numbers)
    ordered = [columns[name].alias(name) for name in source.variables]
    return pl.DataFrame(ordered), levels


def _column(name: str, levels: dict[str, dict[str, Any]], schema: Any) -> Any:
    """A column's expression, the product of what its name's parts say; None if unknown."""
    product = None
    for part in split_at(name, ":"):
        factor = _factor(part, levels, schema)
        if factor is None:
            return None
        product = factor if product is None else product * factor
    return product


def _factor(part: str, levels: dict[str, dict[str, Any]], schema: Any) -> Any:
    plain, power = NAME.fullmatch(part), POWER.fullmatch(part)
    function, level = FUNCTION.fullmatch(part), LEVEL.fullmatch(part)
    match = plain or power or function
    if match is not None:
        place = 2 if match is function else 1
        name = match[place] or match[place + 1]
        if name not in schema or name in levels:
            return None
        number = nw.col(name).cast(nw.Float64)
        if power is not None:
            value = number
            for _ in range(int(power[3]) - 1):
                value = value * number
            return value
        if function is not None:
            kind = function[1]
            return number.log() if kind == "log" else getattr(number, kind)()
        return number
    if level is not None:
        name = level[1] or level[2] or level[3] or level[4]
        known = levels.get(name, {})
        if level[5] in known:
            return (nw.col(name) == nw.lit(known[level[5]])).cast(nw.Float64)
    return None


def survey(source: Source, columns: Mapping[str, Any]) -> tuple[int, Float, Float]:
    """Count complete rows, and give roughly mean and spread of each column over these.

    Raises
    ------
    ModelError
        Infinite values, no complete row, weights that are not positive numbers.
    """
    ask = [nw.len().alias("rows"), source.complete.cast(nw.Int64).sum().alias("kept")]
    floats = [name for name in source.variables if source.schema[name].is_float()]
    for j, name in enumerate(floats):
        is_infinite = (nw.col(name).abs() > LARGEST) & ~nw.col(name).is_nan()
        ask.append(is_infinite.cast(nw.Int64).sum().alias(f"infinite{j}"))
    if source.weights is not None:
        w = nw.col(source.weights).cast(nw.Float64)
        ask.append(((w > 0) & (w <= LARGEST)).cast(nw.Int64).sum().alias("weighted"))
    for j, expression in enumerate(columns.values()):
        value = nw.when(source.complete).then(expression)
        ask += [value.mean().alias(f"mean{j}"), value.std().alias(f"spread{j}")]
    found = source.fetch(source.frame.select(*ask)).row(0, named=True)
    infinite = [
        f"{name}: {found[f'infinite{j}']} infinite values"
        for j, name in enumerate(floats)
        if found[f"infinite{j}"]
    ]
    if infinite:
        raise ModelError("; ".join(infinite) + ". Mend them or make them missing.")
    if source.weights is not None and found["weighted"] != found["rows"]:
        raise ModelError(
            f"{source.weights}: expected positive numbers, got others in "
            f"{found['rows'] - (found['weighted'] or 0)} of {found['rows']} rows."
        )
    if not found["kept"]:
        raise ModelError(
            f"No row of {found['rows']} has a value in all of "
            f"{', '.join((*source.variables, source.group))}."
        )
    k = len(columns)
    means = np.array([found[f"mean{j}"] for j in range(k)], dtype=float)
    spreads = np.array([found[f"spread{j}"] or 0.0 for j in range(k)], dtype=float)
    refuse_extreme(columns, means, spreads)
    return found["rows"] - found["kept"], means, spreads


def rounded(means: Float, spreads: Float) -> tuple[Float, Float]:
    """Return centres and scales with few digits, so that an engine's last ones do not show."""
    scale = np.where(spreads > 0, 2.0 ** np.round(np.log2(np.where(spreads > 0, spreads, 1))), 1.0)
    grid = np.where(spreads > 0, scale / 1024, 1.0)
    centre = np.where(spreads > 0, np.round(means / grid) * grid, means)
    return centre, scale


def grouped(
    source: Source, columns: Sequence[Any], R: Float | None
) -> tuple[pl.Series, Float, Float, float | None]:
    """Let the engine add up products by person.

    Parameters
    ----------
    columns : sequence of expressions
        Centred and scaled, the outcome last.
    R : array (k - 1, k - 1) or None
        Predictors are taken times its inverse first.

    Returns
    -------
    persons, cross (n_persons, m), rows (n_persons,), sum of log weights or None
    """
    k = len(columns)
    names = [f"u{j}" for j in range(k)]
    made = [column.alias(name) for column, name in zip(columns, names, strict=True)]
    person = nw.col(source.group).alias("person")
    w = None if source.weights is None else nw.col(source.weights).cast(nw.Float64)
    extra = [] if w is None else [w.alias("w"), w.log().alias("l")]
    frame = source.frame.filter(source.complete).select(person, *extra, *made)
    if R is not None:
        inverse = triangular_inverse(R)
        turned = []
        for j in range(k - 1):
            value = nw.col("u0") * float(inverse[0, j])
            for i in range(1, j + 1):
                value = value + nw.col(f"u{i}") * float(inverse[i, j])
            turned.append(value.alias(f"u{j}"))
        frame = frame.with_columns(*turned)
    products = [nw.col(name) for name in names]
    products += [nw.col(names[i]) * nw.col(names[j]) for i in range(k) for j in range(i, k)]
    if w is not None:
        products = [nw.col("w"), *(product * nw.col("w") for product in products), nw.col("l")]
    m = len(products)
    frame = frame.select("person", *(product.alias(f"p{j}") for j, product in enumerate(products)))
    coarse = [((nw.col(f"p{j}") + COARSE) - COARSE).alias(f"c{j}") for j in range(m)]
    frame = frame.with_columns(*coarse)
    fine = [((nw.col(f"p{j}") - nw.col(f"c{j}") + FINE) - FINE).alias(f"f{j}") for j in range(m)]
    frame = frame.select("person", *(f"c{j}" for j in range(m)), *fine)
    sums = [nw.col(f"{part}{j}").sum() for j in range(m) for part in "cf"]
    table = source.fetch(frame.group_by("person").agg(nw.len().alias("rows"), *sums))
    order = table["person"].arg_sort()
    persons = table["person"].gather(order).alias(source.group)
    rows = table["rows"].gather(order).to_numpy().astype(float)
    cross = np.empty((len(persons), (k + 1) * (k + 2) // 2))
    cross[:, 0] = rows
    first = int(w is None)
    for j in range(cross.shape[1] - first):
        cross[:, first + j] = (table[f"c{j}"] + table[f"f{j}"]).gather(order).to_numpy()
    logs = None
    if w is not None:
        logs = float((table[f"c{m - 1}"] + table[f"f{m - 1}"]).gather(order).to_numpy().sum())
    return persons, cross, rows, logs


def reduce_at_source(formula: str, parsed: MixedFormula, source: Source) -> dict[str, Any] | None:
    """Return the attributes of `Moments` made by the engine; None where it cannot make them."""
    found = push_down(parsed, source)
    if found is None:
        return None
    outcome, designs, raw, shifted = found
    variables = {f"variable {name}": nw.col(name).cast(nw.Float64) for name in shifted}
    dropped, means, spreads = survey(source, {**raw, **variables})
    k = len(raw)
    centres, _ = rounded(means[k:], spreads[k:])
    shifts = dict(zip(shifted, centres.tolist(), strict=True))
    columns = dict(raw)
    if shifts:
        predictors = {name: raw[name] for name in list(raw)[:-1]}
        away = {name: nw.col(name).cast(nw.Float64) - shift for name, shift in shifts.items()}
        columns.update(local_columns(predictors, away))
        _, means, spreads = survey(source, columns)
    centre, scale = rounded(means[:k], spreads[:k])
    made = [
        (column - float(c)) * float(1 / s)
        for column, c, s in zip(columns.values(), centre, scale, strict=True)
    ]
    persons, cross, rows, logs = grouped(source, made, None)
    reduction = Reduction(centre, np.diag(scale), cross)
    R = _turned(reduction)
    if R is not None:
        basis = np.diag(scale)
        basis[:-1, :-1] = R * scale[:-1]
        persons, cross, rows, logs = grouped(source, made, R)
        reduction = Reduction(centre, basis, cross)
    if shifts:
        reduction = replace(reduction, powers=shift_matrix((INTERCEPT, *columns), shifts))
    return {
        "columns": tuple(columns),
        "reduction": reduction,
        "persons": persons,
        "fixed": designs[0].names,
        "random": tuple(design.names for design in designs[1:]),
        "n_obs": int(rows.sum()),
        "n_dropped": dropped,
        "formula": formula,
        "designs": (outcome, *designs),
        "shifts": shifts,
        "rows": None if logs is None else rows.astype(np.int64),
        "log_weights": logs,
        "path": "pushed down",
    }


def _turned(reduction: Reduction) -> Float | None:
    """Root of the predictors' cross-products where these are nearly collinear, not exactly."""
    k = len(reduction.centre)
    predictors = reduction.total[1:k, 1:k] / reduction.total[0, 0]
    if k < 3 or np.linalg.cond(predictors) <= ILL_CONDITIONED:
        return None
    try:
        root: Float = np.linalg.cholesky(predictors).T
    except np.linalg.LinAlgError:
        return None
    return root if np.min(np.diag(root)) > 1e-7 else None
