"""Compiled quasi-Newton search for the maximum of a mixture's likelihood: arrays in, arrays out.

The whole search is compiled, not only the pass: for a few hundred persons a pass takes less time
than a call from Python, and the lock of the interpreter stays free, so that starts run in threads.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit
from salutogen.models.mixture.likelihood._kernels_layout import (
    Plan,
    empty_classes,
    gather,
    own_gradient,
    unpack,
)
from salutogen.models.mixture.likelihood._kernels_pass import Classes, People, call_pass_over

Float = NDArray[np.float64]

LONGEST = 1.0  # largest change of one parameter in one step
HALVINGS = 30  # times a step is shortened before it is given up
RENEWALS = 3  # times in a row that a curvature is renewed without a step


@njit(cache=True, nogil=True)
def sums_by_class(people: People, plan: Plan) -> tuple[Float, Float]:
    """Room for posteriors (K, n) and sums over persons (K, ·)."""
    packed = (plan.p + 1) * (plan.p + 2) // 2
    posterior = np.empty((plan.classes, people.data.shape[1]))
    return posterior, np.empty((plan.classes, 4 + packed + plan.q**2 + plan.m))


@njit(cache=True, nogil=True)
def score(
    address: int,
    people: People,
    plan: Plan,
    free: Float,
    at: Classes,
    posterior: Float,
    statistics: Float,
    scores: Float,
    own: Float,
    gradient: Float,
) -> float:
    """Return the log-likelihood, and write its gradient by the free parameters."""
    unpack(plan, free, at)
    value: float = call_pass_over(address, people, at, posterior, statistics, scores)
    own_gradient(plan, at, statistics, own)
    gather(plan, free, own, gradient)
    return value


@njit(cache=True, nogil=True, error_model="numpy")
def outer_products(
    people: People, plan: Plan, free: Float, scores: Float, curvature: Float
) -> None:
    """Write the sum over persons of the outer products of their gradients (size, size)."""
    # In the classes' own parameters first, where the long sums are, then twice through `gather`:
    # that map is small and the same for all persons. Scores have the weight in them once already,
    # so that one of the two factors is divided by it.
    rows, size = scores.shape[0], free.shape[0]
    inner = np.empty((rows, rows))
    scaled = np.empty(scores.shape[1])
    for a in range(rows):
        for x in range(scores.shape[1]):
            scaled[x] = scores[a, x] / people.weight[x]
        for b in range(a + 1):
            row = scores[b]
            value = 0.0
            for x in range(scores.shape[1]):
                value += scaled[x] * row[x]
            inner[a, b] = value
            inner[b, a] = value
    width = rows // plan.classes
    half = np.empty((rows, size))
    for a in range(rows):
        gather(plan, free, inner[a].reshape(plan.classes, width), half[a])
    column = np.empty(rows)
    for j in range(size):
        for a in range(rows):
            column[a] = half[a, j]
        gather(plan, free, column.reshape(plan.classes, width), curvature[j])


@njit(cache=True, nogil=True, error_model="numpy")
def solve_upward(curvature: Float, gradient: Float, step: Float) -> float:
    """Write the step curvature⁻¹ gradient; return its slope.

    Too flat or downward directions are made steeper by adding to the diagonal.
    """
    # Scaled to a diagonal of 1 first, since parameters differ in size by orders, and one ridge is
    # to mean the same for all. The ridge grows a hundredfold until a Cholesky factor exists
    # (Levenberg-Marquardt).
    n = gradient.shape[0]
    size, root = np.empty(n), np.empty((n, n))
    for i in range(n):
        size[i] = math.sqrt(max(abs(curvature[i, i]), 1e-10))
    ridge = 1e-10
    done = False
    while not done and ridge < 1e6:
        done = True
        for i in range(n):
            for j in range(i + 1):
                value = curvature[i, j] / (size[i] * size[j])
                if i == j:
                    value += ridge
                for h in range(j):
                    value -= root[i, h] * root[j, h]
                if i > j:
                    root[i, j] = value / root[j, j]
                elif value > 1e-14:
                    root[i, i] = math.sqrt(value)
                else:
                    done = False
                    break
            if not done:
                break
        ridge *= 100.0
    for i in range(n):
        value = gradient[i] / size[i]
        for h in range(i):
            value -= root[i, h] * step[h]
        step[i] = value / root[i, i]
    slope = 0.0
    for back in range(n):
        i = n - 1 - back
        value = step[i]
        for h in range(i + 1, n):
            value -= root[h, i] * step[h]
        step[i] = value / root[i, i]
    for i in range(n):
        step[i] /= size[i]
        slope += step[i] * gradient[i]
    return slope


@njit(cache=True, nogil=True, error_model="numpy")
def update_curvature(curvature: Float, moved: Float, change: Float) -> None:
    """Update the curvature by one step, damped so that it stays positive (Powell 1978)."""
    # The steps go far where the likelihood is not concave; undamped, one of them would make the
    # curvature indefinite and the next step a descent.
    n = moved.shape[0]
    along = np.zeros(n)
    expected, seen = 0.0, 0.0
    for i in range(n):
        for j in range(n):
            along[i] += curvature[i, j] * moved[j]
        expected += moved[i] * along[i]
        seen += moved[i] * change[i]
    if seen < 0.2 * expected:
        weight = 0.8 * expected / (expected - seen)
        seen = 0.0
        for i in range(n):
            change[i] = weight * change[i] + (1.0 - weight) * along[i]
            seen += moved[i] * change[i]
    if seen > 0.0 and expected > 0.0:
        for i in range(n):
            for j in range(n):
                curvature[i, j] += change[i] * change[j] / seen - along[i] * along[j] / expected


@njit(cache=True, nogil=True)
def quasi_newton(
    address: int, people: People, plan: Plan, free: Float, settled: float, path: Float
) -> tuple[int, bool]:
    """Take BFGS steps that start from the outer products of the persons' gradients.

    `free` moves to the end; `path` gets the log-likelihood after each step. Returns how many
    values that are, and whether a further step would bring less than `settled`.
    """
    # Outer products of scores estimate the information (Berndt, Hall, Hall & Hausman 1974), so that
    # BFGS need not begin with the identity; far from the maximum they are poor, hence renewals. An
    # end counts only right after one: an updated curvature may just be wrong in a flat direction.
    size, K = free.shape[0], plan.classes
    at = empty_classes(plan)
    posterior, statistics = sums_by_class(people, plan)
    width = 2 + plan.p + plan.q**2 + plan.m
    scores, none = np.empty((K * width, people.data.shape[1])), np.empty((0, 0))
    own = np.empty((K, width))
    gradient, new, step, moved = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    curvature = np.empty((size, size))
    value = score(address, people, plan, free, at, posterior, statistics, scores, own, gradient)
    outer_products(people, plan, free, scores, curvature)
    path[0] = value
    used, since = 1, 0  # steps kept, and those since the curvature was renewed
    fruitless = 0
    while used < path.shape[0]:
        slope = solve_upward(curvature, gradient, step)
        if slope < 2.0 * settled or (fruitless > 0 and slope < 20.0 * settled):
            if since == 0:
                return used, True
        else:
            longest = 0.0
            for i in range(size):
                longest = max(longest, abs(step[i]))
            length = min(1.0, LONGEST / longest)
            risen = False
            for _ in range(HALVINGS):
                for i in range(size):
                    moved[i] = free[i] + length * step[i]
                found = score(
                    address, people, plan, moved, at, posterior, statistics, none, own, new
                )
                # Armijo's condition; infinity is a density on a point, never a maximum to keep.
                if found > value and found >= value + 1e-4 * length * slope and found < np.inf:
                    risen = True
                    break
                length /= 3.0
            if risen:
                for i in range(size):
                    step[i] = moved[i] - free[i]
                    free[i] = moved[i]
                    moved[i] = gradient[i] - new[i]
                    gradient[i] = new[i]
                update_curvature(curvature, step, moved)
                value = found
                path[used] = value
                used += 1
                since += 1
                fruitless = 0
                continue
            if since == 0:
                return used, slope < 20.0 * settled
        fruitless += 1
        if fruitless > RENEWALS:
            return used, slope < 20.0 * settled
        since = 0
        value = score(address, people, plan, free, at, posterior, statistics, scores, own, gradient)
        outer_products(people, plan, free, scores, curvature)
    slope = solve_upward(curvature, gradient, step)
    return used, slope < 20.0 * settled
