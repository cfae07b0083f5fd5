"""Climb a mixture's log-likelihood: quasi-Newton from person scores, then Newton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixture_parameters import Layout
from salutogen.models.mixture_problem import MixtureProblem

Float = NDArray[np.float64]

LONGEST = 1.0  # largest change of one parameter in one step
SETTLED = 1e-7  # log-likelihood that a further quasi-Newton step would bring
SHARP = 1e-10  # the same for Newton steps of the best solution
STILL = 1e-4  # largest change of a parameter in a Newton step at a solution
DIFFERENCE = 1e-5  # of the differences of gradients that give second derivatives
ITERATIONS = 300
NEWTON_STEPS = 20
RENEWED = 1e-3  # change of a parameter after which second derivatives are computed again
UNBOUNDED = 12.0  # log parameters that run away beyond this lie on a bound


@dataclass(frozen=True, kw_only=True)
class Climbed:
    """Where a climb ended.

    Attributes
    ----------
    free : array (size,)
        The parameters.
    value : float
        Log-likelihood there.
    converged : bool
        Whether a further step would bring nothing.
    path : tuple of float
        Log-likelihood after each step; it never falls.
    hessian : array (size, size) or None
        Second derivatives there, after Newton steps.
    """

    free: Float
    value: float
    converged: bool
    path: tuple[float, ...]
    hessian: Float | None = None


def climb(
    problem: MixtureProblem, layout: Layout, free: Float, iterations: int = ITERATIONS
) -> Climbed:
    """Climb by BFGS steps that start from the outer products of the persons' scores.

    That matrix estimates the information (Berndt, Hall, Hall & Hausman 1974) and costs one pass;
    it is renewed when the steps become poor.
    """
    value, gradient, curvature = _outer_products(problem, layout, free)
    path = [value]
    fresh = 0
    for _ in range(iterations):
        step = _solve(curvature, gradient)
        gain = float(gradient @ step)
        if gain < 2 * SETTLED:
            if fresh == 0:
                return Climbed(free=free, value=value, converged=True, path=tuple(path))
            fresh = 0
            value, gradient, curvature = _outer_products(problem, layout, free)
            step = _solve(curvature, gradient)
            gain = float(gradient @ step)
            if gain < 20 * SETTLED:
                return Climbed(free=free, value=value, converged=True, path=tuple(path))
        found = _search(problem, layout, free, value, step, gain)
        if found is None:
            if fresh == 0:
                break
            fresh = 0
            value, gradient, curvature = _outer_products(problem, layout, free)
            continue
        moved, value, new = found
        curvature = _bfgs(curvature, moved - free, gradient - new)
        free, gradient = moved, new
        fresh += 1
        path.append(value)
    settled = bool(gradient @ _solve(curvature, gradient) < 20 * SETTLED)
    return Climbed(free=free, value=value, converged=settled, path=tuple(path))


def finish(problem: MixtureProblem, layout: Layout, at: Climbed) -> Climbed:
    """Newton steps to the last digits, with the information matrix at the end.

    Second derivatives are renewed only after a step that changed some parameter noticeably.
    """
    free, path, converged = at.free, list(at.path), False
    value, gradient = problem.score(layout, free)
    hessian = second_derivatives(problem, layout, free)
    moved = 0.0
    for _ in range(NEWTON_STEPS):
        step = _solve(-hessian, gradient)
        gain = float(gradient @ step)
        inside = np.abs(free) < UNBOUNDED
        still = np.max(np.abs(step[inside]), initial=0.0) < STILL
        if gain < 2 * SHARP and still:
            converged = True
            break
        found = _search(problem, layout, free, value, step, gain)
        if found is None:
            converged = gain < 2 * SETTLED
            break
        moved = max(moved, float(np.max(np.abs(found[0] - free))))
        free, value, gradient = found
        path.append(value)
        if moved > RENEWED:
            hessian = second_derivatives(problem, layout, free)
            moved = 0.0
    return Climbed(free=free, value=value, converged=converged, path=tuple(path), hessian=hessian)


def second_derivatives(problem: MixtureProblem, layout: Layout, free: Float) -> Float:
    """Central differences of the exact gradient, made symmetric."""
    out = np.empty((layout.size, layout.size))
    for j in range(layout.size):
        ahead, behind = free.copy(), free.copy()
        ahead[j] += DIFFERENCE
        behind[j] -= DIFFERENCE
        out[j] = (problem.score(layout, ahead)[1] - problem.score(layout, behind)[1]) / (
            2 * DIFFERENCE
        )
    return (out + out.T) / 2


def _outer_products(
    problem: MixtureProblem, layout: Layout, free: Float
) -> tuple[float, Float, Float]:
    value, scores = problem.person_scores(layout, free)
    return value, np.sum(scores, axis=1), (scores / problem.weight) @ scores.T


def _solve(curvature: Float, gradient: Float) -> Float:
    """Solve for an upward step: too flat or downward directions are made steeper."""
    size = np.sqrt(np.maximum(np.abs(np.diag(curvature)), 1e-10))
    scaled = curvature / np.outer(size, size)
    scaled[np.diag_indices_from(scaled)] += 1e-10
    try:
        np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(scaled)
        safe = np.maximum(np.abs(values), 1e-6)
        step: Float = vectors @ ((vectors.T @ (gradient / size)) / safe) / size
        return step
    step = np.linalg.solve(scaled, gradient / size) / size
    return step


def _search(
    problem: MixtureProblem, layout: Layout, free: Float, value: float, step: Float, gain: float
) -> tuple[Float, float, Float] | None:
    """Halve a step until it climbs enough; None where nothing climbs."""
    longest = float(np.max(np.abs(step)))
    length = min(1.0, LONGEST / longest) if longest > 0 else 1.0
    for _ in range(30):
        moved = free + length * step
        new, gradient = problem.score(layout, moved)
        if np.isfinite(new) and new >= value + 1e-4 * length * gain and new > value:
            return moved, new, gradient
        length /= 3
    return None


def _bfgs(curvature: Float, moved: Float, change: Float) -> Float:
    """Update the curvature by one step, damped so that it stays positive (Powell 1978)."""
    along = curvature @ moved
    expected = float(moved @ along)
    seen = float(moved @ change)
    if seen < 0.2 * expected:
        weight = 0.8 * expected / (expected - seen)
        change = weight * change + (1 - weight) * along
        seen = float(moved @ change)
    if seen <= 0 or expected <= 0:
        return curvature
    updated: Float = curvature - np.outer(along, along) / expected + np.outer(change, change) / seen
    return updated
