"""Class probabilities of persons, also of new ones, under a fitted growth mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.mixed_formula import INTERCEPT
from salutogen.models.mixed.likelihood.problem import select_terms
from salutogen.models.moments.moments import Moments

if TYPE_CHECKING:
    from salutogen.models.mixture.result import GrowthMixtureResult

Float = NDArray[np.float64]


def class_probabilities(result: GrowthMixtureResult, moments: Moments) -> Float:
    """Return the probability of each class for each person of some moments (n_persons, K).

    Parameters
    ----------
    result : GrowthMixtureResult
        Its estimates are taken as they are: shares, courses, variances.
    moments : Moments
        Of these or of other persons, with the model's terms and outcome, in the same units; one
        row is enough for a person.

    Raises
    ------
    ModelError
        A term of the model is missing, or the outcome has another name; the model has covariates
        of membership and these moments have not.
    """
    if not isinstance(moments, Moments):
        raise ModelError(
            f"moments: expected Moments, got {type(moments).__name__}; make them of the frame by "
            f"Moments.from_frame({result.spec.full_formula!r}, frame)."
        )
    terms = [name for name in (*result.terms, *result.random_terms) if name != INTERCEPT]
    absent = sorted(set(terms) - set(moments.columns))
    if absent or moments.outcome != result.outcome:
        raise ModelError(
            f"moments: the model has {result.outcome} ~ {', '.join(result.terms)}; these moments "
            f"of {moments.outcome} hold {', '.join(moments.columns[:-1]) or 'the constant only'}."
        )
    prior = result.membership.of_persons(moments)
    A = moments.reduction.augmented
    X, Z = select_terms(moments, A, result.terms), select_terms(moments, A, result.random_terms)
    residual = A[:, -1:] - X @ result.fixed_effects.T
    both = np.column_stack([residual, Z])
    K, q = result.n_classes, Z.shape[1]
    cross = moments.reduction.project(both, both).reshape(-1, K + q, K + q)
    rows = moments.reduction.cross[:, 0]
    log_density = np.empty((len(cross), K))
    for k in range(K):
        variance = result.residual_variance[k]
        values, vectors = np.linalg.eigh(result.random_covariance[k])
        factor = vectors * np.sqrt(np.maximum(values, 0.0))
        inner = factor.T @ cross[:, K:, K:] @ factor + variance * np.eye(q)
        along = cross[:, k, K:] @ factor
        explained = np.sum(along * np.linalg.solve(inner, along[:, :, None])[:, :, 0], axis=1)
        log_density[:, k] = np.log(prior[:, k]) - 0.5 * (
            (rows - q) * np.log(variance)
            + np.linalg.slogdet(inner)[1]
            + (cross[:, k, k] - explained) / variance
        )
    weight = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    probability: Float = weight / weight.sum(axis=1, keepdims=True)
    return probability
