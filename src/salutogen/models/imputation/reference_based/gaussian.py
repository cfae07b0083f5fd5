"""Means and covariances of a repeated outcome in each arm, of the greatest likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from salutogen.models.imputation.reference_based.rules import Arms
from salutogen.models.sem.moment_likelihood import likelihood_at
from salutogen.models.sem.patterns import patterns_of
from salutogen.models.sem.saturated import saturated

Float = NDArray[np.float64]
Int = NDArray[np.intp]
Covariance = Literal["common", "by arm"]


@dataclass(frozen=True)
class GaussianArms:
    """Moments by arm, and whether the search for them settled."""

    arms: Arms
    converged: bool


def gaussian_arms(
    values: Float, arm: Int, n_arms: int, covariance: Covariance
) -> GaussianArms | None:
    """Estimate means by arm, and covariances that are common to all arms or those of each.

    None where they do not exist: too few persons, or variables that nobody has both of.

    Parameters
    ----------
    values : array (n, p)
        NaN where missing; each person has at least one.
    arm : integer array (n,)
        0, 1, …
    """
    scale = np.nanstd(values, axis=0)
    centre = np.nanmean(values, axis=0)
    if not (scale > 0).all():
        return None
    scaled = (values - centre) / scale
    found = (_common if covariance == "common" else _by_arm)(scaled, arm, n_arms)
    if found is None:
        return None
    means, covariances = found.arms.means, found.arms.covariances
    return GaussianArms(
        Arms(centre + scale * means, covariances * np.outer(scale, scale)), found.converged
    )


def _common(values: Float, arm: Int, n_arms: int) -> GaussianArms | None:
    """Marks of the arms as further variables: what is left of the others has one covariance.

    The likelihood of all is that of the marks times that of the values given the marks, which has
    parameters of its own, so that its maximum is the maximum of all.
    """
    marks = np.eye(n_arms)[arm][:, 1:]
    found = saturated(patterns_of(np.column_stack([marks, values])))
    if found is None:
        return None
    k = n_arms - 1
    mean, joint = found.mean, found.covariance
    slopes = np.linalg.solve(joint[:k, :k], joint[:k, k:])
    means = mean[k:] + (np.eye(n_arms)[:, 1:] - mean[:k]) @ slopes
    rest = joint[k:, k:] - joint[k:, :k] @ slopes
    covariances = np.repeat(((rest + rest.T) / 2)[None], n_arms, axis=0)
    return GaussianArms(Arms(means, covariances), found.converged)


def _by_arm(values: Float, arm: Int, n_arms: int) -> GaussianArms | None:
    found = [saturated(patterns_of(values[arm == place])) for place in range(n_arms)]
    if any(one is None for one in found):
        return None
    known = [one for one in found if one is not None]
    means = np.array([one.mean for one in known])
    covariances = np.array([one.covariance for one in known])
    return GaussianArms(Arms(means, covariances), all(one.converged for one in known))


def log_likelihood(values: Float, arm: Int, arms: Arms) -> float:
    """Log-likelihood of what was seen, at these moments."""
    total = 0.0
    for place, (mean, covariance) in enumerate(zip(arms.means, arms.covariances, strict=True)):
        at = likelihood_at(patterns_of(values[arm == place]), mean, covariance)
        total += float("nan") if at is None else at.log_likelihood
    return total
