"""Lines through quantiles of an outcome (Koenker & Bassett 1978), exactly, as linear programs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import orthonormalise, triangular_inverse
from salutogen.models.regression.least_squares import checked

Float = NDArray[np.float64]


def fit_quantile_lines(
    y: ArrayLike, X: ArrayLike, quantiles: Sequence[float], *, names: Sequence[str]
) -> Float:
    """Fit a line of its own to each quantile.

    Parameters
    ----------
    y : array (n,)
    X : array (n, p)
        Terms, including a column of ones.
    quantiles : sequence of float
        Each between 0 and 1, such as .9: nine tenths of the units lie below the line.
    names : sequence of str
        Names of the columns of X.

    Returns
    -------
    array (len(quantiles), p)
        Coefficients. Lines of several quantiles may cross where data are few.

    Raises
    ------
    ModelError
        Collinear terms, missing values, or a quantile outside 0 to 1.

    Notes
    -----
    The dual program of Koenker (2005, section 6.2) is solved: max y'a with X'a = (1 - tau) X'1 and
    0 <= a <= 1; the multipliers of its equalities are the coefficients.
    """
    from scipy.optimize import linprog

    outcome, columns = checked(y, X, names)
    Q, R = orthonormalise(columns, names)
    back = triangular_inverse(R)
    centre, spread = float(np.mean(outcome)), max(float(np.std(outcome)), 1e-300)
    found = np.empty((len(quantiles), columns.shape[1]))
    for row, tau in enumerate(quantiles):
        if not 0 < tau < 1:
            raise ModelError(f"quantiles: expected numbers between 0 and 1, got {tau}.")
        solved = linprog(
            -(outcome - centre) / spread,
            A_eq=Q,
            b_eq=(1 - tau) * Q.sum(axis=1),
            bounds=(0, 1),
            method="highs-ds",
        )
        if solved.status != 0:
            raise ModelError(f"The line of the quantile {tau:g} was not found: {solved.message}")
        scores = -spread * np.asarray(solved.eqlin.marginals)
        found[row] = [float(np.sum(line * scores)) for line in back]
        found[row] += centre * _constant(columns)
    return found


def _constant(columns: Float) -> Float:
    """Coefficients (p,) that give 1 for every unit."""
    ones = np.zeros(columns.shape[1])
    flat = np.flatnonzero(np.ptp(columns, axis=0) == 0)
    if not flat.size:
        raise ModelError("X: a column of ones is needed.")
    ones[flat[0]] = 1 / columns[0, flat[0]]
    return ones
