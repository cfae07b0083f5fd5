"""Later person-occasions with the time since a factor, and the models over them, both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.later import Later, of_exposure
from salutogen.analyses.factors.measured import FEWEST, Factor
from salutogen.analyses.scales import numbers_of
from salutogen.models.regression.stacked import EstimatedLine, StackedFit
from salutogen.models.regression.stacked_rows import stacked_rows
from salutogen.norm.design_matrix import line_matrix

Float = NDArray[np.float64]
Int = NDArray[np.int64]
DAYS, OCCASIONS = "days", "occasions"
SPREAD_OF_TIMES = 1e-3  # of the time from first to last occasion: visits that are off the plan


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Later person-occasions of enough persons, with the time since a factor."""

    table: pl.DataFrame
    person: Int
    place: Int
    since: Float
    unit: str
    labels: Mapping[int, str]

    @property
    def places(self) -> Int:
        """Occasions that there are, in order."""
        return np.unique(self.place)

    @property
    def times(self) -> Float:
        """Mean time since the factor of each of these."""
        return np.array([float(self.since[self.place == one].mean()) for one in self.places])


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """What stands beside a factor over all rows, both ways of asking.

    Attributes
    ----------
    rows : Rows
    SR, P, centred : array (rows,)
        Outcomes; the factor less its mean, so that what is left out of the course of SR does not
        lean on its products.
    along : array (rows, p)
        Terms of the line; `exposure` (p,) says which are of exposure, `names` what they are.
    columns : array (rows, g)
        Occasions, covariates and, where visits are off the plan, by how much; named `given`.
    n : int
        Persons of the study.
    line : EstimatedLine or None
    """

    rows: Rows
    SR: Float
    P: Float
    centred: Float
    along: Float
    exposure: NDArray[np.bool_]
    names: tuple[str, ...]
    columns: Float
    given: tuple[str, ...]
    n: int
    line: EstimatedLine | None

    @classmethod
    def of(
        cls,
        inputs: AnalysisInputs,
        factor: Factor,
        later: Later,
        line: EstimatedLine | None,
        rows: Rows,
    ) -> Model:
        """Collect the terms; each occasion has an intercept of its own."""
        along, exposure, names = line_terms(inputs, rows.table)
        places, means = rows.places, rows.times
        each = (rows.place[:, None] == places[1:]).astype(float)
        off = rows.since - means[np.searchsorted(places, rows.place)]
        columns = [each, later.covariates[rows.person]]
        given = [f"occasion {rows.labels[int(one)]}" for one in places[1:]]
        given += later.covariate_names
        if float(np.std(off)) > SPREAD_OF_TIMES * (means[-1] - means[0]):
            columns.append(off[:, None])
            given.append("time off the occasion's mean")
        F = factor.values[rows.person]
        SR, P = (numbers_of(rows.table[name]) for name in ("SR", "P"))
        return cls(
            rows=rows, SR=SR, P=P, centred=F - F.mean(), along=along, exposure=exposure,
            names=names, columns=np.column_stack(columns), given=tuple(given), n=later.SR.size,
            line=line,
        )  # fmt: skip

    def fit(self, by: Float, names: Sequence[str]) -> tuple[StackedFit, StackedFit]:
        """Fit SR, and P with exposure, on the factor times each column of `by` (rows, c).

        Raises
        ------
        ModelError
            Terms are collinear, or persons too few for them.
        """
        own = np.column_stack([self.columns, self.centred[:, None] * by])
        told = [*self.given, *names]
        kept = [name for name, is_own in zip(self.names, ~self.exposure, strict=True) if is_own]
        person, n = self.rows.person, self.n
        two = stacked_rows(
            self.SR, np.column_stack([self.along[:, ~self.exposure], own]), person, n,
            names=[*kept, *told], through=self.along, line=self.line,
        )  # fmt: skip
        one = stacked_rows(
            self.P, np.column_stack([self.along, own]), person, n, names=[*self.names, *told]
        )
        return two, one


def rows_of(inputs: AnalysisInputs, factor: Factor, later: Later) -> Rows | None:
    """Rows of persons who have the factor and all covariates, at occasions of enough of them."""
    table = later.rows
    person = table["person"].to_numpy().astype(np.int64)
    place = table["occasion_index"].to_numpy().astype(np.int64)
    along = line_terms(inputs, table)[0]
    known = np.isfinite(factor.values[person]) & np.isfinite(along).all(axis=1)
    known &= np.isfinite(later.covariates[person]).all(axis=1)
    count = np.bincount(place[known], minlength=len(inputs.study.labels))
    known &= count[place] >= FEWEST
    if np.unique(place[known]).size < 2:
        return None
    since, unit = times_since(inputs, factor.place, factor.measured.time, person, place)
    labels = dict(enumerate(inputs.study.labels))
    return Rows(
        table=table.filter(pl.Series(known)), person=person[known], place=place[known],
        since=since[known], unit=unit, labels=labels,
    )  # fmt: skip


def times_since(
    inputs: AnalysisInputs, first: int, measured: Float, person: Int, place: Int
) -> tuple[Float, str]:
    """Time (n,) from a factor to occasions: by the answers, else as planned, else counted.

    `measured` (persons,) is when the factor was, `first` the place of its planned occasion.
    """
    own = inputs.views.wide("P").times[person, place] - measured[person]
    planned = np.array(inputs.study.days)
    told = np.where(own > 0, own, planned[place] - planned[first])
    if (told > 0).all():
        return told, DAYS
    return (place - first).astype(float), OCCASIONS


def line_terms(
    inputs: AnalysisInputs, table: pl.DataFrame
) -> tuple[Float, NDArray[np.bool_], tuple[str, ...]]:
    """Terms of the occasions' line (rows, p), which are of exposure, and their names."""
    line = inputs.norm.lines.occasion
    return line_matrix(line, table, level="occasion"), of_exposure(line), tuple(line.names)


def scale_of(outcome: Float, place: Int, spread: float) -> float | None:
    """SD of the factor over that of the outcome within occasions."""
    index = np.unique(place, return_inverse=True)[1]
    size = np.bincount(index)
    means = np.bincount(index, outcome) / size
    left = outcome - means[index]
    own = float(np.sqrt(np.sum(left**2) / (outcome.size - size.size)))
    return spread / own if own > 0 else None
