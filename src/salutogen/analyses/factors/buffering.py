"""Buffering: whether problems rise less with exposure in those who have more of a factor.

SR holds exposure already, so that SR alone cannot tell a buffer from a main effect: a factor that
lowers problems by as much at any exposure goes with SR just as well. The question is one of the
product of factor and exposure, in one model of problems (Rutter 1985; Johnson and Neyman 1936).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from salutogen.columns import POINTS, Record, beside, figure, record
from salutogen.models.regression.stacked import StackedFit, stacked_regression
from salutogen.page.audience import Audience, told_quantiles

Float = NDArray[np.float64]
SLOPE = f"{POINTS} per unit of E"
LEVEL = 0.05
GRID = 41
ENDS = (0.05, 0.95)  # of the factor, between which slopes are looked at


@record
class SimpleSlope(Record):
    """Slope of problems on exposure at one value of the factor."""

    factor: float = figure("Value of the factor", unit="points of the factor")
    slope: float = figure("Slope of P on E there", unit=SLOPE)
    interval: tuple[float, float] = figure("Its 95 % interval", unit=SLOPE)


@record
class Buffering(Record):
    """Problems on exposure, factor and their product."""

    b: float = figure(
        "Change of the slope of P on E per point of the factor",
        unit=f"{SLOPE} per point of the factor",
        sign="negative = flatter with more of the factor",
    )
    se: float = figure("Its standard error (HC3)")
    interval: tuple[float, float] = figure("Its 95 % interval (t)")
    p: float | None = figure("p value (t)")
    p_adjusted: float | None = figure(
        "p adjusted over the factors (false-discovery rate)", default=None
    )
    simple_slopes: tuple[SimpleSlope, ...] = figure(
        "At one SD below the mean of the factor, at the mean, and at one SD above"
    )
    region: tuple[float, ...] = figure(
        "Johnson and Neyman: values of the factor, within its 5th to 95th percentile, at which the "
        "interval of the slope begins or ends to hold 0",
        unit="points of the factor",
    )
    curve: tuple[SimpleSlope, ...] = beside(default=())

    @property
    def told(self) -> bool:
        """Whether the slope differs with the factor, other factors told."""
        return self.p_adjusted is not None and self.p_adjusted < LEVEL


def buffering(
    P: Float,
    terms: Float,
    exposure: Sequence[bool] | NDArray[np.bool_],
    factor: Float,
    audience: Audience | None = None,
) -> Buffering | None:
    """Fit problems on exposure, factor and their product; None with several terms of exposure.

    Parameters
    ----------
    P : array (n,)
    terms : array (n, q)
        Constant, one term of exposure, covariates.
    exposure : array of bool (q,)
        Which of the terms is exposure.
    factor : array (n,)
        NaN where unknown.
    audience : Audience, optional
        Where persons are hidden, the ends of the factor that are looked at have several persons
        beyond, and its mean and SD are told in steps.
    """
    which = np.flatnonzero(exposure)
    if which.size != 1:
        return None
    E = terms[:, which[0]]
    known = np.isfinite(P) & np.isfinite(factor) & np.isfinite(terms).all(axis=1)
    # Centred, so that the product is not nearly collinear with what it is made of.
    about_E, about_F = E - E[known].mean(), factor - factor[known].mean()
    centred = terms.copy()
    centred[:, which[0]] = about_E
    X = np.column_stack([centred, about_F, about_E * about_F])
    names = [f"term {place}" for place in range(terms.shape[1])]
    fit = stacked_regression(P, X, names=(*names, "factor", "product"))
    centre, spread = float(factor[known].mean()), float(np.std(factor[known], ddof=1))
    low, high = np.quantile(about_F[known], ENDS)
    near = np.array([-spread, 0.0, spread])
    if audience is not None and not audience.individuals:
        low, high = told_quantiles(factor[known], ENDS, audience.smallest) - centre
        n, sd = int(known.sum()), float(np.std(factor[known]))
        middle, away = audience.told_mean(centre, sd, n), audience.told_sd(spread, n)
        near = np.array([middle - away, middle, middle + away]) - centre
    where = (int(which[0]), X.shape[1] - 1)
    ends = fit.interval()[:, -1]
    return Buffering(
        b=float(fit.coefficients[-1]),
        se=float(fit.errors[-1]),
        interval=(float(ends[0]), float(ends[1])),
        p=float(fit.p_values()[-1]) if np.isfinite(fit.p_values()[-1]) else None,
        simple_slopes=_slopes(fit, where, near, centre),
        region=tuple(at + centre for at in johnson_neyman(fit, where) if low <= at <= high),
        curve=_slopes(fit, where, np.linspace(low, high, GRID), centre),
    )


def johnson_neyman(fit: StackedFit, where: tuple[int, int]) -> tuple[float, ...]:
    """Values of a moderator at which the interval of a simple slope touches 0.

    Parameters
    ----------
    fit : StackedFit
    where : (int, int)
        Places of the focal term and of its product with the moderator.

    Notes
    -----
    With slope b1 + b2 m, variance V11 + 2 m V12 + m² V22 and critical value t, the ends solve
    ``(b2² − t² V22) m² + 2 (b1 b2 − t² V12) m + b1² − t² V11 = 0``.
    """
    b, V, t = _of(fit, where)
    a = b[1] ** 2 - t**2 * V[1, 1]
    half = b[0] * b[1] - t**2 * V[0, 1]
    c = b[0] ** 2 - t**2 * V[0, 0]
    inside = half**2 - a * c
    if a == 0 or inside < 0:
        return ()
    roots = (-half + np.array([-1.0, 1.0]) * np.sqrt(inside)) / a
    return tuple(sorted(float(root) for root in roots))


def _slopes(
    fit: StackedFit, where: tuple[int, int], at: Float, centre: float
) -> tuple[SimpleSlope, ...]:
    b, V, t = _of(fit, where)
    slopes = b[0] + b[1] * at
    half = t * np.sqrt(V[0, 0] + 2 * at * V[0, 1] + at**2 * V[1, 1])
    return tuple(
        SimpleSlope(
            factor=float(value + centre),
            slope=float(slope),
            interval=(float(slope - width), float(slope + width)),
        )
        for value, slope, width in zip(at, slopes, half, strict=True)
    )


def _of(fit: StackedFit, where: tuple[int, int]) -> tuple[Float, Float, float]:
    """Coefficients and covariance of two terms, and the critical value of t."""
    from scipy.special import stdtrit

    own = fit.pulls[:, list(where)]
    V = np.sum(own[:, :, None] * own[:, None, :], axis=0)
    return fit.coefficients[list(where)], V, float(stdtrit(min(fit.df[list(where)]), 0.975))
