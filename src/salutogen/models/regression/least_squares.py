"""Least-squares lines with classical or person-clustered errors, and tests between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.descriptive import numbered
from salutogen.models.linear_algebra import (
    Factored,
    combine,
    cross_products,
    sandwich,
    sum_of_products,
)
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]


@short_repr("names")
@dataclass(frozen=True, kw_only=True)
class Line:
    """What every fitted line has: named coefficients and their covariance.

    Attributes
    ----------
    names : tuple of str
        Terms, in the order of the columns of X.
    coefficients : array (p,)
        Estimates, in units of the outcome per unit of the term.
    covariance : array (p, p)
        Covariance of the estimates.
    """

    names: tuple[str, ...]
    coefficients: Float
    covariance: Float

    @property
    def standard_errors(self) -> Float:
        """Standard errors of the coefficients (p,)."""
        return np.sqrt(np.diag(self.covariance))

    def predict(self, X: ArrayLike) -> Float:
        """Return the expected outcome (n,) at predictors X (n, p)."""
        return combine(self._columns(X), self.coefficients)

    def standard_error_of_line(self, X: ArrayLike) -> Float:
        """Return the standard error (n,) of the expected outcome at X (n, p)."""
        columns = self._columns(X)
        variance = np.zeros(len(columns))
        for i, left in enumerate(columns.T):
            for j, right in enumerate(columns.T):
                variance = variance + self.covariance[i, j] * left * right
        return np.sqrt(np.clip(variance, 0, None))

    def _columns(self, X: ArrayLike) -> Float:
        columns = np.asarray(X, dtype=float)
        if columns.ndim != 2 or columns.shape[1] != len(self.names):
            raise ModelError(
                f"X: the line has {len(self.names)} terms {self.names}, "
                f"got an array of shape {columns.shape}."
            )
        return columns


@short_repr("names", "n", "df", "r_squared", "n_clusters")
@dataclass(frozen=True, kw_only=True)
class LinearFit(Line):
    """A least-squares line.

    Attributes
    ----------
    names, coefficients, covariance
        As in `Line`; the covariance is classical, or clustered (CR1) where `n_clusters` is set.
    residuals : array (n,)
        Observed minus expected outcome.
    residual_sd : float
        Root of RSS / (n − p).
    r_squared, adjusted_r_squared : float
        Share of the variance explained, about the mean when a constant is among the terms.
    n, df : int
        Units, and residual degrees of freedom n − p.
    rss : float
        (Weighted) residual sum of squares.
    log_likelihood, aic, bic : float
        Gaussian, at the maximum; the residual variance counts as a parameter, n = units.
    n_clusters : int or None
        Number of clusters G behind clustered errors.
    """

    residuals: Float
    residual_sd: float
    r_squared: float
    adjusted_r_squared: float
    n: int
    df: int
    rss: float
    log_likelihood: float
    aic: float
    bic: float
    n_clusters: int | None = None

    @property
    def df_inference(self) -> int:
        """Degrees of freedom of t intervals: G − 1 with clustered errors, else n − p."""
        return self.df if self.n_clusters is None else self.n_clusters - 1

    def interval(self, level: float = 0.95) -> Float:
        """Return t intervals (2, p) of the coefficients."""
        from scipy.special import stdtrit

        half = stdtrit(self.df_inference, (1 + level) / 2) * self.standard_errors
        return np.stack([self.coefficients - half, self.coefficients + half])


class FTest(NamedTuple):
    """F statistic, its degrees of freedom and p-value."""

    F: float
    df1: int
    df2: int
    p: float


def checked(y: ArrayLike, X: ArrayLike, names: Sequence[str]) -> tuple[Float, Float]:
    """Return y (n,) and X (n, p) as floats.

    Raises
    ------
    ModelError
        Shapes do not fit, values are missing or infinite, or there are not more units than
        coefficients.
    """
    outcome = np.asarray(y, dtype=float)
    columns = np.asarray(X, dtype=float)
    if columns.ndim != 2 or outcome.shape != columns.shape[:1]:
        raise ModelError(
            f"Expected y (n,) and X (n, p), got shapes {outcome.shape} and {columns.shape}."
        )
    n, p = columns.shape
    if len(names) != p:
        raise ModelError(f"names: {p} columns in X, got {len(names)} names {tuple(names)}.")
    for label, values in (("the outcome", outcome), *zip(names, columns.T, strict=True)):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            rows = ", ".join(str(row + 1) for row in bad[:10])
            raise ModelError(
                f"{label}: {bad.size} missing or infinite values, first in rows {rows}."
            )
    if n <= p:
        raise ModelError(f"{n} units cannot carry {p} coefficients ({', '.join(names)}).")
    return outcome, columns


def fit_least_squares(
    y: ArrayLike,
    X: ArrayLike | Factored,
    *,
    names: Sequence[str],
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> LinearFit:
    """Fit y = X b + e by (weighted) least squares.

    Parameters
    ----------
    y : array (n,)
        Outcome.
    X : array (n, p) or Factored
        Predictors, including a column of ones if the line has an intercept.
    names : sequence of str
        Names of the columns of X.
    weights : array (n,), optional
        Precision weights: the residual variance of a unit is s²/weight.
    cluster : integer array (n,), optional
        Codes of the clusters (persons). Errors are then clustered: CR1, the sandwich times
        G/(G − 1), with G − 1 degrees of freedom (Bell & McCaffrey 2002).

    Returns
    -------
    LinearFit

    Raises
    ------
    ModelError
        Not more units than coefficients, collinear terms, missing or infinite values, weights
        that are not positive, fewer than two clusters.

    Examples
    --------
    >>> fit = fit_least_squares([1, 2, 4], [[1, 0], [1, 1], [1, 2]], names=["intercept", "E"])
    >>> fit.coefficients.round(3).tolist()
    [0.833, 1.5]
    """
    given = X if isinstance(X, Factored) else None
    outcome, columns = checked(y, X.X if isinstance(X, Factored) else X, names)
    n, p = columns.shape
    weight = None if weights is None else _checked_weights(weights, n)
    solved = solve(outcome, columns, names, weight, given)
    residuals = solved.residuals
    rss = _weighted_squares(residuals, weight)
    df = n - p
    bread = solved.inverse @ solved.inverse.T
    n_clusters = None
    if cluster is None:
        covariance = bread * (rss / df)
    else:
        scores = residuals if weight is None else weight * residuals
        covariance, n_clusters = clustered_covariance(bread, columns, scores, cluster)
    r_squared, total_df = _explained(outcome, weight, rss, columns, solved.Q)
    log_likelihood = _log_likelihood(rss, n, weight)
    return LinearFit(
        names=tuple(names),
        coefficients=solved.coefficients,
        covariance=covariance,
        residuals=residuals,
        residual_sd=float(np.sqrt(rss / df)),
        r_squared=r_squared,
        adjusted_r_squared=1 - (1 - r_squared) * total_df / df,
        n=n,
        df=df,
        rss=rss,
        log_likelihood=log_likelihood,
        aic=-2 * log_likelihood + 2 * (p + 1),
        bic=-2 * log_likelihood + float(np.log(n)) * (p + 1),
        n_clusters=n_clusters,
    )


class Solution(NamedTuple):
    """Least-squares coefficients (p,), residuals (n,) and the factors Q (p, n) and R⁻¹ (p, p)."""

    coefficients: Float
    residuals: Float
    Q: Float
    inverse: Float


def solve(
    outcome: Float,
    columns: Float,
    names: Sequence[str],
    weight: Float | None = None,
    factored: Factored | None = None,
) -> Solution:
    """Solve for the coefficients alone; arguments as `checked` returns them.

    Columns that are factored already, and have no weights, are not factored again.

    Raises
    ------
    ModelError
        Collinear terms.
    """
    weighted, rows = outcome, columns
    if weight is not None:
        root = np.sqrt(weight)
        weighted, rows = outcome * root, (columns.T * root).T
    design = factored if factored is not None and weight is None else Factored.of(rows, names)
    Q, inverse = design.Q, design.inverse
    del design, rows  # weighted columns are long
    scores = np.array([sum_of_products(q, weighted) for q in Q])
    left = weighted - combine(Q.T, scores)
    again = np.array([sum_of_products(q, left) for q in Q])  # one refinement: full accuracy
    coefficients = inverse @ (scores + again)
    return Solution(coefficients, outcome - combine(columns, coefficients), Q, inverse)


def _weighted_squares(values: Float, weight: Float | None) -> float:
    """Sum of squares, weighted."""
    if weight is None:
        return sum_of_products(values, values)
    return float(np.sum(weight * values**2))


def _checked_weights(weights: ArrayLike, n: int) -> Float:
    weight = np.asarray(weights, dtype=float)
    if weight.shape != (n,) or not (np.isfinite(weight) & (weight > 0)).all():
        raise ModelError(f"weights: expected {n} positive finite numbers.")
    return weight


def _explained(
    outcome: Float, weight: Float | None, rss: float, columns: Float, Q: Float
) -> tuple[float, int]:
    """R² and the degrees of freedom of the total: about the mean if X spans the constant."""
    n = len(outcome)
    has_constant = _spans_constant(columns, weight, Q)
    total_weight = n if weight is None else float(np.sum(weight))
    centre = 0.0
    if has_constant:
        summed = np.sum(outcome) if weight is None else np.sum(weight * outcome)
        centre = float(summed / total_weight)
    total = _weighted_squares(outcome - centre, weight)
    scale = _weighted_squares(outcome, weight)
    if total <= 1e-24 * scale or total == 0:
        raise ModelError(f"The outcome is constant over {n} units: no line can be fitted.")
    return 1 - rss / total, n - 1 if has_constant else n


def _spans_constant(columns: Float, weight: Float | None, Q: Float) -> bool:
    """Whether some combination of the columns is constant: one column mostly is."""
    if any(column[0] != 0 and bool((column == column[0]).all()) for column in columns.T):
        return True
    root = np.ones(len(columns)) if weight is None else np.sqrt(weight)
    rest = root - combine(Q.T, np.array([sum_of_products(q, root) for q in Q]))
    return sum_of_products(rest, rest) < 1e-12 * sum_of_products(root, root)


def _log_likelihood(rss: float, n: int, weight: Float | None) -> float:
    if rss <= 0:
        return float("inf")
    logs = 0.0 if weight is None else float(np.sum(np.log(weight)))
    return float(0.5 * logs - n / 2 * (np.log(2 * np.pi * rss / n) + 1))


def clustered_covariance(
    bread: Float, columns: Float, scores: Float, cluster: ArrayLike
) -> tuple[Float, int]:
    """CR1 covariance (the sandwich times G / (G - 1)) and the number of clusters G."""
    codes = np.asarray(cluster)
    if codes.shape != scores.shape or not np.issubdtype(codes.dtype, np.integer):
        raise ModelError(
            f"cluster: expected {len(scores)} integer codes, got {codes.dtype} {codes.shape}."
        )
    index, n_clusters = numbered(codes)
    if n_clusters < 2:
        raise ModelError(f"Clustered errors need at least 2 clusters, got {n_clusters}.")
    meat = cross_products([np.bincount(index, column * scores) for column in columns.T])
    return sandwich(bread, meat) * (n_clusters / (n_clusters - 1)), n_clusters


def f_test(nested: LinearFit, full: LinearFit) -> FTest:
    """Compare two nested least-squares lines fitted to the same independent units.

    Parameters
    ----------
    nested, full : LinearFit
        The smaller and the larger line.

    Raises
    ------
    ModelError
        The fits differ in units, are not nested, or the larger leaves no scatter.
    """
    from scipy.special import fdtrc

    if nested.n != full.n:
        raise ModelError(f"The lines were fitted to {nested.n} and {full.n} units.")
    df1 = nested.df - full.df
    if df1 < 1 or nested.rss < full.rss * (1 - 1e-9):
        raise ModelError(f"{nested.names} is not nested in {full.names}.")
    if full.rss <= 0.0:
        raise ModelError(f"{full.names} leaves no scatter, by which the lines could be compared.")
    F = max(nested.rss - full.rss, 0.0) / df1 / (full.rss / full.df)
    return FTest(F, df1, full.df, float(fdtrc(df1, full.df, F)))


def cross_validated_error(
    y: ArrayLike,
    X: ArrayLike,
    folds: int = 10,
    seed: int = 1,
    *,
    cluster: ArrayLike | None = None,
) -> float:
    """Return the root mean squared error of prediction in units left out of the fit.

    Parameters
    ----------
    y, X : array (n,), (n, p)
        As in `fit_least_squares`.
    folds : int
        Number of parts; each is predicted from the others. At most the number of units.
    seed : int
        Seed of the random split.
    cluster : integer array (n,), optional
        Units with one code stay in one part.
    """
    names = [f"column {j + 1}" for j in range(np.shape(X)[1])]
    outcome, columns = checked(y, X, names)
    codes = np.arange(len(outcome)) if cluster is None else np.asarray(cluster)
    index, n_units = numbered(codes)
    if not 2 <= folds <= n_units:
        raise ModelError(f"folds: expected 2 to {n_units} (independent units), got {folds}.")
    part = np.arange(n_units) % folds
    np.random.default_rng(seed).shuffle(part)
    squared = 0.0
    for fold in range(folds):
        out = part[index] == fold
        fit = fit_least_squares(outcome[~out], columns[~out], names=names)
        squared += float(np.sum((outcome[out] - fit.predict(columns[out])) ** 2))
    return float(np.sqrt(squared / len(outcome)))
