"""Where the search for a cross-lagged panel model begins: moments, roughly split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.cross_lagged.plan import Plan
from salutogen.models.sem.samples import Sample

Float = NDArray[np.float64]

LASTING = 0.6  # share of the covariances over time that is taken for the person's level
SMALLEST = 0.05  # share of the variance that a part has at least
CLOSEST = 0.9  # largest correlation inside a part


@dataclass(frozen=True)
class Starts:
    """Rough means, covariances of levels and of deviations, in scaled units.

    Attributes
    ----------
    mean : dict
        By observed variable.
    level : array (k, k)
        Covariances of the outcomes' levels; 0 without random intercepts.
    deviation : array (n_occasions, k, k)
        Covariances of the outcomes' deviations at each occasion.
    covariances : array (p, p)
        Of the observed variables.
    names : tuple of str
        Their names.
    """

    mean: dict[str, float]
    level: Float
    deviation: Float
    covariances: Float
    names: tuple[str, ...]

    carried: ClassVar[float] = 0.2  # of a deviation, to the next occasion

    def covariance(self, one: str, two: str) -> float:
        """Return the covariance of two observed variables."""
        return float(self.covariances[self.names.index(one), self.names.index(two)])


def rough_starts(
    plan: Plan, sample: Sample, reliability: Mapping[str, float]
) -> tuple[Starts, dict[str, Float]]:
    """Split moments into levels, deviations and errors of measurement.

    Returns
    -------
    starts : Starts
    errors : dict of array (n_occasions,)
        Known variances of errors by outcome, where a reliability is given.
    """
    places, covariance = plan.places, sample.covariance
    occasions, k = places.shape
    shares = np.array([1 - reliability.get(name, 1.0) for name in plan.outcomes])
    errors = np.diag(covariance)[places] * shares
    blocks = covariance[places[:, None, :, None], places[None, :, None, :]]
    same = np.eye(occasions, dtype=bool)
    own = blocks[same] - np.einsum("tk,kl->tkl", errors, np.eye(k))
    lasting = np.zeros((k, k))
    if plan.random_intercepts:
        lasting = LASTING * np.mean(blocks[~same], axis=0)
        lasting = _definite((lasting + lasting.T) / 2, np.mean(own, axis=0))
    deviation = np.array([_definite(block - lasting, block) for block in own])
    starts = Starts(
        mean=dict(zip(sample.names, sample.mean.tolist(), strict=True)),
        level=lasting,
        deviation=deviation,
        covariances=covariance,
        names=sample.names,
    )
    known = {name: errors[:, i] for i, name in enumerate(plan.outcomes) if name in reliability}
    return starts, known


def _definite(part: Float, whole: Float) -> Float:
    """Make a part of covariances possible: variances above zero, correlations inside limits."""
    variance = np.maximum(np.diag(part), SMALLEST * np.abs(np.diag(whole)))
    sd = np.sqrt(variance)
    correlation = np.clip(part / np.outer(sd, sd), -CLOSEST, CLOSEST)
    np.fill_diagonal(correlation, 1.0)
    k = len(sd)
    while np.linalg.eigvalsh(correlation)[0] < SMALLEST:
        correlation = (correlation + np.eye(k)) / 2
    found: Float = correlation * np.outer(sd, sd)
    return found
