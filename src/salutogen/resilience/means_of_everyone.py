"""Means by occasion that a model tells of everyone, whether they were there or not."""

from __future__ import annotations

import numpy as np

from salutogen.resilience.variance_components import random_intercept


def means_of_everyone(
    values: np.ndarray, occasion: np.ndarray, person: np.ndarray, n_occasions: int
) -> list[float | None]:
    """Mean at each occasion by a random-intercept model with the occasion as factor.

    Where few are not there, such a mean stands for that of those who are: beside what other models
    tell of everyone, that of all but a few would tell what these few have.

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN where unknown.
    occasion, person : ndarray of int, shape (n,)
    n_occasions : int

    Returns
    -------
    list of float or None
        None at occasions without a value, and at all of them where the model cannot be fitted.
    """
    known = np.isfinite(values)
    seen = np.unique(occasion[known]).tolist()
    found: list[float | None] = [None] * n_occasions
    # The first is the constant, the others differ from it.
    differ = [np.ones(values.size), *(occasion == place for place in seen[1:])]
    fit = random_intercept(values, np.array(differ, dtype=float).T, person) if seen else None
    if fit is None:
        return found
    for number, place in enumerate(seen):
        effect = float(fit.coefficients[number]) if number else 0.0
        found[place] = float(fit.coefficients[0]) + effect
    return found
