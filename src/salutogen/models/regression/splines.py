"""Restricted cubic splines (Harrell 2001, Regression Modeling Strategies, section 2.4.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]

QUANTILES = (0.05, 0.35, 0.65, 0.95)


@dataclass(frozen=True, kw_only=True)
class RestrictedCubicSpline:
    """A cubic spline that is linear beyond its outer knots.

    Attributes
    ----------
    knots : tuple of float
        At least three rising knots, in the units of the variable.

    Notes
    -----
    With knots t1 < … < tk the basis has k − 1 columns: the variable itself and, for j up to
    k − 2, ``((x − tj)³₊ − (x − t(k−1))³₊ (tk − tj)/(tk − t(k−1))
    + (x − tk)³₊ (t(k−1) − tj)/(tk − t(k−1))) / (tk − t1)²``,
    so that every column has the variable's units.

    Examples
    --------
    >>> spline = RestrictedCubicSpline.learn(range(101))
    >>> spline.knots
    (5.0, 35.0, 65.0, 95.0)
    >>> spline.transform([0, 50]).shape
    (2, 3)
    """

    knots: tuple[float, ...]

    def __post_init__(self) -> None:
        knots = np.asarray(self.knots, dtype=float)
        if knots.size < 3 or not np.isfinite(knots).all() or (np.diff(knots) <= 0).any():
            raise ModelError(
                f"A restricted cubic spline needs at least 3 rising knots, got {self.knots}: "
                "too many values are tied."
            )

    @classmethod
    def learn(cls, x: ArrayLike, quantiles: tuple[float, ...] = QUANTILES) -> RestrictedCubicSpline:
        """Put the knots at quantiles of `x` (linear interpolation, as R's type 7)."""
        values = np.asarray(x, dtype=float)
        if values.size == 0 or not np.isfinite(values).all():
            raise ModelError("Knots can only be learned from finite values.")
        return cls(knots=tuple(float(knot) for knot in np.quantile(values, quantiles)))

    @property
    def n_columns(self) -> int:
        """Number of columns that `transform` gives: one less than the knots."""
        return len(self.knots) - 1

    def transform(self, x: ArrayLike) -> Float:
        """Return the basis (n, n_columns); the first column is `x` itself, no intercept."""
        values = np.asarray(x, dtype=float)
        knots = self.knots
        last, before = knots[-1], knots[-2]
        scale = (last - knots[0]) ** 2
        end = np.clip(values - last, 0, None) ** 3
        turn = np.clip(values - before, 0, None) ** 3
        columns = [values]
        for knot in knots[:-2]:
            share = (last - knot) / (last - before)
            bend = np.clip(values - knot, 0, None) ** 3 - turn * share + end * (share - 1)
            columns.append(bend / scale)
        return np.stack(columns, axis=-1)
