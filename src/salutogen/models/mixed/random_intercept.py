"""The random-intercept model: intraclass correlation and within-person spread of one series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.mixed_formula import INTERCEPT
from salutogen.models.mixed.model import fit_moments
from salutogen.models.moments.moments import Moments
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]


@short_repr("n_persons", "n_obs", "icc", "within_sd", "converged")
@dataclass(frozen=True, kw_only=True)
class RandomInterceptFit:
    """A random-intercept model fitted by REML.

    Attributes
    ----------
    names : tuple of str
        Fixed terms.
    coefficients, covariance : array (p,), (p, p)
        Fixed effects and their covariance.
    var_between, var_within : float
        Variance of the persons' intercepts, and residual variance.
    reml_criterion : float
        −2 restricted log-likelihood.
    is_singular, converged : bool
        Whether `var_between` is zero; whether the optimiser settled.
    n_obs, n_persons : int
        Rows and persons.
    messages : tuple of str
        What is doubtful.
    """

    names: tuple[str, ...]
    coefficients: Float
    covariance: Float
    var_between: float
    var_within: float
    reml_criterion: float
    is_singular: bool
    converged: bool
    n_obs: int
    n_persons: int
    messages: tuple[str, ...]

    @property
    def icc(self) -> float:
        """Intraclass correlation: var_between / (var_between + var_within)."""
        return self.var_between / (self.var_between + self.var_within)

    @property
    def within_sd(self) -> float:
        """Root of the residual variance."""
        return float(np.sqrt(self.var_within))

    @property
    def standard_errors(self) -> Float:
        """Standard errors of the fixed effects (p,)."""
        return np.sqrt(np.diag(self.covariance))


def fit_random_intercept(
    y: ArrayLike,
    X: ArrayLike | None,
    person: ArrayLike,
    *,
    names: Sequence[str] | None = None,
) -> RandomInterceptFit:
    """Fit ``y = X b + u_person + e`` by REML.

    Parameters
    ----------
    y : array (n,)
        Outcome.
    X : array (n, p) or None
        Fixed columns, including a column of ones if there is an intercept. None: an intercept
        alone, whose effect is the mean over persons weighted as the model does.
    person : array (n,)
        Integer or text labels.
    names : sequence of str, optional
        Names of the columns of X; `Intercept` for the column of ones.

    Raises
    ------
    ModelError
        As `MixedModel.fit`.

    Examples
    --------
    >>> fit = fit_random_intercept([1, 2, 4, 5, 8, 9.5], None, [1, 1, 2, 2, 3, 3])
    >>> round(fit.icc, 3), round(fit.within_sd, 3)
    (0.948, 0.842)
    """
    outcome = np.asarray(y, dtype=float)
    ones = np.ones((len(outcome), 1))
    columns = ones if X is None else np.asarray(X, dtype=float)
    if columns.ndim != 2 or len(columns) != len(outcome):
        raise ModelError(f"Expected y (n,) and X (n, p), got {outcome.shape}, {columns.shape}.")
    if names is None:
        names = [
            INTERCEPT if (column == 1).all() else f"column {j + 1}"
            for j, column in enumerate(columns.T)
        ]
    moments = Moments.from_arrays(
        outcome, columns, ones, person, fixed=tuple(names), random=(INTERCEPT,)
    )
    result = fit_moments(
        moments, moments.fixed, moments.random, formula="random intercept", reml=True
    )
    return RandomInterceptFit(
        names=moments.fixed,
        coefficients=result.coefficients,
        covariance=result.covariance,
        var_between=float(result.random_covariance[0, 0]),
        var_within=result.residual_variance,
        reml_criterion=-2 * result.log_likelihood,
        is_singular=result.is_singular,
        converged=result.converged,
        n_obs=result.n_obs,
        n_persons=result.n_persons,
        messages=result.messages,
    )
