"""SR of each domain at the level of persons, its error, and who lies below the line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.scales import NamedScale
from salutogen.errors import ModelError
from salutogen.models.descriptive import present_means
from salutogen.models.false_discovery import discoveries
from salutogen.models.person_levels.model import fit_person_levels
from salutogen.norm.design_matrix import (
    line_matrix,
    term_matrix,
    with_exposure,
    with_known_labels,
)

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class DomainScores:
    """Persons by domain; problems of every domain are turned so that higher = worse.

    Attributes
    ----------
    persons : DataFrame
        `person, subject, n_valid, E`.
    X : array (persons, p)
        Terms of the study's person line.
    means : array (persons, domains)
        Mean problems.
    SR : array (persons, domains)
        Observed less expected, positive = less resilient.
    variance : array (persons, domains)
        Of a person's mean around their level: fluctuation over occasions, which holds the answers'
        error. NaN where occasions cannot tell levels.
    told : tuple of bool
        Whether occasions tell persons' levels from states that last for some of them, by domain.
    """

    persons: pl.DataFrame
    X: Float
    means: Float
    SR: Float
    variance: Float
    told: tuple[bool, ...]


def score_domains(inputs: AnalysisInputs, scales: list[NamedScale]) -> DomainScores:
    """Score every domain over the same occasions: those with E, P and all domains."""
    line, table = inputs.norm.lines.person, inputs.scores.table
    values = np.column_stack(
        [scale.values if scale.higher == "worse" else -scale.values for scale in scales]
    )
    known = np.isfinite(values).all(axis=1) & table["valid"].to_numpy()
    rows = inputs.norm.with_covariates(table.filter(pl.Series(known)))
    values = values[known]
    person = rows["person"].to_numpy().astype(np.int64)
    n_persons = inputs.scores.persons.height
    averaged = ["E", *(name for name in inputs.scores.type_columns)]
    size = np.bincount(person, minlength=n_persons)
    kept = np.flatnonzero(size)
    persons = pl.DataFrame(
        {
            "person": kept.astype(np.uint32),
            "subject": inputs.scores.persons["subject"].gather(kept),
            "n_valid": size[kept],
            **{
                name: present_means(rows[name].cast(pl.Float64).to_numpy(), person, n_persons)
                for name in averaged
            },
        }
    )
    persons = with_exposure(line, inputs.norm.with_covariates(persons))
    X = line_matrix(line, persons, level="person")
    complete = np.isfinite(X).all(axis=1)
    persons, X = persons.filter(pl.Series(complete)), X[complete]
    means = np.column_stack([present_means(one, person, n_persons) for one in values.T])[complete]
    b = lines(X, means, np.ones(len(X)))
    at_rows = term_matrix(
        with_known_labels(line, with_exposure(line, rows)),
        line.terms,
        predictors=line.predictors,
        knots=line.knots,
    )
    occasion = rows["occasion_index"].to_numpy().astype(np.int64)
    given = inputs.study.plan.resilience.autocorrelation
    variance = np.column_stack(
        [
            variance_of_means(left, person, occasion, n_persons, given)
            for left in (values - product(at_rows, b)).T
        ]
    )[persons["person"].to_numpy()]
    return DomainScores(
        persons=persons.select("person", "subject", "n_valid", "E"),
        X=X,
        means=means,
        SR=means - product(X, b),
        variance=variance,
        told=tuple(np.isfinite(variance).any(axis=0).tolist()),
    )


def variance_of_means(
    values: Float,
    person: NDArray[np.int64],
    occasion: NDArray[np.int64],
    n_persons: int,
    autocorrelation: float | None = None,
) -> Float:
    """Variance of each person's mean around the level (n_persons,), by the model of levels.

    NaN for everyone where occasions cannot tell levels: where they are too few, or tell no
    autocorrelation and none is given.

    Parameters
    ----------
    values : array (rows,)
    person, occasion : int array (rows,)
    n_persons : int
    autocorrelation : float, optional
        Where the rows cannot tell it.
    """
    whole = np.full(n_persons, np.nan)
    known = np.isfinite(values)
    try:
        fit = fit_person_levels(
            values[known], person[known], occasion[known], autocorrelation=autocorrelation
        )
    except ModelError:
        return whole
    if fit.autocorrelation_estimated or autocorrelation is not None:
        whole[fit.persons] = fit.mean_variance
    return whole


def product(X: Float, b: Float) -> Float:
    """Expected problems (n, domains) from terms (n, p) and coefficients (p, domains)."""
    total = np.zeros((len(X), b.shape[1]))
    for term in range(X.shape[1]):
        total = total + X[:, term : term + 1] * b[term]
    return total


def lines(X: Float, means: Float, times: Float) -> Float:
    """Least-squares coefficients (p, domains) with persons counted `times` (n,).

    Where those who count cannot tell all of them (nobody drawn has a rare category), the smallest
    that expect the same of everyone who counts.
    """
    weighted = X * times[:, None]
    p = X.shape[1]
    left = np.array([[np.sum(weighted[:, i] * X[:, j]) for j in range(p)] for i in range(p)])
    right = np.array([(weighted[:, i : i + 1] * means).sum(axis=0) for i in range(p)])
    try:
        return np.asarray(np.linalg.solve(left, right))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(left, right, rcond=None)[0])


def standard_errors(scores: DomainScores) -> Float:
    """Errors of persons' levels (n, domains): fluctuation over occasions, and the line."""
    n, p = scores.X.shape
    inverse = np.linalg.inv(
        np.array([[np.sum(scores.X[:, i] * scores.X[:, j]) for j in range(p)] for i in range(p)])
    )
    at = np.zeros(n)
    for i in range(p):
        for j in range(p):
            at += inverse[i, j] * scores.X[:, i] * scores.X[:, j]
    residual = (scores.SR**2).sum(axis=0) / (n - p)
    return np.asarray(np.sqrt(scores.variance + at[:, None] * residual))


def between_variance(SR: Float, variance: Float, times: Float, p: int) -> Float:
    """Variance of persons' levels by domain: of SR, less that of fluctuation; may be negative."""
    n = times.sum()
    total = (times[:, None] * SR**2).sum(axis=0) / (n - p)
    return np.asarray(total - (times[:, None] * variance).sum(axis=0) / n)


def clearly_below(z: Float) -> Bool:
    """Which persons and domains lie below by the false-discovery rate over all of them (5 %).

    Parameters
    ----------
    z : array (persons, domains)
        SR over its error; NaN (nobody can be told) counts for nothing.
    """
    from scipy.special import ndtr

    called = discoveries(2 * ndtr(-np.abs(z.ravel())), FALSE_DISCOVERIES).reshape(z.shape)
    return np.asarray(called & (z < 0))


def chance_profile(shares: Float) -> Float:
    """Shares of 0, 1, ... domains (k + 1,) if domains with these shares (k,) were unrelated."""
    found = np.array([1.0])
    for share in shares:
        found = np.append(found * (1 - share), 0.0) + np.insert(found * share, 0, 0.0)
    return found
