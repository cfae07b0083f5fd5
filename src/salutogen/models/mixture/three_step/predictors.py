"""Predictors of class membership, corrected for errors of classification."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.formula.design import learn_design, variables_of
from salutogen.models.mixture.separation import Separation, find_separation
from salutogen.models.mixture.three_step.assignment import (
    Assigned,
    Assignment,
    Correction,
    assign,
    person_rows,
    wald,
)
from salutogen.models.quantiles import NORMAL_95
from salutogen.models.short_repr import short_repr

if TYPE_CHECKING:
    from salutogen.models.mixture.result import GrowthMixtureResult

Float = NDArray[np.float64]
Int = NDArray[np.int64]

STEPS = 100
SETTLED = 1e-10  # log-likelihood that a further Newton step would bring
COLLINEAR = 1e-9  # share of a column that is left beside the others
FARTHEST = 30.0  # change of the log odds over a column's spread at which a search ends


@short_repr("terms", "reference", "correction", "n_persons", "converged")
@dataclass(frozen=True, kw_only=True)
class ThreeStepPredictors:
    """A multinomial logit of class membership on predictors.

    Attributes
    ----------
    correction, assignment : str
        As asked for.
    reference : int
        Class against which the others are compared (from 1).
    terms : tuple of str
        Columns, `Intercept` for the constant.
    estimates : array (K − 1, p)
        Log odds against the reference class, in the order of the other classes; where a predictor
        tells classes apart and no estimate is finite, where the search stopped.
    covariance : array ((K − 1) p, (K − 1) p)
        Sandwich estimate, class by class; NaN where there is no finite estimate. The error of the
        classes' own estimation is left out.
    error : array (K, K)
        Classification errors used; the identity without a correction.
    log_likelihood : float
        Of the corrected logit; with `bch` a weighted one that has no absolute meaning.
    n_persons : int
        Persons used.
    n_dropped : int
        Persons of the model that are left out: not in the frame, or something missing.
    converged : bool
        Whether the likelihood settled, all estimates being finite.
    messages : tuple of str
        What is doubtful.
    """

    correction: Correction
    assignment: Assignment
    reference: int
    terms: tuple[str, ...]
    estimates: Float
    covariance: Float
    error: Float
    log_likelihood: float
    n_persons: int
    n_dropped: int
    converged: bool
    messages: tuple[str, ...]

    @property
    def coefficients(self) -> pl.DataFrame:
        """One row per class and term: estimate, error, z, p, odds ratio with 95 % limits.

        All but the estimate are null where that is not finite.
        """
        from scipy.special import ndtr

        others = [k for k in range(1, len(self.error) + 1) if k != self.reference]
        estimate = self.estimates.ravel()
        error = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))  # NaN stays
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            z = estimate / error
            limits = [np.exp(estimate + side * NORMAL_95 * error) for side in (-1, 1)]
            odds = np.exp(estimate)
        return pl.DataFrame(
            {
                "class": np.repeat(others, len(self.terms)),
                "reference": np.full(len(estimate), self.reference),
                "term": list(self.terms) * len(others),
                "estimate": estimate,
                "standard_error": error,
                "z": z,
                "p": 2 * ndtr(-np.abs(z)),
                "odds_ratio": odds,
                "lower": limits[0],
                "upper": limits[1],
            }
        ).with_columns(
            pl.when(pl.col("standard_error").is_not_nan()).then(pl.col(name)).alias(name)
            for name in ("standard_error", "z", "p", "odds_ratio", "lower", "upper")
        )

    @property
    def tests(self) -> pl.DataFrame:
        """Wald test of each term but the constant: no difference between any classes.

        Null where an estimate is not finite.
        """
        p, rows = len(self.terms), []
        for j, name in enumerate(self.terms):
            if name == "Intercept":
                continue
            places = np.arange(len(self.estimates)) * p + j
            part = self.covariance[np.ix_(places, places)]
            known = bool(np.isfinite(part).all())
            rows.append((name, *(wald(self.estimates[:, j], part) if known else (None,) * 3)))
        names = [("term", pl.String), ("chi_square", pl.Float64), ("df", pl.Int64)]
        return pl.DataFrame(rows, schema=[*names, ("p", pl.Float64)], orient="row")


def three_step_predictors(
    result: GrowthMixtureResult,
    data: Any,
    formula: str,
    *,
    correction: Correction = "ml",
    assignment: Assignment = "modal",
    reference: int = 1,
) -> ThreeStepPredictors:
    """Regress class membership on predictors without bias from classification errors.

    The classes stay as they were found; their assignment to persons is a noisy measure of
    membership, whose errors are known from the posterior (Bolck, Croon & Hagenaars 2004;
    Vermunt 2010).

    Parameters
    ----------
    result : GrowthMixtureResult
        With at least 2 classes.
    data : data frame or mapping of arrays
        The person column of the model and the predictors; one value per person.
    formula : str
        Right-hand side, such as ``age + C(sex)``.
    correction : {"ml", "bch", "none"}
        The likelihood of the assignments; weighting by the inverse of the errors; or taking
        assignments for the truth, which shrinks associations.
    assignment : {"modal", "proportional"}
        To the most probable class, or to each class as far as it is probable.
    reference : int
        Class against which the others are compared, from 1.

    Warns
    -----
    ConvergenceWarning
        Where a predictor (nearly) tells classes apart without error.

    Raises
    ------
    ModelError
        Unknown or varying columns, collinear terms, fewer persons than coefficients, classes
        that assignments say nothing about.

    Notes
    -----
    Standard errors are sandwich estimates (Bakk, Tekle & Vermunt 2013) that take the first step's
    estimates as known: they are somewhat too small where classes overlap in a small sample.
    """
    if "~" in formula or "|" in formula:
        raise ModelError(f"formula: expected only the right-hand side, got {formula!r}.")
    if not 1 <= reference <= result.n_classes:
        raise ModelError(
            f"reference: expected a class from 1 to {result.n_classes}, got {reference!r}."
        )
    rows, places, dropped = person_rows(result, data, variables_of(formula))
    design = learn_design(formula, rows)
    X = design.matrix(rows)
    assigned = assign(result, places, correction, assignment)
    K, p = result.n_classes, X.shape[1]
    if len(X) <= (K - 1) * p:
        raise ModelError(f"{len(X)} persons are too few for {(K - 1) * p} coefficients.")
    Q, R = np.linalg.qr(X)
    left = np.abs(np.diag(R)) <= COLLINEAR * np.linalg.norm(X, axis=0)
    if left.any():
        names = ", ".join(np.array(design.names)[left])
        raise ModelError(f"formula: {names} can be computed from the other terms; leave it out.")
    Q, R = Q * np.sqrt(len(X)), R / np.sqrt(len(X))
    order = np.concatenate([np.delete(np.arange(K), reference - 1), [reference - 1]])
    moved = Assigned(
        weight=assigned.weight[:, order],
        error=assigned.error[np.ix_(order, order)],
        correction=correction,
    )
    at, value, converged = _newton(moved, Q)
    back = np.linalg.inv(R)
    estimates = at @ back.T
    separation = _separation(moved, X, estimates, design.names, order + 1)
    known = np.kron(np.eye(K - 1), R) @ separation.finite
    covariance = separation.finite @ _sandwich(moved, Q, at, known) @ separation.finite.T
    infinite = separation.infinite.ravel() | (not converged and not separation.found)
    covariance[infinite | infinite[:, None]] = np.nan
    messages = list(design.messages)
    if infinite.any():
        converged = False
        what = (
            f"no finite estimate for {separation.words}"
            if separation.found
            else "predictors tell some classes apart (nearly) without error"
        )
        messages.append(
            f"Coefficients run away: {what}. These have no error and no p. Join rare categories, "
            "or leave that predictor out."
        )
        warnings.warn(messages[-1], ConvergenceWarning, stacklevel=2)
    return ThreeStepPredictors(
        correction=correction,
        assignment=assignment,
        reference=reference,
        terms=design.names,
        estimates=estimates,
        covariance=covariance,
        error=assigned.error,
        log_likelihood=value,
        n_persons=len(X),
        n_dropped=dropped,
        converged=converged,
        messages=tuple(messages),
    )


def _newton(assigned: Assigned, X: Float) -> tuple[Float, float, bool]:
    """Newton steps, with that part of the curvature that is always downward where need be."""
    K, p = assigned.weight.shape[1], X.shape[1]
    at = np.zeros((K - 1, p))
    value, scores, hessian, safe = _logit(assigned, X, at)
    for _ in range(STEPS):
        gradient = scores.sum(axis=0)
        try:
            np.linalg.cholesky(-hessian)
            step = np.linalg.solve(-hessian, gradient)
        except np.linalg.LinAlgError:
            step = np.linalg.lstsq(-safe, gradient, rcond=None)[0]
        gain = float(gradient @ step)
        if abs(gain) < SETTLED:
            return at, value, True
        for halving in range(30):
            tried = at + (step / 2**halving).reshape(at.shape)
            new = _logit(assigned, X, tried)
            if new[0] > value:
                break
        else:
            return at, value, abs(gain) < 1e-6
        at = tried
        value, scores, hessian, safe = new
        if np.max(np.abs(at)) > FARTHEST:
            return at, value, False
    return at, value, False


def _logit(assigned: Assigned, X: Float, at: Float) -> tuple[float, Float, Float, Float]:
    """Log-likelihood, persons' scores (n, (K − 1) p), and second derivatives: all, and of P."""
    n, p = X.shape
    K = len(at) + 1
    eta = np.column_stack([X @ at.T, np.zeros(n)])
    highest = eta.max(axis=1, keepdims=True)
    log_p = eta - highest - np.log(np.sum(np.exp(eta - highest), axis=1, keepdims=True))
    probability = np.exp(log_p)
    spread = probability[:, :, None] * (np.eye(K) - probability[:, None, :])
    if assigned.is_certain:
        mean = assigned.membership
        value, scatter = float(np.sum(mean * log_p)), np.zeros((n, K, K))
    else:
        values, mean, scatter = assigned.expected(log_p)
        value = float(values.sum())
    away = (mean - probability)[:, : K - 1]
    scores = (away[:, :, None] * X[:, None, :]).reshape(n, -1)
    size = (K - 1) * p
    safe = -np.einsum("ntu,ni,nj->tiuj", spread[:, :-1, :-1], X, X, optimize=True)
    more = np.einsum("ntu,ni,nj->tiuj", scatter[:, :-1, :-1], X, X, optimize=True)
    return value, scores, (safe + more).reshape(size, size), safe.reshape(size, size)


def _separation(
    assigned: Assigned, X: Float, estimates: Float, terms: tuple[str, ...], numbers: Int
) -> Separation:
    """Look for predictors, as given, that tell classes apart."""
    eta = np.column_stack([X @ estimates.T, np.zeros(len(X))])
    log_p = eta - np.logaddexp.reduce(eta, axis=1, keepdims=True)
    membership = assigned.membership if assigned.is_certain else assigned.expected(log_p)[1]
    return find_separation(X, membership, np.exp(log_p), terms, numbers=numbers.tolist())


def _sandwich(assigned: Assigned, X: Float, at: Float, along: Float) -> Float:
    """Covariance of coefficients of the columns of `along`."""
    _, scores, hessian, _ = _logit(assigned, X, at)
    bread = np.linalg.pinv(-along.T @ hessian @ along, hermitian=True)
    covariance: Float = bread @ along.T @ (scores.T @ scores) @ along @ bread
    return covariance
