"""Variance between and within persons, from a random-intercept REML model."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.norm.periods import count_distinct

if TYPE_CHECKING:
    from salutogen.models.mixed.random_intercept import RandomInterceptFit

FEWEST_PERSONS = 3


@dataclass(frozen=True, kw_only=True)
class VarianceComponents:
    """ICC and within-person SD (root of the residual variance) of a variable."""

    icc: float | None
    within_sd: float | None
    var_between: float | None = None


def variance_components(values: np.ndarray, person: np.ndarray) -> VarianceComponents:
    """Fit an intercept with a random intercept per person; None where it cannot be fitted."""
    fit = random_intercept(values, np.ones((values.size, 1)), person)
    if fit is None:
        return VarianceComponents(icc=None, within_sd=None)
    return VarianceComponents(
        icc=float(fit.icc), within_sd=float(fit.within_sd), var_between=float(fit.var_between)
    )


def random_intercept(
    values: np.ndarray, matrix: np.ndarray, person: np.ndarray
) -> RandomInterceptFit | None:
    """Fit a random-intercept REML model over rows with known values; None where impossible.

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN where unknown.
    matrix : ndarray, shape (n, p)
        Fixed columns.
    person : ndarray of int, shape (n,)
    """
    known = np.isfinite(values)
    if not known.all():
        values, matrix, person = values[known], matrix.T[:, known].T, person[known]
    persons = count_distinct(person)
    if persons < FEWEST_PERSONS or persons == values.size or np.ptp(values) == 0:
        return None
    from salutogen.models.mixed.random_intercept import fit_random_intercept

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fit = fit_random_intercept(values, matrix, person)
    except (ModelError, np.linalg.LinAlgError):
        return None
    return fit if fit.converged else None
