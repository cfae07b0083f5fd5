"""Two lines: whether a relation truly turns (Simonsohn 2018), such as a U of problems on adversity.

A squared term is told from 0 by any bend, also where nothing turns. A U needs slopes of opposite
signs on either side of some point, each told from 0. The point is set where the weaker of the two
slopes is told best ("Robin Hood").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.regression.least_squares import fit_least_squares
from salutogen.models.regression.splines import QUANTILES, RestrictedCubicSpline
from salutogen.models.regression.stacked import StackedFit, stacked_regression
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
INNER = (0.1, 0.9)  # quantiles between which the relation may turn


@short_repr("at", "turns")
@dataclass(frozen=True, kw_only=True)
class TwoLines:
    """Slopes on either side of a point.

    Attributes
    ----------
    at : float
        The point; it belongs to the lower side.
    slopes, errors, p : (float, float)
        Below and above it, with standard errors (HC3) and two-sided p.
    turns : {"U", "inverted U", "no"}
        Whether both slopes differ from 0 at 5 %, with opposite signs.
    """

    at: float
    slopes: tuple[float, float]
    errors: tuple[float, float]
    p: tuple[float, float]

    @property
    def turns(self) -> Literal["U", "inverted U", "no"]:
        """Whether the relation turns."""
        if max(self.p) >= 0.05 or self.slopes[0] * self.slopes[1] >= 0:
            return "no"
        return "U" if self.slopes[0] < 0 else "inverted U"


def two_lines(y: ArrayLike, x: ArrayLike, covariates: ArrayLike | None = None) -> TwoLines:
    """Test whether y turns along x.

    Parameters
    ----------
    y, x : array (n,)
    covariates : array (n, c), optional
        Without the constant.

    Raises
    ------
    ModelError
        Values are missing, x has too few values, or the lines cannot be fitted.
    """
    outcome, along = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    more = np.empty((along.size, 0)) if covariates is None else np.asarray(covariates, dtype=float)
    ends = np.quantile(along, INNER)
    inside = np.unique(along[(along >= ends[0]) & (along <= ends[1])])
    if inside.size < 3:
        raise ModelError("x has too few values between its ends to turn.")
    fit = _at(outcome, along, more, _farthest(outcome, along, more, inside))
    z = np.abs(fit.coefficients[1:3]) / fit.errors[1:3]
    # The weaker side gets more of the persons about the turn.
    near = _flat(outcome, along, more, inside)
    share = float(z[1] / (z[0] + z[1])) if z.sum() > 0 else 0.5
    at = float(np.quantile(near, share))
    final = _at(outcome, along, more, at)
    p = final.p_values()
    b, se = final.coefficients, final.errors
    return TwoLines(
        at=at,
        slopes=(float(b[1]), float(b[2])),
        errors=(float(se[1]), float(se[2])),
        p=(float(p[1]), float(p[2])),
    )


def _curve(y: Float, x: Float, more: Float, at: Float) -> tuple[Float, Float]:
    """Height of a spline of y on x at some points, and its standard error."""
    spline = RestrictedCubicSpline(knots=tuple(np.quantile(x, QUANTILES).tolist()))
    X = np.column_stack([np.ones(x.size), spline.transform(x), more])
    fit = fit_least_squares(y, X, names=[f"term {place}" for place in range(X.shape[1])])
    told = np.column_stack(
        [np.ones(at.size), spline.transform(at), np.tile(more.mean(axis=0), (at.size, 1))]
    )
    return fit.predict(told), fit.standard_error_of_line(told)


def _turned(y: Float, x: Float, more: Float, inside: Float) -> tuple[Float, Float]:
    """The curve, turned so that its most extreme inner point is a maximum."""
    height, error = _curve(y, x, more, inside)
    ends = (height[0] + height[-1]) / 2
    up = np.max(height) - ends >= ends - np.min(height)
    return (height if up else -height), error


def _farthest(y: Float, x: Float, more: Float, inside: Float) -> float:
    return float(inside[np.argmax(_turned(y, x, more, inside)[0])])


def _flat(y: Float, x: Float, more: Float, inside: Float) -> Float:
    """Points whose height is within a standard error of the extreme one."""
    height, error = _turned(y, x, more, inside)
    top = int(np.argmax(height))
    return np.asarray(inside[height + error >= height[top]])


def _at(y: Float, x: Float, more: Float, at: float) -> StackedFit:
    low = np.where(x <= at, x - at, 0.0)
    high = np.where(x > at, x - at, 0.0)
    X = np.column_stack([np.ones(x.size), low, high, x > at, more])
    names = (
        "constant",
        "below",
        "above",
        "step",
        *(f"covariate {n}" for n in range(more.shape[1])),
    )
    return stacked_regression(y, X, names=names)
