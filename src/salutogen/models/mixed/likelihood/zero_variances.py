"""Where a search may end: at zero variances, exactly; without residuals; or without settling.

Starts are kept off zero variances, and solutions beside them are set to exactly zero.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.optimise import Function, Optimum, minimise

Float = NDArray[np.float64]
Int = NDArray[np.int64]

NEAR_ZERO = 0.05  # relative factor below which exactly zero is tried
EXACT = 1e4  # standard deviation of a scaled random effect, in those of residuals, beyond belief
SINGULAR = 1e-4  # relative factor, times its column's size, that counts as zero (as in lme4)
SINGULAR_TEXT = "Singular fit: a variance of the random effects is zero or a correlation is ±1."


def off_zero(point: Float, diagonal: Sequence[int] | Int) -> Float:
    """Move a start off zero variances, where the slope of the criterion vanishes."""
    moved = point.copy()
    for j in diagonal:
        size = max(abs(point[j]), NEAR_ZERO)
        moved[j] = -size if point[j] < 0 else size
    return moved


def settle_at_zero(
    function: Function,
    optimum: Optimum,
    diagonal: Sequence[int] | Int,
    settled: float | None = None,
) -> Optimum:
    """Set small diagonal entries of the factor to exactly zero where that is no worse.

    The criterion does not change with the sign of a column of the factor, so the search may run
    through zero; here it is decided whether zero itself is the minimum.
    """
    best = optimum
    for j in diagonal:
        if 0 < abs(best.point[j]) <= NEAR_ZERO:
            best = no_worse(function, best, int(j), 0.0, settled)
    return best


def no_worse(
    function: Function, best: Optimum, j: int, fixed: float, settled: float | None = None
) -> Optimum:
    """Return the optimum with entry `j` held at `fixed` if it is no worse, else `best`.

    Where searches end as soon as a step would gain less than `settled`, so much worse is none.
    """
    point = best.point.copy()
    point[j] = fixed
    inside = np.arange(len(point)) != j
    if inside.any():
        bend = best.hessian[np.ix_(inside, inside)]
        held = minimise(
            _held(function, point, inside), point[inside], hessian=bend, settled=settled
        )
        point[inside] = held.point
    value, gradient = function(point)
    if not value <= best.value + max(1e-9, settled or 0.0):
        return best
    return Optimum(
        point=point,
        value=value,
        gradient=gradient,
        hessian=best.hessian,
        path=(*best.path, value),
        evaluations=best.evaluations,
        converged=bool(np.max(np.abs(gradient)) < 1e-3),
    )


def _held(function: Function, point: Float, inside: Any) -> Callable[[Float], tuple[float, Float]]:
    def restricted(x: Float) -> tuple[float, Float]:
        full = point.copy()
        full[inside] = x
        value, gradient = function(full)
        return value, gradient[inside]

    return restricted


def warn_unless_settled(
    optimum: Optimum, factors: Float, messages: list[str], outcome: str, *, stacklevel: int
) -> None:
    """Add a message and warn where a search ended without settling, or no residuals are left.

    `factors` are those of its parameters that belong to random effects.
    """
    said = []
    if abs(factors).max(initial=0.0) > EXACT:
        said.append(
            f"{outcome}: the terms give it (almost) exactly within persons, so that the residual "
            "variance runs to zero. Is it constant within persons? Variances and standard errors "
            "are not to be relied on."
        )
    if not optimum.converged:
        slope = max(abs(value) for value in optimum.gradient.tolist())
        said.append(
            f"Not converged after {optimum.evaluations} evaluations: the largest slope of the "
            f"criterion is {slope:.2g}."
        )
        warnings.warn(" ".join(said), ConvergenceWarning, stacklevel=stacklevel + 1)
    messages += said


def lower_factor(factor: Float) -> Float:
    """Turn a square root of a covariance into its lower triangular one."""
    return np.linalg.qr(factor.T, mode="r").T
