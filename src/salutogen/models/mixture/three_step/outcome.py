"""Distal outcomes of classes, corrected for errors of classification."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.formula.columns import numeric
from salutogen.models.mixture.three_step.assignment import (
    Assigned,
    Assignment,
    Correction,
    assign,
    person_rows,
    wald,
)
from salutogen.models.mixture.three_step.outcome_densities import (
    LEAST_SHARE,
    LEAST_SPREAD,
    CategoricalOutcome,
    NormalOutcome,
)
from salutogen.models.quantiles import NORMAL_95
from salutogen.models.short_repr import short_repr

if TYPE_CHECKING:
    from salutogen.models.mixture.result import GrowthMixtureResult

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Kind = Literal["auto", "continuous", "categorical"]

STEPS = 5000
SETTLED = 1e-9  # gain of the log-likelihood in an EM step at which it has settled
DIFFERENCE = 1e-5  # of the differences of gradients that give second derivatives
EDGE = 1e-6  # distance from 0 or 1 within which a proportion lies there
MOVED = 0.05  # change of a class's share in the last step that is worth a word


@short_repr("outcome", "kind", "correction", "n_persons", "converged")
@dataclass(frozen=True, kw_only=True)
class ThreeStepOutcome:
    """Means, or proportions of categories, of a later outcome in each class.

    Attributes
    ----------
    outcome : str
        Column.
    kind : str
        `continuous` or `categorical`.
    categories : tuple of str
        Of a categorical outcome, sorted; empty otherwise.
    correction, assignment : str
        As asked for.
    estimates : array (K,) or (K, C)
        Means, or proportions.
    covariance : array (K, K) or (K C, K C)
        Sandwich estimate, class by class; NaN where a class has no support for an error. The error
        of the classes' own estimation is left out.
    spreads : array (K,)
        SD of a continuous outcome within each class; NaN where BCH weights give none.
    shares : array (K,)
        Shares of the classes among the persons used.
    error : array (K, K)
        Classification errors used; the identity without a correction.
    n_persons : int
        Persons used.
    n_dropped : int
        Persons of the model that are left out: not in the frame, or something missing.
    converged : bool
        Whether the likelihood settled (always, but for `ml`).
    messages : tuple of str
        What is doubtful.
    """

    outcome: str
    kind: str
    categories: tuple[str, ...]
    correction: Correction
    assignment: Assignment
    estimates: Float
    covariance: Float
    spreads: Float
    shares: Float
    error: Float
    n_persons: int
    n_dropped: int
    converged: bool
    messages: tuple[str, ...]

    @property
    def table(self) -> pl.DataFrame:
        """One row per class (and category): estimate, standard error, 95 % limits, share.

        Errors and limits are null where a class has no support for them: all of its persons alike,
        or a proportion of 0 or 1. Limits of proportions stay within 0 and 1.
        """
        K = len(self.shares)
        estimate = self.estimates.ravel()
        error = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        C = len(self.categories) or 1
        columns: dict[str, Any] = {"class": np.repeat(np.arange(1, K + 1), C)}
        if self.categories:
            columns["category"] = list(self.categories) * K
        limits = [estimate + side * NORMAL_95 * error for side in (-1, 1)]
        if self.categories:
            limits = [np.clip(limit, 0.0, 1.0) for limit in limits]
        columns |= {
            "estimate": estimate,
            "standard_error": pl.Series(error).fill_nan(None),
            "lower": pl.Series(limits[0]).fill_nan(None),
            "upper": pl.Series(limits[1]).fill_nan(None),
        }
        if not self.categories:
            columns["sd"] = pl.Series(self.spreads).fill_nan(None)
        return pl.DataFrame(columns | {"share": np.repeat(self.shares, C)})

    @property
    def differences(self) -> pl.DataFrame:
        """One row per pair of classes (and category): difference, standard error, z, p.

        The last three are null where either class has no support for an error.
        """
        from scipy.special import ndtr

        K, C = len(self.shares), len(self.categories) or 1
        rows = []
        for a, b in combinations(range(K), 2):
            for c in range(C):
                contrast = np.zeros(K * C)
                contrast[a * C + c], contrast[b * C + c] = 1.0, -1.0
                difference = float(contrast @ self.estimates.ravel())
                places = np.flatnonzero(contrast)
                part = self.covariance[np.ix_(places, places)]
                variance = float(contrast[places] @ part @ contrast[places])
                error = float(np.sqrt(variance)) if variance > 0 else None
                z = None if error is None else difference / error
                p = None if z is None else float(2 * ndtr(-abs(z)))
                rows.append((a + 1, b + 1, *self.categories[c : c + 1], difference, error, z, p))
        names = ["class", "other", *(["category"] if self.categories else [])]
        figures = [(name, pl.Float64) for name in ("difference", "standard_error", "z", "p")]
        return pl.DataFrame(rows, schema=[*names, *figures], orient="row")

    @property
    def test(self) -> tuple[float | None, int, float | None]:
        """Wald statistic that all classes are equal, its degrees of freedom, and p.

        None, 0 and None where a class has no support for an error.
        """
        if not np.isfinite(self.covariance).all():
            return None, 0, None
        K, C = len(self.shares), len(self.categories) or 1
        against = np.kron(np.column_stack([np.eye(K - 1), -np.ones(K - 1)]), np.eye(C))
        return wald(against @ self.estimates.ravel(), against @ self.covariance @ against.T)


def three_step_outcome(
    result: GrowthMixtureResult,
    data: Any,
    outcome: str,
    *,
    kind: Kind = "auto",
    correction: Correction = "bch",
    assignment: Assignment = "modal",
) -> ThreeStepOutcome:
    """Compare a later outcome over classes without bias from classification errors.

    Parameters
    ----------
    result : GrowthMixtureResult
        With at least 2 classes.
    data : data frame or mapping of arrays
        The person column of the model and the outcome; one value per person.
    outcome : str
        Column.
    kind : {"auto", "continuous", "categorical"}
        By default text, true/false and numbers with two values are categories.
    correction : {"bch", "ml", "none"}
        Weighting by the inverse of the errors, which assumes nothing of the outcome's
        distribution (Bolck, Croon & Hagenaars 2004; Bakk & Vermunt 2016); the likelihood of
        assignment and outcome (Vermunt 2010), for a continuous outcome normal within classes,
        each with a variance of its own; or taking assignments for the truth, which hides
        differences.
    assignment : {"modal", "proportional"}
        To the most probable class, or to each class as far as it is probable.

    Warns
    -----
    ConvergenceWarning
        Where the likelihood of `ml` has not settled.

    Raises
    ------
    ModelError
        Unknown, varying or constant outcome; an outcome with infinite values; classes that
        assignments say nothing about.

    Notes
    -----
    Some BCH weights are negative by design. They can make a proportion leave 0–1 or a variance
    negative, in small samples; then a message says so. Standard errors are sandwich estimates that
    take the first step's estimates as known.
    """
    if kind not in get_args(Kind):
        raise ModelError(f"kind: expected one of {', '.join(get_args(Kind))}, got {kind!r}.")
    rows, places, dropped = person_rows(result, data, [outcome])
    column = rows[outcome]
    if column.n_unique() < 2:
        raise ModelError(f"{outcome}: all {len(column)} persons have the same value.")
    assigned = assign(result, places, correction, assignment)
    if kind == "auto":
        few = column.n_unique() == 2 or not column.dtype.is_numeric()
        kind = "categorical" if few else "continuous"
    categories: tuple[str, ...] = ()
    if kind == "categorical":
        levels = column.unique().sort()
        categories = tuple(str(level) for level in levels)
        values = (column.to_numpy()[:, None] == levels.to_numpy()).astype(float)
    else:
        values = numeric(rows, outcome)[:, None]
    fit = _by_likelihood if correction == "ml" else _by_weights
    estimates, covariance, spreads, shares, converged, messages = fit(assigned, values, categories)
    if not converged:
        warnings.warn(messages[-1], ConvergenceWarning, stacklevel=2)
    bare = _without_support(estimates, covariance, spreads, float(np.var(values)), categories)
    if bare.any():
        messages.append(_bare_words(outcome, bare, categories))
        covariance = np.where(bare.ravel() | bare.ravel()[:, None], np.nan, covariance)
    away = float(np.max(np.abs(shares - result.posterior[places].mean(axis=0))))
    if correction == "ml" and away > MOVED:
        messages.append(
            f"The outcome has moved a class's share by {away:.2f}: it has become a part of what "
            "defines the classes. Prefer correction='bch'."
        )
    return ThreeStepOutcome(
        outcome=outcome,
        kind=kind,
        categories=categories,
        correction=correction,
        assignment=assignment,
        estimates=estimates if categories else estimates[:, 0],
        covariance=covariance,
        spreads=spreads,
        shares=shares,
        error=assigned.error,
        n_persons=len(values),
        n_dropped=dropped,
        converged=converged,
        messages=tuple(messages),
    )


def _without_support(
    estimates: Float,
    covariance: Float,
    spreads: Float,
    variance: float,
    categories: tuple[str, ...],
) -> Bool:
    """Which estimates (K, C) have no error: a class all alike, or a proportion at 0 or 1."""
    if categories:
        return (estimates < EDGE) | (estimates > 1 - EDGE)
    own = np.diag(covariance)[:, None]
    flat = ~(spreads[:, None] ** 2 > 1.01 * LEAST_SPREAD * variance)
    return flat | ~(own > EDGE**2 * variance)


def _bare_words(outcome: str, bare: Bool, categories: tuple[str, ...]) -> str:
    classes = [f"class {k + 1}" for k in np.flatnonzero(bare.any(axis=1))]
    why = (
        "a proportion of 0 or 1 (or beyond)"
        if categories
        else "no spread of its own: too few persons, or all with the same value"
    )
    return (
        f"{outcome}: in {', '.join(classes)} there is {why}. These estimates have no error, and "
        "comparisons with them no p."
    )


_Fit = tuple[Float, Float, Float, Float, bool, list[str]]


def _by_weights(assigned: Assigned, values: Float, categories: tuple[str, ...]) -> _Fit:
    """Take weighted means of each column."""
    weight, messages = assigned.membership, []
    size = weight.sum(axis=0)
    if (size <= 0).any():
        empty = ", ".join(str(k + 1) for k in np.flatnonzero(size <= 0))
        raise ModelError(
            f"correction: the weights of class {empty} add up to nothing among these persons. Use "
            "correction='ml', or fewer classes."
        )
    estimates = (weight.T @ values) / size[:, None]
    away = values[:, None, :] - estimates  # (n, K, C)
    influence = (weight[:, :, None] * away / size[:, None]).reshape(len(values), -1)
    spread = np.sum(weight[:, :, None] * away**2, axis=0)[:, 0] / size
    if categories and ((estimates < 0) | (estimates > 1)).any():
        messages.append(
            "Negative weights have led to a proportion outside 0–1: too few persons are in that "
            "class and category. Read it as 0 or 1, or use correction='ml'."
        )
    if not categories and (spread <= 0).any():
        messages.append("Negative weights have led to no variance in a class; its SD is left out.")
    spreads = np.sqrt(np.where(spread > 0, spread, np.nan))
    return estimates, influence.T @ influence, spreads, size / size.sum(), True, messages


def _by_likelihood(assigned: Assigned, values: Float, categories: tuple[str, ...]) -> _Fit:
    """EM from the weighted means, then second derivatives."""
    K, messages = assigned.weight.shape[1], []
    model = CategoricalOutcome(values) if categories else NormalOutcome(values[:, 0])
    start = np.linalg.solve(assigned.error.T, assigned.weight.mean(axis=0))
    share = np.maximum(start, 0.01) / np.sum(np.maximum(start, 0.01))
    weight = assigned.expected(np.log(share) + np.zeros((len(values), K)))[1]
    parameters = model.maximise(weight)
    before, converged = -np.inf, False
    for _ in range(STEPS):
        value, weight, _ = assigned.expected(np.log(share) + model.log_density(parameters))
        now = float(value.sum())
        if now - before < SETTLED:
            converged = True
            break
        before = now
        share = np.maximum(weight.mean(axis=0), LEAST_SHARE)
        parameters = model.maximise(weight)
    if not converged:
        messages.append("The likelihood of the outcome still climbs; use correction='bch'.")
    size = parameters.shape[1]

    def scores(free: Float) -> Float:
        logits = np.append(free[: K - 1], 0.0)
        log_share = logits - np.log(np.sum(np.exp(logits)))
        own = free[K - 1 :].reshape(K, size)
        mean = assigned.expected(log_share + model.log_density(own))[1]
        by_share = (mean - np.exp(log_share))[:, : K - 1]
        by_own = mean[:, :, None] * model.slopes(own)
        return np.concatenate([by_share, by_own.reshape(len(mean), -1)], axis=1)

    free = np.concatenate([np.log(share[:-1] / share[-1]), parameters.ravel()])
    covariance, singular = _sandwich(scores, free)
    if singular:
        messages.append(
            "Some estimates lie on a bound or are not determined; their standard errors are too "
            "small."
        )
    estimates, jacobian = model.estimates(parameters)
    own = covariance[K - 1 :, K - 1 :]
    spreads = np.full(K, np.nan) if categories else np.exp(parameters[:, 1] / 2)
    return estimates, jacobian @ own @ jacobian.T, spreads, share, converged, messages


def _sandwich(scores: Callable[[Float], Float], free: Float) -> tuple[Float, bool]:
    """Covariance of estimates from persons' scores and their differences."""
    at = scores(free)
    second = np.empty((len(free), len(free)))
    for j in range(len(free)):
        step = np.zeros(len(free))
        step[j] = DIFFERENCE
        change = scores(free + step).sum(axis=0) - scores(free - step).sum(axis=0)
        second[j] = change / (2 * DIFFERENCE)
    values, vectors = np.linalg.eigh(-(second + second.T) / 2)
    known = values > 1e-8 * max(float(values[-1]), 0.0)
    bread = (vectors[:, known] / values[known]) @ vectors[:, known].T
    return bread @ (at.T @ at) @ bread, not bool(known.all())
