"""Minimise a smooth criterion of a few parameters: Newton steps from gradients alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Function = Callable[[Float], tuple[float, Float]]

SETTLED = 1e-10  # decrease of the criterion that a further Newton step would bring
SETTLED_FAR = 1e-7  # the same far from zero, where the criterion has fewer digits
STEP = 1e-5  # of the differences of gradients that give second derivatives
LONGEST = 3.0  # length of one step
ROUNDING = 1e-12  # share of the criterion below which a rise is rounding
BESIDE_ZERO = 0.01  # parameters below which a minimum is made sure of by fresh differences
SLOW = 0.5  # share of the gradient left after a step beyond which second derivatives are renewed


@dataclass(frozen=True, kw_only=True)
class Optimum:
    """Where a minimisation ended.

    Attributes
    ----------
    point, gradient : array (m,)
        The best parameters and the gradient there.
    value : float
        The criterion there.
    hessian : array (m, m)
        Second derivatives near there: differences of gradients, updated by the last steps.
    path : tuple of float
        Criterion after each iteration.
    evaluations : int
        Number of evaluations of the criterion.
    converged : bool
        Whether a further Newton step would gain less than `SETTLED`.
    """

    point: Float
    value: float
    gradient: Float
    hessian: Float
    path: tuple[float, ...]
    evaluations: int
    converged: bool


class _Counted:
    """A function that counts its evaluations."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.evaluations = 0

    def __call__(self, x: Float) -> tuple[float, Float]:
        self.evaluations += 1
        return self.function(x)

    def hessian(self, x: Float, g: Float, *, far: bool = False) -> Float:
        """Differences of the gradient from its value g at x."""
        m = len(x)
        H = np.empty((m, m))
        for j in range(m):
            step = np.zeros(m)
            step[j] = STEP * max(1.0, abs(float(x[j]))) if far else STEP
            H[j] = (self(x + step)[1] - g) / step[j]
        return (H + H.T) / 2


def _downhill(H: Float, g: Float, longest: float = LONGEST) -> Float:
    """Newton's step with the Hessian's eigenvalues made positive, no longer than allowed."""
    values, vectors = np.linalg.eigh(H)
    size = np.abs(values)
    size = np.maximum(size, 1e-10 * max(size.max(), 1e-10))
    step: Float = -(vectors @ ((vectors.T @ g) / size))
    length = float(np.sqrt(np.sum(step**2)))
    return step * min(1.0, longest / length) if length > 0 else step


def minimise(
    function: Function,
    start: Float,
    *,
    max_iterations: int = 100,
    hessian: Float | None = None,
    far: bool = False,
    settled: float | None = None,
) -> Optimum:
    """Minimise `function`, which returns its value and gradient.

    Newton's method with eigenvalues made positive, halving steps that do not gain. Second
    derivatives are differences of gradients (or `hessian`, a good guess); steps that go well only
    update them (Broyden, Fletcher, Goldfarb and Shanno 1970). A saddle is noticed and left. Where
    the minimum is `far` from zero, steps are measured in parameters. It ends where a further step
    would gain less than `settled`, by default `SETTLED`.
    """
    enough = settled or (SETTLED_FAR if far else SETTLED)
    f = _Counted(function)
    x = start.copy()
    value, g = f(x)
    fresh = hessian is None
    H = f.hessian(x, g, far=far) if hessian is None else hessian
    converged = False
    path = [value]
    for _ in range(max_iterations):
        step = _downhill(H, g, LONGEST * max(1.0, float(np.sqrt(np.sum(x**2)))) if far else LONGEST)
        gain = -float(np.sum(g * step)) / 2
        if gain < enough:
            values, vectors = np.linalg.eigh(H)
            if not fresh and np.min(np.abs(x)) < BESIDE_ZERO:
                # By symmetry a saddle has a parameter of zero.
                H, fresh = f.hessian(x, g, far=far), True
                continue
            if values[0] >= -1e-6 * max(1.0, abs(values[-1])):
                converged = True
                x, value, g = _polished(f, x, value, g, x + step)
                break
            step = vectors[:, 0] * 0.1  # a saddle: leave along its downward direction
            gain = 0.0
        moved = _line_search(f, x, value, step, gain)
        if moved is None:
            if fresh:
                break
            H, fresh = f.hessian(x, g, far=far), True
            continue
        before, step = g, moved[0] - x
        x, value, g = moved
        path.append(value)
        if np.sum(g**2) < SLOW**2 * np.sum(before**2):
            H, fresh = updated(H, step, g - before), False
        elif not -float(np.sum(g * _downhill(H, g))) / 2 < SETTLED * 1e-2:
            # Otherwise the last second derivatives show well enough that it is over.
            H, fresh = f.hessian(x, g, far=far), True
    return Optimum(
        point=x,
        value=value,
        gradient=g,
        hessian=H,
        path=tuple(path),
        evaluations=f.evaluations,
        converged=converged,
    )


def updated(H: Float, step: Float, change: Float) -> Float:
    """Second derivatives that explain how the gradient changed along the last step."""
    along = np.sum(H * step, axis=1)
    curvature, expected = float(np.sum(change * step)), float(np.sum(along * step))
    if not (curvature > 0 and expected > 0):
        return H
    updated: Float = H + np.outer(change, change) / curvature - np.outer(along, along) / expected
    return updated


def _polished(
    f: _Counted, x: Float, value: float, g: Float, new_x: Float
) -> tuple[Float, float, Float]:
    """Take the last Newton step if it makes the gradient smaller: it doubles the digits."""
    new_value, new_g = f(new_x)
    if np.isfinite(new_value) and np.max(np.abs(new_g)) < np.max(np.abs(g)):
        return new_x, min(value, new_value), new_g
    return x, value, g


def _line_search(
    f: _Counted, x: Float, value: float, step: Float, gain: float
) -> tuple[Float, float, Float] | None:
    """Halve the step until the criterion falls enough."""
    share = 1.0
    noise = ROUNDING * max(1.0, abs(value))
    for _ in range(40):
        new_x = x + share * step
        new_value, new_g = f(new_x)
        if np.isfinite(new_value) and new_value <= value - 2e-4 * share * gain + noise:
            return new_x, new_value, new_g
        share *= 0.5
    return None
