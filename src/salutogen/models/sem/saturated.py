"""Means and covariances without a model: what every structural model is compared with.

Saturated moments are found by a few rounds of expectation and maximisation (Dempster, Laird & Rubin
1977) and then by Newton's method. Moments of independent variables are the variables' own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.inference import moments_trace
from salutogen.models.sem.moment_likelihood import (
    MomentLikelihood,
    likelihood_at,
    pack,
    pairs,
    unpack,
)
from salutogen.models.sem.patterns import Patterns
from salutogen.models.sem.scoring import climb

Float = NDArray[np.float64]

ROUNDS = 8  # of expectation and maximisation, after which Newton's method is safe
DEPENDENT = 1e-8  # eigenvalue of correlations of a direction in which nothing varies
PART = 0.1  # weight in such a direction from which a variable has a part in it


@dataclass(frozen=True)
class Saturated:
    """Moments of the greatest likelihood.

    Attributes
    ----------
    likelihood : MomentLikelihood
        The likelihood at these moments.
    converged : bool
    """

    likelihood: MomentLikelihood
    converged: bool

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood without a model."""
        return self.likelihood.log_likelihood

    @cached_property
    def trace(self) -> float | None:
        """Trace of scores and information of all moments, as the scaled test needs it."""
        return moments_trace(self.likelihood)

    @cached_property
    def independent(self) -> MomentLikelihood:
        """The likelihood at means and variances alone."""
        patterns = self.likelihood.patterns
        at = likelihood_at(patterns, *independent_moments(patterns))
        assert at is not None
        return at

    @cached_property
    def independent_trace(self) -> float | None:
        """The trace of means and variances where nothing covaries."""
        p = len(self.mean)
        rows, columns = pairs(p)
        free = np.concatenate([np.arange(p), p + np.flatnonzero(rows == columns)])
        return moments_trace(self.independent, free)

    @property
    def mean(self) -> Float:
        """Means (p,)."""
        return self.likelihood.mean

    @property
    def covariance(self) -> Float:
        """Covariances (p, p)."""
        return self.likelihood.covariance


@dataclass(frozen=True)
class _Moments:
    """The likelihood as a function of packed moments."""

    patterns: Patterns

    def at(self, theta: Float) -> MomentLikelihood | None:
        """Return the likelihood at packed moments."""
        return likelihood_at(self.patterns, *unpack(theta, self.patterns.n_variables))


def saturated(patterns: Patterns) -> Saturated | None:
    """Return means and covariances of the greatest likelihood.

    None where they do not exist: two variables that nobody has both of, or variables that can be
    computed from each other (see `dependence`).
    """
    if patterns.coverage.min() < 1:
        return None
    mean, covariance, converged = _greatest(patterns)
    at = likelihood_at(patterns, mean, covariance)
    if at is None or _loose(covariance).any():
        return None
    return Saturated(at, converged)


def dependence(patterns: Patterns) -> NDArray[np.bool_]:
    """Return which variables (p,) can be computed from each other."""
    return _loose(_greatest(patterns)[1])


def _greatest(patterns: Patterns) -> tuple[Float, Float, bool]:
    """Means and covariances as far as they are found, and whether the search settled."""
    mean, covariance = independent_moments(patterns)
    for _ in range(1 if patterns.is_complete else ROUNDS):
        at = likelihood_at(patterns, mean, covariance)
        if at is None:
            return mean, covariance, False
        mean, covariance = _improved(at)
    start = pack(mean, covariance)
    surface = _Moments(patterns)
    if patterns.is_complete or _loose(covariance).any() or surface.at(start) is None:
        return mean, covariance, patterns.is_complete
    top = climb(surface, start)
    mean, covariance = unpack(top.theta, patterns.n_variables)
    return mean, covariance, top.converged


def _loose(covariance: Float) -> NDArray[np.bool_]:
    """Variables that have a part in a direction of (nearly) no variance."""
    sd = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(sd, sd))
    weights = np.abs(vectors[:, values <= DEPENDENT])
    found: NDArray[np.bool_] = (weights > PART).any(axis=1)
    return found


def _improved(at: MomentLikelihood) -> tuple[Float, Float]:
    """One round: means and covariances of the values as expected at the last ones."""
    patterns, mean, covariance = at.patterns, at.mean, at.covariance
    counts, n = patterns.counts, patterns.n_persons
    # Rows of `fill` predict every variable from those that a pattern has; those it has, exactly.
    fill = covariance @ at.precision
    deviation = np.where(patterns.observed, patterns.means - mean, 0.0)
    expected = np.einsum("kij,kj->ki", fill, deviation)
    shift = np.einsum("k,ki->i", counts, expected) / n
    scatter = fill @ patterns.scatters @ fill.transpose(0, 2, 1)
    unknown = covariance - fill @ covariance
    moved = expected - shift
    total = scatter + unknown + moved[:, :, None] * moved[:, None, :]
    new = np.einsum("k,kij->ij", counts, total) / n
    return mean + shift, (new + new.T) / 2


def independent_moments(patterns: Patterns) -> tuple[Float, Float]:
    """Return means (p,) and variances, as a matrix (p, p), of the values that are there."""
    counts = patterns.counts[:, None] * patterns.observed
    n = np.sum(counts, axis=0)
    mean = np.sum(counts * patterns.means, axis=0) / n
    spread = np.einsum("kii->ki", patterns.scatters) + (patterns.means - mean) ** 2
    return mean, np.diag(np.sum(counts * spread, axis=0) / n)
