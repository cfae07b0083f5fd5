"""Regression of scores that come from an estimated line, with errors that carry the line's own.

A score such as SR is an outcome less what a line expects. A factor regressed on such scores as if
they were measured has an error that leaves out how well the line is known. Here both steps are
solved as one set of estimating equations (Newey and McFadden 1994, section 6), persons being the
independent units, so that each person's pull on the line goes into the error of the second step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.models.linear_algebra import Factored, cross_products, sum_of_products
from salutogen.models.regression.least_squares import checked, fit_least_squares
from salutogen.models.regression.sandwich import ALONE, hc3_degrees_of_freedom
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]


@short_repr("n_terms")
@dataclass(frozen=True, kw_only=True)
class EstimatedLine:
    """How persons pulled on a least-squares line.

    Attributes
    ----------
    pulls : array (persons, p)
        What each person adds to the error of the coefficients, to first order: their sum of
        squares over persons is the covariance of the line, clustered by person.
    """

    pulls: Float

    @property
    def n_terms(self) -> int:
        """Number of coefficients."""
        return int(self.pulls.shape[1])

    @classmethod
    def of(
        cls, X: ArrayLike, residuals: ArrayLike, person: ArrayLike, n_persons: int
    ) -> EstimatedLine:
        """Take the pulls from the rows that a line was fitted to.

        Parameters
        ----------
        X : array (rows, p)
        residuals : array (rows,)
        person : array of int (rows,)
            From 0; a person may have several rows, or none.
        n_persons : int
        """
        rows, rest = np.asarray(X, dtype=float), np.asarray(residuals, dtype=float)
        index = np.asarray(person, dtype=np.int64)
        scores = np.stack(
            [np.bincount(index, column * rest, minlength=n_persons) for column in rows.T], axis=1
        )
        bread = cross_products(list(np.ascontiguousarray(rows.T)))
        # In units of the columns' lengths, so that terms of very different size are no trouble.
        length = np.sqrt(np.diag(bread))
        inverse = np.linalg.inv(bread / np.outer(length, length)) / np.outer(length, length)
        return cls(pulls=np.einsum("ij,kj->ik", scores, inverse))


@short_repr("names", "n", "df")
@dataclass(frozen=True, kw_only=True)
class StackedFit:
    """A regression with errors for unequal scatter that carry the line behind its outcome.

    Attributes
    ----------
    names : tuple of str
    coefficients : array (q,)
    pulls : array (persons, q)
        What each person adds to the error of the coefficients; 0 for who stands in neither step.
    own : array (q,)
        Standard errors as if the outcome had been measured, not scored by an estimated line (HC3).
    df : array (q,)
        Degrees of freedom of t.
    n : int
        Persons of the second step.
    """

    names: tuple[str, ...]
    coefficients: Float
    pulls: Float
    own: Float
    df: Float
    n: int
    converged: bool = True
    messages: tuple[str, ...] = ()

    @property
    def errors(self) -> Float:
        """Standard errors (q,) that carry both steps."""
        return np.sqrt([sum_of_products(pull, pull) for pull in np.ascontiguousarray(self.pulls.T)])

    @property
    def estimates(self) -> dict[str, float]:
        """Coefficient of each term."""
        return dict(zip(self.names, self.coefficients.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each term."""
        return dict(zip(self.names, self.errors.tolist(), strict=True))

    def interval(self, level: float = 0.95) -> Float:
        """Return t intervals (2, q)."""
        from scipy.special import stdtrit

        half = stdtrit(self.df, (1 + level) / 2) * self.errors
        return np.stack([self.coefficients - half, self.coefficients + half])

    def p_values(self) -> Float:
        """Return two-sided p (q,) of t; NaN where there is no error."""
        from scipy.special import stdtr

        errors = self.errors
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.where(errors > 0, np.abs(self.coefficients) / errors, np.nan)
        return np.asarray(2 * stdtr(self.df, -t))


def stacked_regression(
    y: ArrayLike,
    X: ArrayLike,
    *,
    names: Sequence[str],
    through: ArrayLike | None = None,
    line: EstimatedLine | None = None,
) -> StackedFit:
    """Regress an outcome that may be scored by an estimated line.

    Parameters
    ----------
    y : array (persons,)
        Outcome; persons with a missing value here or in X have no part in this step.
    X : array (persons, q)
        Terms, the constant included.
    names : sequence of str
        Their names.
    through : array (persons, p), optional
        Terms of the line as they stand in the outcome: `y = P - through @ coefficients`.
    line : EstimatedLine, optional
        How the persons pulled on that line; it may rest on other persons, too.

    Returns
    -------
    StackedFit

    Raises
    ------
    ModelError
        Collinear terms, or not more persons than terms.
    """
    outcome, columns = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    known = np.isfinite(outcome) & np.isfinite(columns).all(axis=1)
    own_y, own_X = checked(outcome[known], columns[known], names)
    design = Factored.of(own_X, names)
    fit = fit_least_squares(own_y, design, names=names)
    left = 1.0 - design.leverages
    alone = left < ALONE
    rest = np.where(alone, 0.0, fit.residuals / np.where(alone, 1.0, left))
    # (X'X)^-1 x of each person, times the residual the person would have if left out.
    of_step = np.einsum("pk,qp->kq", design.Q, design.inverse)
    own = of_step * rest[:, None]
    pulls = np.zeros((outcome.size, len(names)))
    pulls[known] = own
    terms = len(names)
    if line is not None and through is not None:
        along = np.asarray(through, dtype=float)[known]
        passed = np.einsum("kq,kp->qp", of_step, along)
        pulls -= np.einsum("ip,qp->iq", line.pulls, passed)
        terms += line.n_terms - 1
    most = max(own_y.size - terms, 1)
    return StackedFit(
        names=tuple(names),
        coefficients=fit.coefficients,
        pulls=pulls,
        own=np.sqrt(np.sum(own**2, axis=0)),
        df=np.minimum(hc3_degrees_of_freedom(design, tuple(names)), most),
        n=int(own_y.size),
    )


def shared_with(factor: ArrayLike, covariates: ArrayLike, exposure: ArrayLike) -> float:
    """Share of a factor's variance, given covariates, that exposure explains (partial R²).

    Over the same persons, the coefficient of a factor on the residuals of a line that holds
    exposure and the covariates is exactly one minus this share times its coefficient in one model
    of the outcome with exposure and the covariates (Frisch and Waugh 1933; Lovell 1963).

    Parameters
    ----------
    factor : array (n,)
    covariates : array (n, c)
        With the constant.
    exposure : array (n, k)
    """
    given = np.asarray(covariates, dtype=float)
    columns = np.column_stack([given, np.asarray(exposure, dtype=float)])
    without, within = (_rest(np.asarray(factor, dtype=float), X) for X in (given, columns))
    return float(np.clip(1.0 - within / without, 0.0, 1.0)) if without > 0 else float("nan")


def _rest(y: Float, X: Float) -> float:
    """Sum of squares of y (n,) about the columns X, some of which may be redundant."""
    basis: list[Float] = []
    for column in X.T:
        left = column.astype(float)
        for _ in range(2):
            for one in basis:
                left = left - np.sum(one * left) * one
        length = float(np.sqrt(np.sum(left**2)))
        if length > 1e-9 * float(np.sqrt(np.sum(column**2))):
            basis.append(left / length)
    left = y
    for one in basis:
        left = left - np.sum(one * left) * one
    return float(np.sum(left**2))
