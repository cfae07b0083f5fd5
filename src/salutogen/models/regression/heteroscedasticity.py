"""Whether the scatter about a line changes along it (Breusch & Pagan 1979, Koenker 1981)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.regression.least_squares import LinearFit, fit_least_squares
from salutogen.models.regression.sandwich import wald_test
from salutogen.models.support import least_squares_support

Float = NDArray[np.float64]

LEAST = 0.05  # of the mean squared residual: no unit is taken as exact


class ScatterTest(NamedTuple):
    """Test of constant residual variance.

    `statistic` is n·R² with `df1` degrees of freedom (chi-squared; `df2` None) on independent
    units, or a Wald F with `df1` and `df2` degrees of freedom where units are clustered.
    `n_r_squared` is n·R² in either case.
    """

    statistic: float
    df1: int
    df2: int | None
    p: float
    n_r_squared: float


def breusch_pagan(
    fit: LinearFit,
    X: ArrayLike,
    cluster: ArrayLike | None = None,
    *,
    averaged: ArrayLike | None = None,
) -> ScatterTest:
    """Regress the squared residuals on X and test its slopes.

    Parameters
    ----------
    fit : LinearFit
        An unweighted least-squares line.
    X : array (n, p)
        The columns of that line, a column of ones among them.
    cluster : integer array (n,), optional
        Codes of the persons where units are rows. n·R² takes rows as independent and misleads
        then; the test is a Wald F with clustered errors (CR1) and G − 1 degrees of freedom.
    averaged : array (n,), optional
        Over how many answers each unit is a mean. Means of few scatter more whatever X is, and
        they lie at the ends of X; so each squared residual is first divided by what its number of
        answers lets expect (a part of its own plus a part over the number, by least squares).

    Raises
    ------
    ModelError
        X has another number of rows, holds no constant, or nothing beside it; or the line passes
        through every unit.
    """
    from scipy.special import chdtrc

    columns = np.asarray(X, dtype=float)
    if columns.ndim != 2 or len(columns) != fit.n:
        raise ModelError(f"X: the line was fitted to {fit.n} units, got shape {columns.shape}.")
    constant = np.ptp(columns, axis=0) == 0
    if constant.sum() != 1 or columns.shape[1] < 2:
        raise ModelError("X: expected one constant column and at least one that varies.")
    squared = fit.residuals**2
    if not squared.any():
        raise ModelError("The scatter cannot be tested: the line passes through every unit.")
    if averaged is not None:
        squared = squared / _expected_scatter(squared, np.asarray(averaged, dtype=float))
    squared = squared / np.mean(squared)
    names = [f"column {j + 1}" for j in range(columns.shape[1])]
    slopes = np.flatnonzero(~constant)
    df1 = len(slopes)
    auxiliary = fit_least_squares(squared, columns, names=names, cluster=cluster)
    statistic = fit.n * auxiliary.r_squared
    if cluster is None:
        return ScatterTest(statistic, df1, None, float(chdtrc(df1, statistic)), statistic)
    # Terms that rest on few clusters have sandwich errors near 0, whatever the truth.
    support = least_squares_support(columns, names, cluster=cluster)
    every = np.eye(columns.shape[1])
    told = [int(j) for j in slopes if not support.lack(every[j], small_sample=False)]
    wald = None
    if told:
        V = auxiliary.covariance[np.ix_(told, told)]
        wald = wald_test(auxiliary.coefficients[told], V, auxiliary.df_inference)
    if wald is None:
        raise ModelError("The scatter cannot be tested: its terms rest on too few persons.")
    return ScatterTest(wald.F, wald.df1, auxiliary.df_inference, wald.p, statistic)


def _expected_scatter(squared: Float, averaged: Float) -> Float:
    """Squared residuals (n,) that a mean over so many answers lets expect."""
    if (averaged <= 0).any() or averaged.shape != squared.shape:
        raise ModelError("averaged: expected a number of answers above 0 for each unit.")
    share = 1 / averaged
    if np.ptp(share) == 0:
        return np.ones_like(squared)
    design = np.column_stack([np.ones_like(share), share])
    fit = fit_least_squares(squared, design, names=["own", "answers"])
    return np.maximum(fit.predict(design), LEAST * float(np.mean(squared)))
