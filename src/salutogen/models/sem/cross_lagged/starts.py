"""Where the search for a cross-lagged panel model begins: moments, roughly split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

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
    names: Sequence[str],
    mean: Float,
    covariance: Float,
    places: NDArray[np.intp],
    errors: Float,
    *,
    random_intercepts: bool,
) -> Starts:
    """Split moments into levels and deviations.

    Parameters
    ----------
    names : sequence of str
        Observed variables.
    mean, covariance : array (p,), (p, p)
        Their moments without a model.
    places : array (n_occasions, k)
        Where each outcome at each occasion is among them.
    errors : array (n_occasions, k)
        Known variances of errors of measurement.
    random_intercepts : bool
    """
    occasions, k = places.shape
    blocks = covariance[places[:, None, :, None], places[None, :, None, :]]
    same = np.eye(occasions, dtype=bool)
    own = blocks[same] - np.einsum("tk,kl->tkl", errors, np.eye(k))
    lasting = np.zeros((k, k))
    if random_intercepts:
        lasting = LASTING * np.mean(blocks[~same], axis=0)
        lasting = _definite((lasting + lasting.T) / 2, np.mean(own, axis=0))
    deviation = np.array([_definite(block - lasting, block) for block in own])
    return Starts(
        mean=dict(zip(names, mean.tolist(), strict=True)),
        level=lasting,
        deviation=deviation,
        covariances=covariance,
        names=tuple(names),
    )


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
