"""Scored variables as arrays, person by occasion, made once for every analysis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.errors import AnalysisError
from salutogen.names import did_you_mean
from salutogen.namespaces import factor_column
from salutogen.resilience.levels import completed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salutogen.resilience import Resilience
    from salutogen.scores import Scores


@dataclass(frozen=True, kw_only=True)
class WideView:
    """One variable by person and planned occasion.

    Attributes
    ----------
    name : str
    values : ndarray, shape (persons, occasions)
        NaN where missing; a row per person of the study, in the order of the person index.
    times : ndarray, shape (persons, occasions)
        Days, NaN where unknown.
    persons : tuple of str
        Label of each person.
    occasions : tuple of str
        Label of each planned occasion.
    """

    name: str
    values: NDArray[np.float64]
    times: NDArray[np.float64]
    persons: tuple[str, ...]
    occasions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LongView:
    """One variable, a row per person-occasion at which it is known.

    Attributes
    ----------
    name : str
    person, occasion : ndarray of int64, shape (n,)
        Index of the person and of the planned occasion; sorted by person, then occasion.
    values, times : ndarray, shape (n,)
    """

    name: str
    person: NDArray[np.int64]
    occasion: NDArray[np.int64]
    values: NDArray[np.float64]
    times: NDArray[np.float64]


class Views:
    """Views of every number that is scored by occasion: P, E, SR and their parts, and factors."""

    def __init__(self, scores: Scores, resilience: Resilience) -> None:
        self._scores = scores
        self._resilience = resilience
        self._wide: dict[str, WideView] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables there are; repeated factors as `factor:<name>`.

        A factor can be asked for by its own name too, where no score is called so.
        """
        keys = {"person", "occasion_index"}
        return tuple(
            name
            for name, kind in self._schema.items()
            if name not in keys and (kind.is_numeric() or kind == pl.Boolean)
        )

    def wide(self, name: str) -> WideView:
        """Return a variable person by occasion.

        Raises
        ------
        AnalysisError
            Nothing of this name is scored by occasion.
        """
        if name not in self._wide:
            column = self._column(name)
            values = self._spread(column)
            self._wide[name] = WideView(
                name=name,
                values=values,
                times=self._times,
                persons=self._persons,
                occasions=tuple(self._scores.study.labels),
            )
        return self._wide[name]

    def long(self, name: str) -> LongView:
        """Return a variable with a row for each person-occasion at which it is known.

        Raises
        ------
        AnalysisError
            Nothing of this name is scored by occasion.
        """
        values = self._column(name)
        known = np.isfinite(values)
        return LongView(
            name=name,
            person=self._person[known],
            occasion=self._occasion[known],
            values=values[known],
            times=self._column("time")[known],
        )

    @cached_property
    def _table(self) -> pl.DataFrame:
        """Scores by occasion, with the repeated factors that stand in the rows of `Scores`."""
        scored, table = self._resilience.occasions, self._scores.table
        more = [name for name in table.columns if name not in scored.columns]
        return scored.hstack(table.select(more)) if scored.height == table.height else scored

    @cached_property
    def _schema(self) -> pl.Schema:
        """Of what there is, with what is made of the rows when it is asked for."""
        none = self._completed(self._resilience.occasions.clear())
        return pl.Schema({**none.schema, **self._table.schema})

    def _completed(self, rows: pl.DataFrame) -> pl.DataFrame:
        return completed(rows, "occasion", self._resilience.norm)

    @cached_property
    def _person(self) -> NDArray[np.int64]:
        return self._table["person"].to_numpy().astype(np.int64)

    @cached_property
    def _occasion(self) -> NDArray[np.int64]:
        return self._table["occasion_index"].to_numpy().astype(np.int64)

    @cached_property
    def _persons(self) -> tuple[str, ...]:
        return tuple(self._scores.persons["subject"].to_list())

    @cached_property
    def _times(self) -> NDArray[np.float64]:
        return self._spread(self._column("time"))

    def _column(self, name: str) -> NDArray[np.float64]:
        if name not in self.names and factor_column(name) in self.names:
            name = factor_column(name)
        if name not in self.names:
            near = did_you_mean(name, self.names)
            raise AnalysisError(f"Nothing called {name!r} is scored by occasion.{near}")
        rows = self._table
        if name not in rows.columns:
            rows = self._completed(self._resilience.occasions)
        column = rows[name].cast(pl.Float64).fill_null(float("nan"))
        return np.asarray(column.to_numpy(), dtype=np.float64)

    def _spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        shape = (self._scores.persons.height, len(self._scores.study.labels))
        found = np.full(shape, np.nan)
        found[self._person, self._occasion] = values
        return found
