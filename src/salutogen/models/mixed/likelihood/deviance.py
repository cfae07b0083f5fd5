"""−2 log-likelihood of a mixed model where not everything is profiled out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.mixed.likelihood.criterion import ProfiledCriterion

Float = NDArray[np.float64]

STEP = 2e-3  # of differences, for one row a person; shorter with more rows
OFFSETS = (-2, -1, 1, 2)  # a fourth-order rule: its error falls with the fourth power of the step
SHARES = (1 / 12, -8 / 12, 8 / 12, -1 / 12)


@dataclass(frozen=True, kw_only=True)
class DeviancePoint:
    """The deviance at one relative factor and residual variance.

    Attributes
    ----------
    value : float
        −2 log (restricted) likelihood.
    slope : array (q, q)
        Its derivatives by the entries of the relative factor.
    by_log_variance : float
        Its derivative by the logarithm of the residual variance.
    precision : array (p, p)
        X' V⁻¹ X for a residual variance of 1.
    """

    value: float
    slope: Float
    by_log_variance: float
    precision: Float


@dataclass(frozen=True, kw_only=True)
class Held:
    """A combination of the fixed effects held at a value: ``row @ coefficients = value``."""

    row: Float
    value: float


def deviance(
    criterion: ProfiledCriterion,
    L: Float,
    *,
    variance: float | None = None,
    held: Held | None = None,
) -> DeviancePoint | None:
    """Return −2 log-likelihood with its derivatives; None where it has no value.

    Parameters
    ----------
    criterion : ProfiledCriterion
        Persons' products; says whether the likelihood is restricted.
    L : array (q, q)
        Relative factor of the random effects' covariance, any square root.
    variance : float, optional
        Residual variance; profiled out by default.
    held : Held, optional
        A constraint on the fixed effects, which are otherwise profiled out (maximum likelihood
        only: restricted likelihoods of different fixed parts cannot be compared).
    """
    sums = criterion.sums(L)
    at = criterion.profiled(sums)
    if at is None:
        return None
    df, rss, coefficients = criterion.df, at.rss, at.coefficients
    log_determinants = at.value - df * (1 + np.log(2 * np.pi * rss / df))
    if held is not None:
        along = np.linalg.solve(at.precision, held.row)
        missing = (held.value - held.row @ coefficients) / (held.row @ along)
        coefficients = coefficients + along * missing
        rss += float(missing**2 * (held.row @ along))
    s = rss / df if variance is None else variance
    return DeviancePoint(
        value=float(log_determinants + df * np.log(2 * np.pi * s) + rss / s),
        slope=criterion.slope(sums, L, coefficients, at.precision, s),
        by_log_variance=df - rss / s,
        precision=at.precision,
    )


@dataclass(frozen=True, kw_only=True)
class Curvature:
    """How a fit hangs on its variance parameters: the free entries of L and log σ².

    Attributes
    ----------
    hessian : array (m + 1, m + 1)
        Second derivatives of −2 log-likelihood.
    precision_slopes : array (m, p, p)
        Derivatives of X' V⁻¹ X (σ² = 1) by the entries of L.
    """

    hessian: Float
    precision_slopes: Float


def curvature(criterion: ProfiledCriterion, theta: Float, variance: float) -> Curvature:
    """Difference the exact gradient around a solution.

    Zero variances are no special case: the likelihood does not change with the sign of a column
    of L, so it is smooth through zero. Raises ModelError where there is no likelihood beside the
    solution.
    """

    def beside(moved: Float) -> tuple[Float, Float] | None:
        at = deviance(criterion, criterion.factor(moved), variance=variance)
        if at is None:
            return None
        return np.append(at.slope[criterion.free], at.by_log_variance), at.precision

    step = STEP / np.sqrt(criterion.n_obs / criterion.n_persons)
    return differenced(beside, theta, float(step), df=criterion.df)


def differenced(
    beside: Callable[[Float], tuple[Float, Float] | None], theta: Float, step: float, *, df: int
) -> Curvature:
    """Difference gradients and precisions of the fixed effects around a solution.

    Parameters
    ----------
    beside : callable
        Gives, at any parameters, the gradient by them and by log σ² (m + 1,) with σ² held, and
        X' V⁻¹ X (σ² = 1); None where there is no likelihood. A derivative that is NaN is taken
        from the other side of the diagonal.
    theta : array (m,)
        The solution.
    step : float
        Of the differences.
    df : int
        Denominator of the residual variance.
    """
    m = len(theta)
    hessian = np.zeros((m + 1, m + 1))
    slopes = []
    for j in range(m):
        slope: Any = 0.0
        for offset, share in zip(OFFSETS, SHARES, strict=True):
            moved = theta.copy()
            moved[j] += offset * step
            found = beside(moved)
            if found is None:
                raise ModelError("The likelihood has no value beside its maximum.")
            hessian[j] += share / step * found[0]
            slope = slope + share / step * found[1]
        slopes.append(slope)
    hessian[m, :m] = hessian[:m, m]
    hessian = np.where(np.isnan(hessian), hessian.T, hessian)
    hessian[m, m] = df  # rss / σ² at the maximum
    return Curvature(hessian=(hessian + hessian.T) / 2, precision_slopes=np.array(slopes))
