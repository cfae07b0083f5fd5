"""Covariates that an analysis names: numbers as they are, categories against their first label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons, listed
from salutogen.names import did_you_mean
from salutogen.namespaces import covariate_column
from salutogen.norm.covariates import covariates_by_person
from salutogen.norm.design_matrix import covariate_terms, term_matrix
from salutogen.norm.redundant_covariates import redundant_covariates
from salutogen.scores.of_few import others_of_few

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class CovariateNumbers:
    """Covariates as an analysis takes them.

    Attributes
    ----------
    values : array (persons, c)
        NaN where missing, and for who shares a category with too few.
    terms : tuple of str
        Names of the columns.
    persons : array of bool (persons,)
        Who has the rest of the model and all covariates (where gaps are kept: whatever they lack),
        and shares no category with too few.
    left_out : tuple of str
        Covariates that say nothing here: the same in everybody, or told by others.
    """

    values: Float
    terms: tuple[str, ...]
    persons: Bool
    left_out: tuple[str, ...] = ()

    def of(self, asked: Sequence[str]) -> tuple[str, ...]:
        """Those of the covariates asked for that are in the model."""
        return tuple(name for name in asked if name not in self.left_out)


def covariate_numbers(
    inputs: AnalysisInputs,
    names: Sequence[str],
    found: Findings,
    *,
    unknown: str,
    among: Bool,
    beside: Sequence[str] = (),
    fewest: int = 2,
    gaps: bool = False,
) -> CovariateNumbers:
    """Return columns of background, baseline factors or the arm, one row per person of the study.

    Covariates that say nothing are left out and told: the model is the same without them. So are
    persons of a category that few have: the coefficient of a category with one person is that
    person's residual, whatever else is in the model.

    Parameters
    ----------
    inputs : AnalysisInputs
    names : sequence of str
        As the study file has them.
    found : Findings
    unknown : str
        Code under which names that nobody has are told.
    among : array of bool (persons,)
        Persons who have the rest of the model.
    beside : sequence of str
        Covariates that are in the model already, by its line.
    fewest : int
        Persons of a category that is kept; of a number with two values as well.
    gaps : bool
        Whether persons who lack a covariate keep their values of the others.

    Raises
    ------
    AnalysisError
        A name is not known.
    """
    wanted = tuple(dict.fromkeys(names))
    known = [name for name in inputs.scores.persons.columns if name not in ("person", "subject")]
    for name in wanted:
        if inputs.scores.of_persons(name) is None:
            near = did_you_mean(name, known)
            found.tell(unknown, name=name, near=near, known=listed(known))
    found.raise_refusals(AnalysisError)
    if not wanted or not among.any():
        return CovariateNumbers(values=np.empty((among.size, 0)), terms=(), persons=among)
    table = covariates_by_person(inputs.scores, (*beside, *wanted))
    table = table.with_columns(pl.selectors.float().fill_nan(None))
    varying = _varying(table.filter(among), wanted)
    inside = _of_enough(table, varying, among, fewest, found, gaps=gaps)
    kept = table.filter(inside)
    varying = _varying(kept, varying)
    told = redundant_covariates(kept.drop_nulls(), (*beside, *varying))
    told = {name: () for name in wanted if name not in varying} | told
    for name in wanted:
        if name in told:
            variant = "repeats" if told[name] else ""
            found.tell(
                "covariate-says-nothing", variant=variant, name=name, others=listed(told[name])
            )
    terms = covariate_terms(kept, tuple(name for name in varying if name not in told))
    values = term_matrix(table, terms, predictors=())
    values[~inside] = np.nan
    left = tuple(name for name in wanted if name in told)
    return CovariateNumbers(values=values, terms=terms, persons=inside, left_out=left)


def _varying(table: pl.DataFrame, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the covariates that are not the same in all persons, or in all but a few."""
    columns = {name: table[covariate_column(name)].drop_nulls() for name in names}
    return tuple(
        name
        for name, column in columns.items()
        if column.n_unique() > 1 and others_of_few(column) is None
    )


def _of_enough(
    table: pl.DataFrame,
    names: tuple[str, ...],
    among: Bool,
    fewest: int,
    found: Findings,
    *,
    gaps: bool,
) -> Bool:
    """Persons (persons,) with all covariates, none of a category that fewer than `fewest` have."""
    inside = among.copy()
    for name in () if gaps else names:
        inside &= table[covariate_column(name)].is_not_null().to_numpy()
    start, rare = inside.copy(), dict[str, None]()
    while True:
        before = inside.sum()
        for name in names:
            column = table[covariate_column(name)]
            own = column.filter(inside).drop_nulls()
            if own.dtype.is_numeric() and own.n_unique() > 2:
                continue
            counts = own.value_counts()
            few = counts.filter(pl.col("count") < fewest)[column.name]
            if few.len() < own.n_unique() and few.len():
                rare[name] = None
                inside &= ~column.is_in(few.to_list()).fill_null(False).to_numpy()
        if inside.sum() == before:
            break
    if rare:
        gone = Persons(int(start.sum() - inside.sum()))
        found.tell("category-of-few", names=listed(list(rare)), persons=gone)
    return inside
