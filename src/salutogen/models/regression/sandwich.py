"""Errors of least-squares lines that do not take scatter as equal (MacKinnon & White 1985)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import cross_products, orthonormalise, triangular_inverse
from salutogen.models.regression.least_squares import LinearFit

Float = NDArray[np.float64]

ALONE = 1e-8  # what is left of a unit's own scatter when a coefficient rests on that unit alone


class WaldTest(NamedTuple):
    """Wald F of several coefficients at 0, its degrees of freedom and p value."""

    F: float
    df1: int
    df2: int
    p: float


def leverages(X: ArrayLike, names: tuple[str, ...] = ()) -> Float:
    """Return the diagonal (n,) of the hat matrix of X (n, p).

    Raises
    ------
    ModelError
        Columns are collinear.
    """
    columns = np.asarray(X, dtype=float)
    Q, _ = orthonormalise(columns, names or [f"column {j + 1}" for j in range(columns.shape[1])])
    result: Float = np.sum(Q**2, axis=0)
    return result


def hc3_covariance(fit: LinearFit, X: ArrayLike) -> Float:
    """Covariance (p, p) of an unweighted line whose units scatter unequally: HC3.

    Each residual is divided by one minus its unit's leverage, as if the line had been fitted
    without that unit.

    Parameters
    ----------
    fit : LinearFit
        An unweighted least-squares line of independent units.
    X : array (n, p)
        The columns it was fitted to.

    Returns
    -------
    array (p, p)
        NaN in the rows and columns of coefficients that rest on one unit alone, such as a category
        with one person: that unit's residual is 0 whatever its outcome, so nothing tells an error.
    """
    columns = np.asarray(X, dtype=float)
    if columns.shape != (fit.n, len(fit.names)):
        raise ModelError(f"X: the line was fitted to {fit.n} units, got shape {columns.shape}.")
    Q, R = orthonormalise(columns, fit.names)
    inverse = triangular_inverse(R)
    own = 1 - np.sum(Q**2, axis=0)
    alone = own < ALONE
    left_out = np.where(alone, 0.0, fit.residuals / np.where(alone, 1.0, own))
    meat = cross_products([q * left_out for q in Q])
    covariance: Float = inverse @ meat @ inverse.T
    for unit in np.flatnonzero(alone):
        pull = np.abs(inverse @ Q[:, unit])
        rests = pull > ALONE * np.max(pull)
        covariance[rests, :] = np.nan
        covariance[:, rests] = np.nan
    return covariance


def wald_test(coefficients: ArrayLike, covariance: ArrayLike, df2: int) -> WaldTest | None:
    """Test that all coefficients (q,) are 0: Wald F with q and `df2` degrees of freedom.

    None where the covariance (q, q) is unknown or singular.
    """
    from scipy.special import fdtrc

    b, V = np.asarray(coefficients, dtype=float), np.asarray(covariance, dtype=float)
    scale = np.sqrt(np.diag(V))
    if df2 < 1 or not np.isfinite(V).all() or not (scale > 0).all():
        return None
    try:
        # In units of the errors, so that terms of very different size do not look singular.
        left, _ = np.linalg.solve(V / np.outer(scale, scale), np.stack([b / scale] * 2, axis=1)).T
    except np.linalg.LinAlgError:
        return None
    F = max(float(np.sum(b / scale * left)), 0.0) / b.size
    return WaldTest(F, b.size, df2, float(fdtrc(b.size, df2, F)))
