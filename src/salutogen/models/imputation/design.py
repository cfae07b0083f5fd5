"""Read wide data with gaps, and say which column is drawn given which others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import as_numbers
from salutogen.models.formula.columns import (
    complete_rows,
    numeric,
    read_columns,
    refuse_absent,
    refuse_words,
)
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Method = Literal["norm", "pmm"]

STILL = 1e-12  # SD, as a share of the size of the values, below which a column is constant


@short_repr("columns")
@dataclass(frozen=True, kw_only=True)
class Design:
    """Data, and what is drawn given what.

    Attributes
    ----------
    columns : tuple of str
    values : array (n, p)
        NaN where missing.
    centres, scales : array (p,)
        Mean and SD of the values seen.
    visits : integer array (v,)
        Columns with gaps, in the order in which they are drawn.
    predictors : tuple of integer array
        Columns that each of these is drawn from.
    matched : array (v,)
        By predictive mean matching instead of normal draws.
    """

    columns: tuple[str, ...]
    values: Float
    centres: Float
    scales: Float
    visits: Int
    predictors: tuple[Int, ...]
    matched: Bool

    @property
    def missing(self) -> Bool:
        """Where values are missing (n, p)."""
        return np.isnan(self.values)

    @property
    def gaps(self) -> tuple[Int, ...]:
        """Rows of the gaps of each visit."""
        return tuple(np.flatnonzero(np.isnan(self.values[:, j])) for j in self.visits)


def read_design(
    data: Any,
    columns: Sequence[str] | None,
    method: Method | Mapping[str, Method],
    predictors: Mapping[str, Sequence[str]] | None,
) -> Design:
    """Read an array or a frame and check what is asked of it.

    Raises
    ------
    ModelError
        No numbers, infinite values, columns that are constant or wholly missing, nothing missing,
        unknown methods or predictors, more coefficients than rows.
    """
    names, values = read_wide(data, columns)
    seen = ~np.isnan(values)
    _refuse_unusable(names, values, seen)
    visits = np.flatnonzero(~seen.all(axis=0))
    if not visits.size:
        raise ModelError("No value is missing: analyse the data as they are.")
    with_gaps = [names[j] for j in visits]
    methods = _methods(names, with_gaps, method)
    given = _predictors(names, with_gaps, predictors)
    _refuse_few_rows(names, seen, visits, given)
    return Design(
        columns=names,
        values=values,
        centres=np.nanmean(values, axis=0),
        scales=np.nanstd(values, axis=0, ddof=1),
        visits=visits,
        predictors=given,
        matched=np.array([one == "pmm" for one in methods]),
    )


def read_wide(data: Any, columns: Sequence[str] | None) -> tuple[tuple[str, ...], Float]:
    """Return names (p,) and values (n, p) of an array or of columns of a frame."""
    if isinstance(data, np.ndarray | list | tuple):
        values = as_numbers(data, "data").copy()
        if values.ndim != 2 or not values.size:
            raise ModelError(f"data: expected an array (rows, columns), got {values.shape}.")
        names = tuple(f"column {j + 1}" for j in range(values.shape[1]))
        if columns is not None:
            names = tuple(columns)
            if len(names) != values.shape[1]:
                raise ModelError(f"columns: {len(names)} names for {values.shape[1]} columns.")
        frame = pl.DataFrame(dict(zip(names, values.T, strict=True)))
    else:
        if columns is None:
            raise ModelError(
                "columns: name those that are to be completed or that tell something of them. A "
                "number of persons is none, although it is a number."
            )
        names = (columns,) if isinstance(columns, str) else tuple(columns)
        frame = read_columns(data, names)
    if len(set(names)) < len(names) or not names:
        raise ModelError("columns: expected names, each once.")
    refuse_words(frame, names)
    complete_rows(frame)  # refuses infinite values
    return names, np.column_stack([numeric(frame, name) for name in names])


def _refuse_unusable(names: tuple[str, ...], values: Float, seen: Bool) -> None:
    empty = [name for name, some in zip(names, seen.any(axis=0), strict=True) if not some]
    if empty:
        raise ModelError(f"{', '.join(empty)}: missing in every row; leave it out of `columns`.")
    size = np.nanmax(np.abs(values), axis=0)
    same = np.nanmax(values, axis=0) - np.nanmin(values, axis=0) <= STILL * size
    still = [name for name, one in zip(names, same, strict=True) if one]
    if still:
        raise ModelError(
            f"{', '.join(still)}: the same value wherever there is one, so that it tells nothing "
            "and nothing can be told of it; leave it out of `columns`."
        )


def _methods(
    names: tuple[str, ...], with_gaps: Sequence[str], method: Method | Mapping[str, Method]
) -> list[Method]:
    """Return how each column with gaps is drawn."""
    chosen = dict.fromkeys(with_gaps, method) if isinstance(method, str) else dict(method)
    refuse_absent(list(chosen), names)
    for name, one in chosen.items():
        if one not in get_args(Method):
            raise ModelError(f"method: expected one of {get_args(Method)}, got {one!r} ({name}).")
    left = [name for name in with_gaps if name not in chosen]
    if left:
        raise ModelError(f"method: {', '.join(left)} has gaps and no method.")
    return [chosen[name] for name in with_gaps]


def _predictors(
    names: tuple[str, ...],
    with_gaps: Sequence[str],
    given: Mapping[str, Sequence[str]] | None,
) -> tuple[Int, ...]:
    """Return the columns that each column with gaps is drawn from: all others by default."""
    asked = {} if given is None else dict(given)
    refuse_absent(list(asked), names)
    found = []
    for name in with_gaps:
        own = [other for other in asked.get(name, names) if other != name]
        refuse_absent(own, names)
        found.append(np.array([names.index(o) for o in dict.fromkeys(own)], dtype=np.int64))
    return tuple(found)


def _refuse_few_rows(
    names: tuple[str, ...], seen: Bool, visits: Int, predictors: tuple[Int, ...]
) -> None:
    few = [
        f"{names[j]} ({int(seen[:, j].sum())} rows, {len(own)} predictors)"
        for j, own in zip(visits, predictors, strict=True)
        if int(seen[:, j].sum()) < len(own) + 3
    ]
    if few:
        more = f" and {len(few) - 3} more" if len(few) > 3 else ""
        raise ModelError(
            f"More predictors than the rows with a value can carry: {', '.join(few[:3])}{more}. "
            "Name fewer in `predictors`, such as the same score at neighbouring occasions and the "
            "other scores of the same occasion (`neighbouring_predictors`)."
        )


def neighbouring_predictors(
    scores: Mapping[str, Sequence[str | None]], *, reach: int = 1, always: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Say for long designs what each column is drawn from: its neighbours.

    Parameters
    ----------
    scores : mapping from a score to its columns
        One column per occasion, in order; None where the score was not asked for.
    reach : int
        Occasions before and after of which the same score is used; the other scores are used at
        the same occasion.
    always : sequence of str
        Columns that every one is drawn from, such as age and arm.

    Returns
    -------
    dict
        For `predictors` of `ChainedImputation`.

    Examples
    --------
    >>> neighbouring_predictors({"E": ["E1", "E2", "E3"], "P": ["P1", "P2", "P3"]})["P2"]
    ['E2', 'P1', 'P3']
    """
    lengths = {len(row) for row in scores.values()}
    if len(lengths) != 1 or reach < 0:
        raise ModelError("scores: expected as many columns for each; reach: a number from 0.")
    found = {}
    for score, row in scores.items():
        for t, column in enumerate(row):
            if column is None:
                continue
            beside = [other[t] for name, other in scores.items() if name != score]
            near = [row[s] for s in range(max(t - reach, 0), min(t + reach + 1, len(row)))]
            wanted = [*always, *beside, *near]
            found[column] = [one for one in wanted if one is not None and one != column]
    return found
