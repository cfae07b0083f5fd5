"""Per-person cross-products of a panel: rows are read once, models are fitted from these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import (
    checked_weights,
    complete_rows,
    nothing_complete,
    numeric,
    read_columns,
    rows_weights,
)
from salutogen.models.formula.design import Design, learn_design, learn_outcome, variables_of
from salutogen.models.formula.mixed_formula import INTERCEPT, parse_formula
from salutogen.models.moments.centred_powers import (
    degree,
    local_columns,
    shift_matrix,
    shiftable,
)
from salutogen.models.moments.grouping import group_by_person
from salutogen.models.moments.reduction import (
    Reduction,
    pack,
    pooled_reduction,
    reduce_rows,
    unpack,
)
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Moments", "Reduction", "pack", "unpack"]


@short_repr("formula", "outcome", "n_persons", "n_obs", "n_dropped", "path")
@dataclass(frozen=True, kw_only=True)
class Moments:
    """Cross-products of ``[1 X Z y]`` by person.

    Attributes
    ----------
    columns : tuple of str
        The k distinct columns beside the constant, the outcome last.
    reduction : Reduction
        Centre (k,), basis (k, k) and the packed cross-products (n_persons, (k+1)(k+2)/2) of the
        constant and the columns after ``(column − centre) basis⁻¹``; never raw.
    persons : polars.Series
        Distinct persons, sorted, in the order of the cross-products; named as their column.
    fixed : tuple of str
        Fixed terms, `Intercept` for the constant.
    random : tuple of tuple of str
        Random terms by block of correlated terms.
    n_obs, n_dropped : int
        Rows used, and rows left out because something in them was missing.
    formula : str or None
        Formula the columns were made by.
    designs : tuple of Design
        Outcome, fixed part and random blocks as learned; empty if made from arrays.
    shifts : dict of str to float
        Centres of variables about which powers and products were made before the reduction, so
        that centre and basis are those of, say, t − 2020.4 and its square.
    rows : array (n_persons,) or None
        Rows of each person where they are weighted; otherwise the cross-products tell.
    log_weights : float or None
        Sum of the logarithms of the rows' weights; None where they have none.
    path : str
        `in memory`; `pushed down` where the engine of a lazy frame added up products by person;
        `streamed` where batches of its rows went through the formula.
    """

    columns: tuple[str, ...]
    reduction: Reduction
    persons: pl.Series
    fixed: tuple[str, ...]
    random: tuple[tuple[str, ...], ...]
    n_obs: int
    n_dropped: int = 0
    formula: str | None = None
    designs: tuple[Design, ...] = ()
    shifts: dict[str, float] = field(default_factory=dict)
    rows: Int | None = None
    log_weights: float | None = None
    path: str = "in memory"

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.persons)

    @property
    def counts(self) -> Float:
        """Number of rows of each person."""
        return self.reduction.cross[:, 0] if self.rows is None else self.rows.astype(float)

    @property
    def outcome(self) -> str:
        """Name of the outcome."""
        return self.columns[-1]

    def augmented(self, kept: Collection[str]) -> Float:
        """Return A (k + 1, k + 1), ``[1, columns] = u A``, where `kept` variables stay shifted."""
        others = {name: shift for name, shift in self.shifts.items() if name not in kept}
        A = self.reduction.local
        return A @ shift_matrix((INTERCEPT, *self.columns), others) if others else A

    @classmethod
    def from_frame(
        cls, formula: str, frame: Any, *, weights: str | ArrayLike | None = None
    ) -> Moments:
        """Reduce a frame by a mixed-model formula.

        Parameters
        ----------
        formula : str
            Such as ``P ~ E + (1 + E | id)``.
        frame : data frame
            Any frame Narwhals knows, or a mapping of arrays. The rows of a lazy one (Polars,
            DuckDB, Spark) stay where they are: their engine adds up products by person, or, where
            the formula has what no engine can compute, batches of rows go through it. Rows with a
            missing value in any column used are left out.
        weights : str or array (n,), optional
            Precision weights w, a column or one number per row: the residual variance of a row
            is σ²/w, as lme4's `weights`. Sampling weights are something else.

        Raises
        ------
        ModelError
            Unreadable formula, unknown or non-numeric columns, infinite values, no complete row;
            weights that are missing, infinite, zero or negative.
        """
        from salutogen.models.moments.lazy_frames import is_lazy, reduce_lazily

        parsed = parse_formula(formula)
        expressions = (parsed.fixed, *parsed.blocks)
        needed = [*variables_of(f"0 + {parsed.outcome}"), parsed.group]
        for expression in expressions:
            needed += variables_of(expression)
        if is_lazy(frame):
            return cls(**reduce_lazily(formula, parsed, frame, needed, weights))
        every = [*needed, weights] if isinstance(weights, str) else needed
        rows = read_columns(frame, every, labels=(parsed.group,))
        w = rows_weights(weights, rows)
        keep = complete_rows(rows)
        used = rows if keep.all() else rows.filter(pl.Series(keep))
        if used.height == 0:
            raise ModelError(nothing_complete(rows))
        outcome = learn_outcome(parsed.outcome, used)
        designs = [learn_design(expression, used) for expression in expressions]
        columns, shifts = learned_columns(outcome, designs, used)
        return cls.from_columns(
            columns,
            used[parsed.group],
            shifts=shifts,
            fixed=designs[0].names,
            random=tuple(design.names for design in designs[1:]),
            n_dropped=rows.height - used.height,
            weights=None if w is None else w[keep],
            formula=formula,
            designs=(outcome, *designs),
        )

    @classmethod
    def from_arrays(
        cls,
        y: ArrayLike,
        X: ArrayLike,
        Z: ArrayLike,
        person: ArrayLike,
        *,
        fixed: Sequence[str],
        random: Sequence[str],
        outcome: str = "y",
        group: str = "person",
        correlated: bool = True,
        weights: ArrayLike | None = None,
    ) -> Moments:
        """Reduce arrays.

        Parameters
        ----------
        y, X, Z : array (n,), (n, p), (n, q)
            Outcome, fixed and random columns, without missing values.
        person : array (n,)
            Integer or text labels of the persons.
        fixed, random : sequence of str
            Names of the columns of X and Z. `Intercept` names the constant; a name in both is
            the same column.
        correlated : bool
            Whether the random terms form one block or are independent.
        weights : array (n,), optional
            Precision weights of the rows.
        """
        fixed_names, random_names = tuple(fixed), tuple(random)
        arrays = [np.asarray(values, dtype=float) for values in (X, Z)]
        values = np.asarray(y, dtype=float)
        labels = np.asarray(person)
        for array, names, what in zip(arrays, (fixed_names, random_names), ("X", "Z"), strict=True):
            if array.shape != (len(values), len(names)):
                raise ModelError(
                    f"{what}: expected {len(values)} rows and the columns {names}, "
                    f"got shape {array.shape}."
                )
        if labels.shape != values.shape:
            raise ModelError(f"person: expected {len(values)} labels, got shape {labels.shape}.")
        if not all(np.isfinite(array).all() for array in (*arrays, values)):
            raise ModelError("y, X and Z: missing or infinite values; leave those rows out first.")
        columns = distinct_columns(
            [(fixed_names, arrays[0].T), (random_names, arrays[1].T)], (outcome, values)
        )
        blocks = (random_names,) if correlated else tuple((name,) for name in random_names)
        return cls.from_columns(
            columns,
            pl.Series(group, labels),
            weights=None if weights is None else checked_weights(weights, len(values)),
            fixed=fixed_names,
            random=blocks,
        )

    @classmethod
    def from_columns(
        cls,
        columns: dict[str, Float],
        group: pl.Series,
        *,
        shifts: Mapping[str, float] = MappingProxyType({}),
        weights: Float | None = None,
        **rest: Any,
    ) -> Moments:
        """Reduce distinct columns by name, the outcome last; `rest` are other attributes."""
        grouping = group_by_person(group)
        reduction = reduce_rows(columns, grouping, weights)
        if shifts:
            powers = shift_matrix((INTERCEPT, *columns), shifts)
            reduction = replace(reduction, powers=powers)
        return cls(
            columns=tuple(columns),
            reduction=reduction,
            persons=grouping.persons,
            shifts=dict(shifts),
            n_obs=len(group),
            rows=None if weights is None else np.diff(grouping.edges),
            log_weights=None if weights is None else float(np.sum(np.log(weights))),
            **rest,
        )

    def merge(self, *others: Moments, same_persons: bool = False) -> Moments:
        """Add up the moments of other shards or sites; no rows are needed.

        Parameters
        ----------
        *others : Moments
            Made by the same formula (or arrays of the same names).
        same_persons : bool
            Whether a person may be in several shards; otherwise that is refused, since two
            sites may have given the same label to different people.

        Returns
        -------
        Moments
            As if all rows had been reduced together, to rounding.
        """
        shards = (self, *others)
        for other in others:
            if (other.columns, other.fixed, other.random) != (
                self.columns,
                self.fixed,
                self.random,
            ):
                raise ModelError(
                    f"Moments of different models cannot be merged: {self.columns} and "
                    f"{other.columns}."
                )
            if (other.log_weights is None) != (self.log_weights is None):
                raise ModelError("Weighted moments and moments without weights cannot be merged.")
            if other.persons.dtype != self.persons.dtype:
                raise ModelError(
                    f"{self.persons.name}: persons are {self.persons.dtype} in one shard and "
                    f"{other.persons.dtype} in another."
                )
        everyone = pl.concat([shard.persons for shard in shards])
        persons = everyone.unique().sort()
        shared = len(everyone) - len(persons)
        if shared and not same_persons:
            raise ModelError(
                f"{shared} persons are in more than one shard. Make the labels distinct across "
                "sites, or pass same_persons=True if they are the same people."
            )
        codes = everyone.rank("dense").to_numpy().astype(np.int64) - 1
        counts = np.concatenate([shard.counts for shard in shards])
        logs = [shard.log_weights for shard in shards if shard.log_weights is not None]
        return replace(
            self,
            rows=np.bincount(codes, weights=counts).astype(np.int64) if logs else None,
            log_weights=sum(logs) if logs else None,
            reduction=pooled_reduction(
                [shard._about(self.shifts) for shard in shards], codes, len(persons)
            ),
            persons=persons,
            n_obs=sum(shard.n_obs for shard in shards),
            n_dropped=sum(shard.n_dropped for shard in shards),
        )

    def _about(self, shifts: Mapping[str, float]) -> Reduction:
        """The reduction with powers about other centres."""
        if self.shifts == shifts:
            return self.reduction
        apart = {name: self.shifts.get(name, 0.0) - shift for name, shift in shifts.items()}
        names = (INTERCEPT, *self.columns)
        return self.reduction.in_columns(shift_matrix(names, apart), shift_matrix(names, shifts))


def learned_columns(
    outcome: Design,
    designs: Sequence[Design],
    frame: pl.DataFrame,
    shifts: Mapping[str, float] | None = None,
) -> tuple[dict[str, Float], dict[str, float]]:
    """Return distinct columns of complete rows, the outcome last, and the centres of variables.

    Powers and products are made about these centres, the variables' means unless given.
    """
    y = outcome.columns(frame)[0]
    columns = distinct_columns(
        [(design.names, design.columns(frame)) for design in designs], (outcome.names[0], y)
    )
    predictors = {name: columns[name] for name in sorted(list(columns)[:-1], key=degree)}
    schema = frame.schema
    if shifts is None:
        names = shiftable(list(predictors), lambda n: n in schema and schema[n].is_numeric())
        shifts = {name: float(numeric(frame, name).sum() / frame.height) for name in names}
    away = {name: numeric(frame, name) - shift for name, shift in shifts.items()}
    return {**local_columns(predictors, away), outcome.names[0]: y}, dict(shifts)


def distinct_columns(
    parts: Sequence[tuple[tuple[str, ...], Iterable[Float]]], outcome: tuple[str, Float]
) -> dict[str, Float]:
    """Distinct columns by name, the outcome last, without the constant."""
    columns: dict[str, Float] = {}
    for names, values in parts:
        for name, column in zip(names, values, strict=True):
            if name == INTERCEPT or name in columns:
                continue
            columns[name] = column
    if outcome[0] in columns:
        raise ModelError(f"{outcome[0]} is the outcome and a predictor at once.")
    columns[outcome[0]] = outcome[1]
    return columns
