"""Maximise a structural likelihood: Fisher's scoring far away, Newton's method near the top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]

SETTLED = 1e-11  # log-likelihood that a further step would bring, as a share of its size
NEAR = 2.0  # log-likelihood that a step promises, below which Newton's method is worth its price
LEAST = 1e-11  # eigenvalues of information, standardised, below which a direction tells nothing
SAFE = 1e-8  # squared pivots of standardised information, down to which it is surely definite
HALVINGS = 40


class Point(Protocol):
    """The likelihood and its derivatives at some parameters."""

    @property
    def log_likelihood(self) -> float: ...  # noqa: D102

    @property
    def gradient(self) -> Float: ...  # noqa: D102

    def information(self, *, observed: bool) -> Float: ...  # noqa: D102


class Surface(Protocol):
    """A likelihood of parameters."""

    def at(self, theta: Float) -> Point | None: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Top:
    """Where a search ended.

    Attributes
    ----------
    theta : array (q,)
        Parameters.
    path : tuple of float
        Log-likelihood after each step.
    evaluations : int
        Evaluations of the likelihood.
    converged : bool
        Whether a further step would gain next to nothing, and no direction leads up.
    """

    theta: Float
    path: tuple[float, ...]
    evaluations: int
    converged: bool


def climb(surface: Surface, start: Float, *, most_steps: int = 200) -> Top:
    """Maximise a likelihood from `start` (q,), where it must exist.

    Steps are Newton's with the information that is expected far from the top and observed near it,
    eigenvalues made positive, halved until the likelihood rises.
    """
    point = surface.at(start)
    if point is None:
        raise ModelError("There is no likelihood where the search for its maximum starts.")
    theta, path, evaluations, converged, near = start, [point.log_likelihood], 1, False, False
    for _ in range(most_steps):
        gradient = point.gradient
        step, gain, definite = _step(point.information(observed=near), gradient)
        enough = SETTLED * (1 + abs(path[-1]))
        if gain < enough and near:
            converged = definite
            if definite:
                theta = _polished(surface, theta, theta + step, gradient)
            break
        if gain < NEAR and not near:
            near = True
            continue
        moved, tried = _rise(surface, theta, step, path[-1], gain)
        evaluations += tried
        if moved is None:
            if near:
                break
            near = True
            continue
        theta, point = moved
        path.append(point.log_likelihood)
        near = gain < NEAR
    return Top(theta=theta, path=tuple(path), evaluations=evaluations, converged=converged)


def _step(information: Float, gradient: Float) -> tuple[Float, float, bool]:
    """Return Newton's step, the gain that it promises, and whether the information is definite."""
    # Parameters are measured in their own standard errors, so that sizes can be compared.
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    standard = information * scale[:, None] * scale[None, :]
    slope = gradient * scale
    definite = _is_definite(standard)
    if definite:
        step = scale * np.linalg.solve(standard, slope)
    else:
        values, vectors = np.linalg.eigh(standard)
        size = np.maximum(np.abs(values), LEAST * np.max(np.abs(values)))
        step = scale * (vectors @ ((vectors.T @ slope) / size))
        definite = bool(values[0] > -LEAST * values[-1])
    return step, float(np.sum(gradient * step)) / 2, definite


def _is_definite(standard: Float) -> bool:
    """Whether standardised information is safely definite, at a fraction of eigenvalues' price."""
    try:
        pivots = np.diag(np.linalg.cholesky(standard))
    except np.linalg.LinAlgError:
        return False
    return bool(np.min(pivots) ** 2 > SAFE)


def _rise(
    surface: Surface, theta: Float, step: Float, now: float, gain: float
) -> tuple[tuple[Float, Point] | None, int]:
    """Halve a step until the likelihood rises enough; also the number of trials."""
    share, rounding = 1.0, 1e-13 * (1 + abs(now))
    for trial in range(1, HALVINGS + 1):
        there = theta + share * step
        point = surface.at(there)
        if point is not None and point.log_likelihood >= now + 1e-4 * share * gain - rounding:
            return (there, point), trial
        share /= 2
    return None, HALVINGS


def _polished(surface: Surface, theta: Float, there: Float, gradient: Float) -> Float:
    """Take the last step where it makes the gradient smaller: it doubles the digits."""
    point = surface.at(there)
    if point is not None and np.max(np.abs(point.gradient)) < np.max(np.abs(gradient)):
        return there
    return theta
