"""Maximise the likelihood of a continuous-time model and describe its top."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.linear_algebra import sandwich
from salutogen.models.optimise import minimise
from salutogen.models.sem.inference import inverse_information
from salutogen.models.state_space.layout import Layout
from salutogen.models.state_space.problem import Problem
from salutogen.models.state_space.starts import best_start

Float = NDArray[np.float64]

SETTLED = 1e-9  # decrease of the criterion by a further step
STEP = 1e-6  # of differences of gradients
RIDGE = 1e-10  # of the whole variance: so that covariances at their bound have a root
NOTHING = 1e-6  # of the whole variance: below it a variance is at its bound
NOT_SETTLED = (
    "The search did not settle: do not use these estimates. More rows, fewer processes, or no "
    "error of measurement may help."
)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A model at its top, in scaled units.

    Attributes
    ----------
    natural : array (m,)
        Parameters.
    covariance : array (m, m)
        Of the parameters; NaN where there is none.
    log_likelihood : float
    converged : bool
    messages : tuple of str
    path : tuple of float
        Log-likelihood after each step.
    evaluations : int
    """

    natural: Float
    covariance: Float
    log_likelihood: float
    converged: bool
    messages: tuple[str, ...]
    path: tuple[float, ...]
    evaluations: int


def fit(problem: Problem, *, robust: bool) -> Fitted:
    """Maximise the likelihood by Newton steps over the roots of covariances.

    Warns
    -----
    ConvergenceWarning
        The search did not settle.
    """
    layout = problem.layout

    def criterion(roots: Float) -> tuple[float, Float]:
        scored = problem.at(natural_of(layout, roots))
        if scored is None:
            return float("inf"), np.zeros_like(roots)
        return -scored.log_likelihood, -root_gradient(layout, roots, scored.gradient)

    start = roots_of(layout, best_start(problem))
    top = minimise(criterion, start, far=False, settled=SETTLED)
    natural = natural_of(layout, top.point)
    covariance, messages = covariance_of(problem, top.point, robust=robust)
    if not top.converged:
        messages.insert(0, NOT_SETTLED)
        warnings.warn(NOT_SETTLED, ConvergenceWarning, stacklevel=4)
    return Fitted(
        natural=natural,
        covariance=covariance,
        log_likelihood=-top.value,
        converged=top.converged,
        messages=tuple(messages),
        path=tuple(-value for value in top.path),
        evaluations=top.evaluations,
    )


def roots_of(layout: Layout, natural: Float, *, ridge: float = 0.0) -> Float:
    """Parameters with covariances as their Cholesky roots and variances as SDs.

    Raises
    ------
    numpy.linalg.LinAlgError
        A covariance is none; one at its bound needs a `ridge` to have a root.
    """
    found = natural.copy()
    found[layout.places["error"]] = np.sqrt(np.maximum(natural[layout.places["error"]], 0.0))
    more = ridge * np.eye(len(layout.processes))
    for part in layout.covariance_parts:
        whole = layout.symmetric(natural[layout.places[part]]) + more
        found[layout.places[part]] = np.linalg.cholesky(whole)[layout.lower]
    return found


def natural_of(layout: Layout, roots: Float) -> Float:
    """Parameters from those with roots."""
    found = roots.copy()
    found[layout.places["error"]] = roots[layout.places["error"]] ** 2
    for part in layout.covariance_parts:
        root = np.tril(layout.symmetric(roots[layout.places[part]]))
        found[layout.places[part]] = (root @ root.T)[layout.lower]
    return found


def root_gradient(layout: Layout, roots: Float, gradient: Float) -> Float:
    """Derivatives over the roots from those over the parameters."""
    found = gradient.copy()
    error = layout.places["error"]
    found[error] = 2 * roots[error] * gradient[error]
    for part in layout.covariance_parts:
        at = layout.places[part]
        root = np.tril(layout.symmetric(roots[at]))
        # Each entry off the diagonal stands for two.
        halves = np.where(layout.lower[0] == layout.lower[1], 1.0, 0.5)
        found[at] = (2 * layout.symmetric(gradient[at] * halves) @ root)[layout.lower]
    return found


def natural_by_roots(layout: Layout, roots: Float) -> Float:
    """Derivatives (m, m) of the parameters (rows) over those with roots."""
    m = len(roots)
    found = np.empty((m, m))
    for i in range(m):
        found[i] = root_gradient(layout, roots, np.eye(m)[i])
    return found


def covariance_of(problem: Problem, roots: Float, *, robust: bool) -> tuple[Float, list[str]]:
    """Return the covariance of the parameters, and what is doubtful."""
    layout, m = problem.layout, len(roots)
    jacobian = natural_by_roots(layout, roots)
    at_bound = bound_places(layout, roots)
    free = ~at_bound
    covariance = np.full((m, m), np.nan)
    messages = []
    if at_bound.any():
        listed = ", ".join(name for name, at in zip(layout.names, at_bound, strict=True) if at)
        messages.append(
            f"At its bound: {listed}. It has no standard error, and the others hold it there."
        )
    inverse = inverse_information(information(problem, roots)[np.ix_(free, free)])
    if inverse is None:
        messages.append(
            "No standard errors: other values of some parameters fit nearly as well. Fewer "
            "processes or no error of measurement may help."
        )
        return covariance, messages
    if robust:
        scores = person_scores(problem, roots)[:, free]
        inverse = sandwich(inverse, np.einsum("na,nb->ab", scores, scores))
    part = jacobian[np.ix_(free, free)]
    covariance[np.ix_(free, free)] = part @ inverse @ part.T
    return covariance, messages


def bound_places(layout: Layout, roots: Float) -> np.ndarray:
    """Which parameters are variances of about 0, or covariances with such."""
    found = np.zeros(len(roots), dtype=bool)
    found[layout.places["error"]] = roots[layout.places["error"]] ** 2 < NOTHING
    for part in layout.covariance_parts:
        at = layout.places[part]
        root = np.tril(layout.symmetric(roots[at]))
        empty = np.sum(root**2, axis=1) < NOTHING
        found[at] = empty[layout.lower[0]] | empty[layout.lower[1]]
    return found


def information(problem: Problem, roots: Float) -> Float:
    """Return negative second derivatives of the likelihood, by differences of exact gradients."""
    m = len(roots)
    found = np.empty((m, m))
    here = _gradient(problem, roots)
    for j in range(m):
        step = np.zeros(m)
        step[j] = STEP * max(1.0, abs(float(roots[j])))
        there = _gradient(problem, roots + step)
        if not np.isfinite(there).all():  # beside a drift that explodes: look the other way
            step = -step
            there = _gradient(problem, roots + step)
        found[j] = (here - there) / step[j]
    half: Float = (found + found.T) / 2
    return half


def _gradient(problem: Problem, roots: Float) -> Float:
    scored = problem.at(natural_of(problem.layout, roots))
    if scored is None:
        return np.full(len(roots), np.nan)
    return root_gradient(problem.layout, roots, scored.gradient)


def person_scores(problem: Problem, roots: Float) -> Float:
    """Return derivatives of each person's log-likelihood (persons, m)."""
    layout, natural = problem.layout, natural_of(problem.layout, roots)
    found = np.empty((problem.rows.n_persons, len(roots)))
    for i in range(len(found)):
        scored = Problem(layout, problem.rows.of_person(i)).at(natural)
        assert scored is not None, "the sum over all persons was finite"
        found[i] = root_gradient(layout, roots, scored.gradient)
    return found
