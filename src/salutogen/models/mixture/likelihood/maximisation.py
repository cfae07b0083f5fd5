"""Find the maximum of a mixture's log-likelihood: compiled quasi-Newton steps, then Newton's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixture.likelihood import _kernels_quasi_newton as kernels
from salutogen.models.mixture.likelihood._kernels_pass import pass_over
from salutogen.models.mixture.likelihood.parameters import Layout
from salutogen.models.mixture.likelihood.problem import MixtureProblem
from salutogen.models.parallel.threads import share_work

Float = NDArray[np.float64]

SETTLED = 1e-7  # log-likelihood that a further quasi-Newton step would bring
DIFFERENCE = 1e-5  # of the differences of gradients that give second derivatives
ITERATIONS = 300
NEWTON_STEPS = 20
RENEWED = 1e-3  # change of a parameter after which second derivatives are computed again
UNBOUNDED = 12.0  # log parameters that run away beyond this lie on a bound


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """When the best solution counts as tolerance.

    Attributes
    ----------
    likelihood : float
        Log-likelihood that a further Newton step would bring, at most.
    parameters : float
        Largest change of a (well-scaled) parameter in that step, at most.
    """

    likelihood: float = 1e-10
    parameters: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class Maximum:
    """Where a search ended.

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


def quasi_newton(
    problem: MixtureProblem, layout: Layout, free: Float, iterations: int = ITERATIONS
) -> Maximum:
    """Take BFGS steps that start from the outer products of the persons' scores.

    That matrix estimates the information (Berndt, Hall, Hall & Hausman 1974) and costs one pass;
    it is renewed when the steps become poor.
    """
    end, path = np.array(free, dtype=float), np.empty(iterations + 1)
    used, converged = kernels.quasi_newton(
        pass_over.address, problem.people, layout.plan, end, SETTLED, path
    )
    return Maximum(
        free=end,
        value=float(path[used - 1]),
        converged=bool(converged),
        path=tuple(path[:used].tolist()),
    )


def newton(
    problem: MixtureProblem, layout: Layout, at: Maximum, tolerance: Tolerance | None = None
) -> Maximum:
    """Take Newton steps to the last digits, with the information matrix at the end.

    Second derivatives are renewed only after a step that changed some parameter noticeably.
    """
    tolerance = tolerance or Tolerance()
    free, path, converged = at.free, list(at.path), False
    value, gradient = problem.score(layout, free)
    hessian = second_derivatives(problem, layout, free)
    moved = 0.0
    for _ in range(NEWTON_STEPS):
        step = _solve(-hessian, gradient)
        gain = float(gradient @ step)
        inside = np.abs(free) < UNBOUNDED
        still = np.max(np.abs(step[inside]), initial=0.0) < tolerance.parameters
        if gain < 2 * tolerance.likelihood and still:
            converged = True
            break
        found = _search(problem, layout, free, value, step, gain)
        if found is None:
            converged = gain < 2 * max(SETTLED, tolerance.likelihood)
            break
        moved = max(moved, float(np.max(np.abs(found[0] - free))))
        free, value, gradient = found
        path.append(value)
        if moved > RENEWED:
            hessian = second_derivatives(problem, layout, free)
            moved = 0.0
    return Maximum(free=free, value=value, converged=converged, path=tuple(path), hessian=hessian)


def second_derivatives(problem: MixtureProblem, layout: Layout, free: Float) -> Float:
    """Central differences of the exact gradient, made symmetric."""
    out = np.empty((layout.size, layout.size))

    def run(first: int, last: int) -> None:
        # Not compiled: a Hessian is rare, and the loop would be compiled with the pass in it.
        for j in range(first, last):
            ahead, behind = free.copy(), free.copy()
            ahead[j] += DIFFERENCE
            behind[j] -= DIFFERENCE
            rise = problem.score(layout, ahead)[1] - problem.score(layout, behind)[1]
            out[j] = rise / (2 * DIFFERENCE)

    share_work(run, layout.size, cost=4 * problem.data.size * layout.classes)
    return (out + out.T) / 2


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
    """Shorten a step until it rises enough; None where nothing rises."""
    longest = float(np.max(np.abs(step)))
    length = min(1.0, kernels.LONGEST / longest) if longest > 0 else 1.0
    for _ in range(kernels.HALVINGS):
        moved = free + length * step
        new, gradient = problem.score(layout, moved)
        if np.isfinite(new) and new >= value + 1e-4 * length * gain and new > value:
            return moved, new, gradient
        length /= 3
    return None
