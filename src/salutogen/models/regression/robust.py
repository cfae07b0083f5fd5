"""A line that outliers pull less: Huber's M-estimation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.regression.least_squares import (
    Line,
    checked,
    clustered_covariance,
    fit_least_squares,
    solve,
)
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]

HUBER = 1.345  # residuals beyond this many scale units count less; 95 % efficient if Gaussian
NORMAL_MAD = 0.6744897501960817  # median |z| of a standard normal
ON_THE_LINE = 1e-12  # of the largest residual: what rounding leaves of half of the units


@short_repr("names", "n", "df", "residual_sd", "converged")
@dataclass(frozen=True, kw_only=True)
class HuberFit(Line):
    """A line fitted by Huber's M-estimation.

    Attributes
    ----------
    names, coefficients, covariance
        As in `Line`; the covariance is Huber's (1981, section 7.6, H1), or clustered.
    residuals : array (n,)
        Observed minus expected outcome.
    residual_sd : float
        Robust scale: median |residual| / 0.6745.
    weights : array (n,)
        Final weight of each unit, 1 where it counts fully.
    n, df : int
        Units, and n − p.
    converged : bool
        Whether the coefficients settled within the iterations.
    iterations : int
        Iterations done.
    """

    residuals: Float
    residual_sd: float
    weights: Float
    n: int
    df: int
    converged: bool
    iterations: int


def fit_huber(
    y: ArrayLike,
    X: ArrayLike,
    *,
    names: Sequence[str],
    cluster: ArrayLike | None = None,
    threshold: float = HUBER,
    max_iterations: int = 200,
    tolerance: float = 1e-10,
    warn: bool = True,
) -> HuberFit:
    """Fit a line by iteratively reweighted least squares with Huber's weights.

    Parameters
    ----------
    y, X, names
        As in `fit_least_squares`.
    cluster : integer array (n,), optional
        Codes of the clusters (persons). Errors are then clustered (CR1): the sandwich of the
        clusters' sums of psi, since rows of one person are not independent.
    threshold : float
        In units of the scale; residuals within it have weight 1, beyond it threshold/|r|.
    max_iterations : int
        Iterations before giving up with a `ConvergenceWarning`.
    tolerance : float
        Largest change of an expected outcome, in scale units, that counts as settled.
    warn : bool
        Whether giving up warns; `converged` says so in any case.

    Notes
    -----
    The scale is re-estimated in each iteration as median |residual| / 0.6745, about zero.

    Raises
    ------
    ModelError
        As `fit_least_squares`; and where more than half of the units lie exactly on a line.
    """
    outcome, columns = checked(y, X, names)
    n, p = columns.shape
    plain = fit_least_squares(outcome, columns, names=names)
    coefficients, residuals = plain.coefficients, plain.residuals
    # What else a round makes is let go before the next: of a million persons it is a lot.
    bread = plain.covariance / (plain.rss / plain.df)
    del plain
    converged = False
    iterations = 0
    while not converged and iterations < max_iterations:
        scale = _scale(residuals)
        weights = _weights(residuals / scale, threshold)
        coefficients, new = solve(outcome, columns, names, weights)[:2]
        change = float(np.max(np.abs(new - residuals))) / scale
        converged = change <= tolerance
        residuals = new
        iterations += 1
    if warn and not converged:
        warnings.warn(
            f"The robust line had not settled after {iterations} iterations.",
            ConvergenceWarning,
            stacklevel=2,
        )
    scale = _scale(residuals)
    z = residuals / scale
    weights = _weights(z, threshold)
    return HuberFit(
        names=tuple(names),
        coefficients=coefficients,
        covariance=_covariance(columns, bread, z, scale, threshold, cluster),
        residuals=residuals,
        residual_sd=scale,
        weights=weights,
        n=n,
        df=n - p,
        converged=converged,
        iterations=iterations,
    )


def _scale(residuals: Float) -> float:
    away = np.abs(residuals)
    scale = float(np.median(away)) / NORMAL_MAD
    if not scale > ON_THE_LINE * float(away.max()):
        raise ModelError("Half of the units lie exactly on a line: no robust scale can be given.")
    return scale


def _weights(z: Float, threshold: float) -> Float:
    return threshold / np.maximum(np.abs(z), threshold)


def _covariance(
    X: Float,
    bread: Float,
    z: Float,
    scale: float,
    threshold: float,
    cluster: ArrayLike | None,
) -> Float:
    """Huber's H1: (X'X)⁻¹ times the corrected variance of psi over the squared mean of psi'.

    Clustered: the same bread, psi in points summed by cluster for the meat. `bread` is (X'X)⁻¹ of
    the plain line.
    """
    n, p = X.shape
    psi = np.clip(z, -threshold, threshold)
    inside = (np.abs(z) <= threshold).astype(float)
    mean = float(np.mean(inside))
    if cluster is not None:
        return clustered_covariance(bread, X, psi * (scale / mean), cluster)[0]
    correction = 1 + p / n * float(np.var(inside)) / mean**2
    variance = float(np.sum(psi**2)) * scale**2 / (n - p)
    covariance: Float = bread * (correction**2 * variance / mean**2)
    return covariance
