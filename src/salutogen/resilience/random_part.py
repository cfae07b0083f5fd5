"""Variance between and within persons, from a random-intercept REML model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salutogen.errors import ModelError


@dataclass(frozen=True, kw_only=True)
class RandomPart:
    """ICC and within-person SD (root of the residual variance) of a variable."""

    icc: float | None
    within_sd: float | None
    var_between: float | None = None


def random_part(values: np.ndarray, person: np.ndarray) -> RandomPart:
    """Fit an intercept with a random intercept per person; None where it cannot be fitted."""
    fit = random_intercept(values, np.ones((values.size, 1)), person)
    if fit is None:
        return RandomPart(icc=None, within_sd=None)
    return RandomPart(
        icc=float(fit.icc), within_sd=float(fit.within_sd), var_between=float(fit.var_between)
    )


def random_intercept(values: np.ndarray, matrix: np.ndarray, person: np.ndarray):
    """Fit a random-intercept model over rows with known values; None where impossible."""
    known = np.isfinite(values)
    values, matrix, person = values[known], matrix[known], person[known]
    persons = np.unique(person).size
    if persons < 3 or persons == values.size or np.ptp(values) == 0:
        return None
    try:
        from salutogen.models.random_intercept import fit_random_intercept

        return fit_random_intercept(values, matrix, person)
    except (ModelError, ModuleNotFoundError):
        return None
