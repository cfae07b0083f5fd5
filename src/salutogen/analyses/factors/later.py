"""What comes strictly after the factors: SR, problems and exposure, averaged over occasions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.covariates import CovariateNumbers, covariate_numbers
from salutogen.analyses.factors.measured import FEWEST, Factor, TimeOrder
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.scales import numbers_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import group_means
from salutogen.models.regression.stacked import EstimatedLine
from salutogen.namespaces import covariate_of, factor_column
from salutogen.norm import Line
from salutogen.norm.design_matrix import INTERCEPT, line_matrix, with_exposure

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
EARLIER = "earlier problems", "earlier exposure"


@dataclass(frozen=True, kw_only=True, eq=False)
class Later:
    """What comes after the factors, a row per person of the study; NaN for who has none of it.

    Attributes
    ----------
    labels : tuple of str
        Occasions that count.
    rows : DataFrame
        The person-occasions behind the means, with SR.
    SR, P, E : array (persons,)
        Means over a person's valid occasions there.
    along : array (persons, p)
        Means of the terms of the occasions' line.
    terms : array (persons, q)
        Terms of the persons' line at the means: constant, exposure, the line's covariates.
    names : tuple of str
        Names of `terms`.
    exposure : array of bool (q,)
        Which of `terms` are of exposure.
    covariates : array (persons, c)
        Further covariates that the study file names here.
    covariate_names : tuple of str
    asked : CovariateNumbers
        The same, with those that say nothing.
    """

    labels: tuple[str, ...]
    rows: pl.DataFrame
    SR: Float
    P: Float
    E: Float
    along: Float
    terms: Float
    names: tuple[str, ...]
    exposure: Bool
    covariates: Float
    covariate_names: tuple[str, ...]
    asked: CovariateNumbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Related:
    """What was related to what, for analyses that ask the same in another way.

    Attributes
    ----------
    factors : tuple of Factor
        Those that were fitted.
    later : Later
    line : EstimatedLine or None
        How persons pulled on the line of occasions; None for a line of another study.
    """

    factors: tuple[Factor, ...]
    later: Later
    line: EstimatedLine | None


def later_scores(
    inputs: AnalysisInputs,
    settings: FactorsSettings,
    order: TimeOrder,
    rows: pl.DataFrame,
    found: Findings,
) -> Later:
    """Means of SR, P and exposure over rows that come strictly after the factors, by person."""
    scores, norm = inputs.scores, inputs.norm
    rows = norm.with_covariates(rows)
    n_seen = rows["person"].n_unique()
    if n_seen < FEWEST:
        found.tell("too-few-with-later-scores", n=Persons(n_seen), least=FEWEST)
        found.raise_refusals(AnalysisError)
    in_line = norm.lines.person.covariates
    names = [name for name in settings.covariates if name not in in_line]
    seen = np.zeros(scores.persons.height, dtype=bool)
    seen[rows["person"].to_numpy()] = True
    covariates = covariate_numbers(
        inputs, names, found, unknown="factor-covariate-unknown", among=seen, beside=in_line
    )
    return means_of(inputs, rows, inputs.study.labels[order.first : order.last + 1], covariates)


def means_of(
    inputs: AnalysisInputs,
    rows: pl.DataFrame,
    labels: tuple[str, ...],
    covariates: CovariateNumbers,
) -> Later:
    """Means over some person-occasions, and the terms of the lines there, by person."""
    scores, norm = inputs.scores, inputs.norm
    n, person = scores.persons.height, rows["person"].to_numpy().astype(np.int64)
    columns = ("SR", "P", "E", *scores.type_columns)
    means = {
        name: group_means(rows[name].cast(pl.Float64).to_numpy(), person, n) for name in columns
    }
    along = line_matrix(norm.lines.occasion, rows, level="occasion")
    line = norm.lines.person
    table = scores.persons.select("person").with_columns(
        pl.Series(name, means[name]).fill_nan(None) for name in columns if name != "SR"
    )
    table = with_exposure(line, norm.with_covariates(table))
    return Later(
        labels=labels,
        rows=rows,
        SR=means["SR"],
        P=means["P"],
        E=numbers_of(table["E"]),
        along=np.stack([group_means(column, person, n) for column in along.T], axis=1),
        terms=line_matrix(line, table, level="person"),
        names=tuple(line.names),
        exposure=of_exposure(line),
        covariates=covariates.values,
        covariate_names=covariates.terms,
        asked=covariates,
    )


def of_exposure(line: Line) -> Bool:
    """Which terms of a line are of exposure."""
    return np.array([term != INTERCEPT and covariate_of(term) is None for term in line.terms])


def over_the_same_time(
    inputs: AnalysisInputs, name: str, later: Later
) -> tuple[Float, Float] | None:
    """Means of a repeated factor and of SR over the occasions at which both are known."""
    if name not in inputs.scores.factors_repeated:
        return numbers_of(inputs.scores.factor(name)), later.SR
    values = numbers_of(later.rows[factor_column(name)])
    known = np.isfinite(values)
    person = later.rows["person"].to_numpy().astype(np.int64)[known]
    n = inputs.scores.persons.height
    if not known.any():
        return None
    SR = later.rows["SR"].to_numpy()[known]
    return group_means(values[known], person, n), group_means(SR, person, n)


def at_equal_earlier(factor: Factor, later: Later) -> Later:
    """Put problems and exposure up to a factor's occasion among the covariates."""
    problems, exposure = EARLIER
    kinds = [f"{exposure} {place + 1}" for place in range(factor.before.shape[1] - 1)]
    return replace(
        later,
        covariates=np.column_stack([later.covariates, factor.before]),
        covariate_names=(*later.covariate_names, problems, *kinds),
    )


def complete(factors: Sequence[Factor], later: Later) -> Bool:
    """Persons (persons,) who have later scores, all covariates and all of these factors."""
    columns = [factor.values for factor in factors]
    known = np.isfinite(later.SR) & np.isfinite(later.terms).all(axis=1)
    known &= np.isfinite(later.covariates).all(axis=1)
    for column in columns:
        known &= np.isfinite(column)
    return np.asarray(known)
