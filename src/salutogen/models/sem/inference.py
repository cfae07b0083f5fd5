"""Covariances of estimates: expected, observed and robust; scaling of the test of fit."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import sandwich
from salutogen.models.sem.moment_likelihood import MomentLikelihood
from salutogen.models.sem.problem import Place

Float = NDArray[np.float64]
Errors = Literal["expected", "observed", "robust"]

ERRORS: tuple[str, ...] = get_args(Errors)
UNTOLD = 1e-10  # eigenvalue of standardised information of a direction that data tell nothing of
LEAST_INFORMATION = 1e-100  # below which a parameter's own information is none
NAMED = 0.2  # weight in such a direction from which a parameter is named
MOST_NAMED = 6


def inverse_information(information: Float) -> Float | None:
    """Return the inverse of an information matrix (q, q); None where it is not definite."""
    if not np.isfinite(information).all():
        return None
    standard, scale = _standardised(information)
    values, vectors = np.linalg.eigh(standard)
    if not values[0] > UNTOLD:
        return None
    found: Float = (vectors / values) @ vectors.T * scale[:, None] * scale[None, :]
    return (found + found.T) / 2


def _standardised(information: Float) -> tuple[Float, Float]:
    """Scale information to a diagonal of ones; return it and the scale. A 0 stays 0."""
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(information)), LEAST_INFORMATION))
    return information * scale[:, None] * scale[None, :], scale


def refuse_undetermined(place: Place, names: tuple[str, ...]) -> None:
    """Refuse a model some of whose parameters the data cannot tell apart.

    Raises
    ------
    ModelError
        The expected information is singular; the parameters along its flattest direction are named.
    """
    standard, _ = _standardised(place.information(observed=False))
    values, vectors = np.linalg.eigh(standard)
    if values[0] > UNTOLD:
        return
    weights = np.abs(vectors[:, 0])
    order = np.argsort(-weights, kind="stable")[:MOST_NAMED]
    listed = ", ".join(names[i] for i in order if weights[i] > NAMED * weights.max())
    raise ModelError(
        f"These data cannot tell {listed} apart: other values of them fit exactly as well. Hold "
        "more parameters equal over time, or leave some out."
    )


def estimate_covariance(place: Place, errors: Errors) -> Float | None:
    """Return the covariance of the estimates (q, q); None where information is not definite.

    Parameters
    ----------
    place : Place
        The likelihood at its top.
    errors : str
        `expected` or `observed` information, or `robust`: the sandwich of observed information and
        persons' scores (Huber 1967; White 1982), right also where values are not normal.
    """
    inverse = inverse_information(place.information(observed=errors != "expected"))
    if inverse is None or errors != "robust":
        return inverse
    return sandwich(inverse, cross_product(place.scores()))


def cross_product(scores: Float) -> Float:
    """Return the sum over persons of the products of their scores (q, q)."""
    found: Float = np.einsum("na,nb->ab", scores, scores)
    return found


def score_trace(information: Float, scores: Float) -> float | None:
    """Return tr(B A⁻¹) of information A (q, q) and persons' scores (n, q), B their products.

    About q where values are normal, more where they have heavier tails.
    """
    inverse = inverse_information(information)
    if inverse is None:
        return None
    return float(np.sum(cross_product(scores) * inverse))


def moments_trace(
    likelihood: MomentLikelihood, free: NDArray[np.intp] | None = None
) -> float | None:
    """Return tr(B A⁻¹) of packed moments, or of some of them."""
    information, scores = likelihood.information(observed=True), likelihood.scores()
    if free is not None:
        information, scores = information[np.ix_(free, free)], scores[:, free]
    return score_trace(information, scores)
